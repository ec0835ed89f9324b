import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InspectorSession } from '../inspector/session';
import type { Place, Position } from '../task';
import { SourceMap } from './source-maps';
import { SourceText } from './source-text';

/** Lines and columns count from 0. */
export interface ScriptPosition {
  scriptId: number;
  line: number;
  column: number;
}

interface ScriptParsed {
  scriptId: string;
  url: string;
  sourceMapURL?: string;
}

/** Where the text and the source map's URL of scripts come from. */
export interface ScriptSource {
  mapUrl(scriptId: number, url: string): Promise<string | undefined>;
  text(scriptId: number, url: string): Promise<string | undefined>;
}

/** Places in scripts as a reader wants them: file paths, source maps followed, lines and columns from 1. */
export class Scripts {
  readonly #maps = new Map<number, Promise<SourceMap | undefined>>();
  readonly #texts = new Map<number, Promise<SourceText | undefined>>();

  constructor(private readonly source: ScriptSource) {}

  /** The text that runs. */
  text(scriptId: number, url: string): Promise<SourceText | undefined> {
    let text = this.#texts.get(scriptId);
    if (!text) {
      text = this.source.text(scriptId, url).then((found) => (found === undefined ? undefined : new SourceText(found)));
      this.#texts.set(scriptId, text);
    }
    return text;
  }

  /** The place as it was written. */
  async place(url: string, position: ScriptPosition): Promise<Place> {
    const { line, column } = position;
    const generated: Position = { file: fileOf(url), line: line + 1, column: column + 1 };
    const original = (await this.#map(position.scriptId, url))?.original(line, column);
    return original ? { ...original, generated } : generated;
  }

  /** What the identifier at a place was called as it was written. */
  async originalName(url: string, { scriptId, line, column }: ScriptPosition): Promise<string | undefined> {
    return (await this.#map(scriptId, url))?.originalName(line, column);
  }

  #map(scriptId: number, url: string): Promise<SourceMap | undefined> {
    let map = this.#maps.get(scriptId);
    if (!map) {
      map = this.source.mapUrl(scriptId, url).then((mapUrl) => (mapUrl ? SourceMap.load(url, mapUrl) : undefined));
      this.#maps.set(scriptId, map);
    }
    return map;
  }
}

/** The path of a file: URL; any other URL as it is. */
export function fileOf(url: string): string {
  if (!url.startsWith('file:')) return url || '(eval)';
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

/**
 * Scripts as the debugger of a live process has them, which is what really runs. Turning the debugger on announces
 * every script; it is turned off again by `close`, unless others share it.
 */
export class LiveScripts implements ScriptSource {
  readonly #mapUrls = new Map<number, string | undefined>();
  #enabled: Promise<unknown> | undefined;

  /** Listens for as long as the session lasts: something else may turn the debugger on first, and it announces a script only once. */
  constructor(private readonly session: InspectorSession) {
    session.on<ScriptParsed>('Debugger.scriptParsed', (script) => {
      this.#mapUrls.set(Number(script.scriptId), script.sourceMapURL || undefined);
    });
  }

  async mapUrl(scriptId: number): Promise<string | undefined> {
    if (!this.#mapUrls.has(scriptId)) await this.enable();
    if (this.#mapUrls.has(scriptId)) return this.#mapUrls.get(scriptId);
    const text = await this.text(scriptId);
    return text === undefined ? undefined : mapUrlIn(text);
  }

  async text(scriptId: number): Promise<string | undefined> {
    await this.enable();
    try {
      return (await this.session.send<{ scriptSource: string }>('Debugger.getScriptSource', { scriptId: String(scriptId) })).scriptSource;
    } catch {
      return undefined; // collected meanwhile
    }
  }

  /** Turns the debugger off again; what is known of scripts stays known. */
  async close(): Promise<void> {
    const enabled = this.#enabled;
    if (!enabled || this.session.shared) return;
    this.#enabled = undefined;
    await enabled.catch(() => undefined);
    await this.session.send('Debugger.disable').catch(() => undefined);
  }

  /** Turns the debugger on, if it is not. */
  enable(): Promise<unknown> {
    this.#enabled ??= Promise.all([
      this.session.send('Debugger.enable'),
      // A `debugger` statement must not stop a program that nobody debugs.
      this.session.shared ? undefined : this.session.send('Debugger.setSkipAllPauses', { skip: true }),
    ]);
    return this.#enabled;
  }
}

/** Scripts on disk, for a snapshot without its process: they may have changed since, so only their source maps are used. */
export class DiskScripts implements ScriptSource {
  async mapUrl(_scriptId: number, url: string): Promise<string | undefined> {
    const text = await this.read(url);
    return text === undefined ? undefined : mapUrlIn(text);
  }

  text(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  protected read(url: string): Promise<string | undefined> {
    return readScript(url);
  }
}

function mapUrlIn(text: string): string | undefined {
  return /(?:\/\/|\/\*)[#@] sourceMappingURL=([^\s'"*]+)(?:\s*\*\/)?\s*$/.exec(text)?.[1];
}

/** The text of a script on disk, by its URL or path; undefined where there is none. */
export async function readScript(url: string): Promise<string | undefined> {
  const file = fileOf(url);
  if (!path.isAbsolute(file)) return undefined;
  return readFile(file, 'utf8').catch(() => undefined);
}
