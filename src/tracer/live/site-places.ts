import type { SiteRow } from '../../agent/protocol';
import type { ScriptText } from '../../agent/script-protocol';
import { SiteKind } from '../../agent/sites';
import { awaitAround } from '../heap/await-scan';
import { DiskScripts, readScript, Scripts, type ScriptPosition } from '../heap/scripts';
import type { Place } from '../task';

/** What a site of the agent's is to a reader. */
export interface SitePlace {
  /** As it runs; empty for a function without a name. */
  name: string;
  kind: number;
  builtin: string;
  /** Where the promise was made or the function is suspended. */
  place?: Place;
  /** Where the function that it is in was called. */
  caller?: Place;
  isTopLevel: boolean;
}

const NOWHERE: SitePlace = { name: '', kind: 0, builtin: '', isTopLevel: false };

/** The sites of one thread, with source maps followed; what the agent tells of once is kept. */
export class SitePlaces {
  private readonly places: SitePlace[] = [];
  private readonly running = new RunningScripts();
  private readonly scripts = new Scripts(this.running);
  private readonly scriptIds = new Map<string, number>();

  /** How many are known: what the next request says. */
  get count(): number {
    return this.places.length;
  }

  /** Takes what the agent says of scripts whose text is not on disk, before sites in them come. */
  addScripts(rows: readonly ScriptText[]): void {
    for (const [file, text] of rows) this.running.texts.set(file, text);
  }

  /** Takes the sites of an answer; `first` is the number of the first. */
  async add(first: number, rows: readonly SiteRow[]): Promise<void> {
    const places = await Promise.all(rows.map((row) => this.read(row)));
    places.forEach((place, index) => (this.places[first + index] = place));
  }

  of(site: number): SitePlace {
    return this.places[site] ?? NOWHERE;
  }

  private async read([kind, builtin, file, name, line, column, fnLine, fnColumn, callerFile, callerLine, callerColumn]: SiteRow): Promise<SitePlace> {
    const site: SitePlace = { name, kind, builtin, isTopLevel: !name && fnLine === 1 && fnColumn === 1 };
    if (file && line > 0) site.place = await this.place(file, line, column, (kind as SiteKind) === SiteKind.await);
    if (callerFile && callerLine > 0) site.caller = await this.place(callerFile, callerLine, callerColumn);
    return site;
  }

  /** V8 gives for an await the place of its operand; a reader wants the `await`. */
  async place(file: string, line: number, column: number, isAwait = false): Promise<Place> {
    let scriptId = this.scriptIds.get(file);
    if (scriptId === undefined) this.scriptIds.set(file, (scriptId = this.scriptIds.size));
    let position: ScriptPosition = { scriptId, line: line - 1, column: column - 1 };
    if (isAwait) {
      const text = await this.scripts.text(scriptId, file);
      const offset = text?.offset(position.line, position.column);
      const start = text && offset !== undefined ? awaitAround(text.text, offset) : undefined;
      if (text && start !== undefined) position = { scriptId, ...text.position(start) };
    }
    return this.scripts.place(file, position);
  }
}

/** Scripts of a process that runs or has just ended: what lies on disk is what it runs, but for those that the agent tells of. */
export class RunningScripts extends DiskScripts {
  /** By file. */
  readonly texts = new Map<string, string>();

  override text(_scriptId?: number, url = ''): Promise<string | undefined> {
    return this.read(url);
  }

  protected override read(url: string): Promise<string | undefined> {
    const text = this.texts.get(url);
    return text === undefined ? readScript(url) : Promise.resolve(text);
  }
}
