// Scripts that are not what lies on disk: TypeScript that a loader compiled in memory (tsx, ts-node, swc-node, Node's own
// stripping of types). Places in them can be followed to what was written only with the text that runs, which often has
// its source map in it. Read over the process's own inspector, which nothing outside can reach.
import { readFileSync } from 'node:fs';
import type { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import type { BlockedLoop } from './blocked-loop';
import type { HandleSiteRow } from './handle-protocol';
import type { AgentHandle } from './install';
import type { AgentPart } from './part';
import { AwaitsCode, type PollRequest, type TaskData } from './protocol';
import { COMPILED, SCRIPTS_PART, type ScriptText } from './script-protocol';
import type { TaskPart } from './track';

/** Characters of one script, and of all in one answer. */
const LONGEST = 2_000_000;
const MOST = 8_000_000;

interface ScriptParsed {
  scriptId: string;
  url: string;
}

export class CompiledScripts implements AgentPart {
  /** The files of handles whose scripts a client was told. */
  private toldOfHandles = new Set<string>();

  /** `handleSites`: those of the newest answer. */
  constructor(
    private readonly handle: AgentHandle,
    private readonly handleSites: () => readonly HandleSiteRow[],
  ) {}

  /** The scripts of sites that the client does not know; undefined where all is as on disk. */
  poll(request: PollRequest): ScriptText[] | undefined {
    const { sites: known, since } = request;
    const part = this.handle.parts.get('tasks') as TaskPart | undefined;
    if (!part) return undefined; // promises are not tracked
    const { tracker } = part;
    const { sites } = tracker.sites;
    // At the end of a program with nothing pending nobody asks for places.
    if (since === undefined && tracker.table.pending + tracker.lost.count === 0) return undefined;
    if (known === 0) this.toldOfHandles = new Set();
    const files = new Set(sites.slice(known).flatMap(({ file, callerFile }) => [file, callerFile]));
    for (let site = 0; site < known && files.size > 0; site++) {
      files.delete(sites[site]!.file);
      files.delete(sites[site]!.callerFile);
    }
    for (const [file, , , callerFile] of this.handleSites()) {
      for (const each of [file, callerFile]) if (!this.toldOfHandles.has(each)) files.add(each);
      this.toldOfHandles.add(file).add(callerFile);
    }
    if (since === undefined) for (const url of this.blockedFiles(request)) files.add(url);
    const wanted = [...files].filter((file) => file.startsWith('/') || file.startsWith('file:') || /^[a-z]:\\/i.test(file));
    // Loaders that compile TypeScript often compile other files as well. At its end nothing holds up a program any more:
    // then all that matters is looked at (test runners compile JavaScript).
    const told = since === undefined ? pendingFiles(part, request) : undefined;
    const isCompiled = wanted.some((file) => COMPILED.test(file)) || sites.some(({ file }) => COMPILED.test(file));
    const read = isCompiled ? wanted : wanted.filter((file) => told?.has(file));
    const found = this.read(read);
    return found.length > 0 ? found : undefined;
  }

  /** Those of the files whose scripts are not their text; a client asks for those of blocks, which it is told of by others. */
  read(files: readonly string[]): ScriptText[] {
    try {
      return files.length > 0 ? readScripts(files) : [];
    } catch {
      return []; // a Node without inspector, or one that does not allow it
    }
  }

  remove(): void {
    this.handle.parts.delete(SCRIPTS_PART);
  }

  private blockedFiles(request: PollRequest): string[] {
    const { places } = (this.handle.parts.get('blocked')?.poll(request) ?? { places: [] }) as Pick<BlockedLoop, 'places'>;
    return places.flatMap(({ frames }) => frames.map(({ url }) => url));
  }
}

/** The files in which calls are pending. */
function pendingFiles(part: TaskPart, request: PollRequest): Set<string> {
  const { tasks } = part.poll(request) as TaskData;
  const { sites } = part.tracker.sites;
  const made = tasks.ref.filter((_, index) => tasks.awaits[index] === AwaitsCode.made);
  return new Set([...tasks.site, ...tasks.at, ...made].map((site) => sites[site]?.file ?? ''));
}

/** Those of the files whose scripts are not their text. */
function readScripts(files: readonly string[]): ScriptText[] {
  const session = new (process.getBuiltinModule('node:inspector').Session)();
  session.connect();
  try {
    const ids = new Map<string, string[]>();
    session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }: { params: ScriptParsed }) => {
      const path = pathOf(url);
      ids.set(path, [...(ids.get(path) ?? []), scriptId]);
    });
    session.post('Debugger.enable');
    const texts: ScriptText[] = [];
    let room = MOST;
    for (const file of files) {
      const path = pathOf(file);
      // Some loaders have V8 parse the text on disk as well.
      const text = (ids.get(path) ?? []).map((scriptId) => textOf(session, scriptId)).findLast((each) => each !== '' && each !== textOnDisk(path));
      if (text === undefined || text.length > Math.min(LONGEST, room)) continue;
      room -= text.length;
      texts.push([file, text]);
    }
    return texts;
  } finally {
    session.disconnect();
  }
}

function textOf(session: Session, scriptId: string): string {
  let text = '';
  // The answer is there before `post` returns.
  session.post('Debugger.getScriptSource', { scriptId }, (_error, answer) => (text = answer?.scriptSource ?? ''));
  return text;
}

function pathOf(url: string): string {
  try {
    return url.startsWith('file:') ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}

function textOnDisk(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
