import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AnyMap, LEAST_UPPER_BOUND, originalPositionFor, traceSegment, type EncodedSourceMap, type TraceMap } from '@jridgewell/trace-mapping';
import type { Position } from '../task';

/** A script's source map: where what runs was written. */
export class SourceMap {
  readonly #files = new Map<string, string>();

  private constructor(
    private readonly map: TraceMap,
    private readonly url: string,
  ) {}

  /**
   * Loads the map that a script names. Undefined where it is missing, empty or damaged, or lies on the network: then the
   * places that run are all there is. `scriptUrl` is the script's file URL or path.
   */
  static async load(scriptUrl: string, mapUrl: string): Promise<SourceMap | undefined> {
    try {
      const inline = /^data:[^,]*?(;base64)?,(.*)$/s.exec(mapUrl);
      if (inline) return SourceMap.#parse(Buffer.from(decodeURIComponent(inline[2]!), inline[1] ? 'base64' : 'utf8').toString('utf8'), scriptUrl);
      const url = new URL(escaped(mapUrl), urlOf(scriptUrl));
      if (url.protocol !== 'file:') return undefined;
      return SourceMap.#parse(await readFile(url, 'utf8'), url.href);
    } catch {
      return undefined;
    }
  }

  static #parse(text: string, url: string): SourceMap | undefined {
    // Some servers and tools put a line in front that keeps it from being run as a script.
    const json = JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, '')) as EncodedSourceMap;
    const map = new AnyMap(json, urlOf(url));
    return map.sources.length ? new SourceMap(map, url) : undefined;
  }

  /** The original of a place in the script (line and column from 0); undefined for code that the tool made itself. */
  original(line: number, column: number): Position | undefined {
    let found = originalPositionFor(this.map, { line: line + 1, column });
    if (found.source === null) found = originalPositionFor(this.map, { line: line + 1, column, bias: LEAST_UPPER_BOUND });
    if (found.source === null) return undefined;
    return { file: this.#file(found.source), line: found.line, column: found.column + 1 };
  }

  /** What the identifier that starts at a place was called before a tool renamed it. */
  originalName(line: number, column: number): string | undefined {
    const segment = traceSegment(this.map, line, column);
    return segment?.length === 5 && segment[0] === column ? (this.map.names[segment[4]] ?? undefined) : undefined;
  }

  #file(source: string): string {
    let file = this.#files.get(source);
    if (file === undefined) this.#files.set(source, (file = this.#resolve(source)));
    return file;
  }

  /** A file on disk where there is one: bundlers name sources by schemes of their own, relative to a folder above the map. */
  #resolve(source: string): string {
    if (source.startsWith('file:')) return fileURLToPath(escaped(source));
    const named = /^[a-z][a-z+.-]+:\/\/[^/]*\/(.+)$/i.exec(source);
    if (!named || !this.url.startsWith('file:')) return source;
    const relative = named[1]!.replace(/[?#].*$/, '');
    let folder = path.dirname(fileURLToPath(this.url));
    for (let up = 0; up < 5; up++, folder = path.dirname(folder)) {
      const file = path.join(folder, relative);
      if (existsSync(file)) return file;
    }
    return source;
  }
}

/** The URL of a script, for which its path may stand. */
function urlOf(script: string): string {
  return path.isAbsolute(script) ? pathToFileURL(script).href : script;
}

/** Compilers write names of files into URLs as they are, or in parts. */
function escaped(url: string): string {
  return url.replace(/%(?![\da-f]{2})/gi, '%25').replaceAll('#', '%23');
}
