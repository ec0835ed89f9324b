// What blocked the event loop, as a reader wants it: places as they were written, the program's own line first.
import { readBlockedLoop, watchdogName, watchThreadName, type BlockedFrame, type BlockedPlace } from '../../agent/blocked-loop';
import type { ScriptText } from '../../agent/script-protocol';
import { Scripts } from '../heap/scripts';
import { SourceText } from '../heap/source-text';
import type { InspectorSession } from '../inspector/session';
import type { Place, TaskId } from '../task';
import { RunningScripts } from './site-places';
import { StandingQuestion } from './standing-question';

/** A function on the stack of a block. */
export interface BlockedCall {
  /** `(anonymous)` where it has no name. */
  name: string;
  at: Place;
}

/** The async call that the loop was blocked in. */
export interface BlockedIn {
  /** As the live tasks of the main thread have it. */
  id: TaskId;
  name: string;
  /** Where its function starts. */
  defined: Place;
}

/** All blocks of one place in the program. */
export interface BlockedSpot {
  /** The program's own line: of its function that was called last, and not from a package. Undefined where no JavaScript was met. */
  at?: Place;
  /** False: what blocked stands at this line or shortly before it. */
  exact: boolean;
  /** The function that the line is in. */
  name: string;
  /** The function of Node's or of a package that it called, and that did not return. */
  calls?: string;
  /** What ran when the longest of them was met; undefined where that was no async call, or no JavaScript was met. */
  task?: BlockedIn;
  /** Innermost first, Node's own functions included. */
  stack: BlockedCall[];
  count: number;
  totalMs: number;
  longestMs: number;
  /** When the last of them began, in milliseconds since 1970. */
  lastAt: number;
}

export interface BlockedReport {
  /** Those that took most time first. */
  spots: BlockedSpot[];
  /** Blocks at further places, which were only counted. */
  dropped: number;
  /** A block that lasts. */
  goingOn?: BlockedSpot;
}

/** Reads what one process after another says; keeps what it has read of source maps. */
export class BlockedLoopReader {
  readonly #running = new RunningScripts();
  readonly #scripts = new Scripts(this.#running);
  readonly #ids = new Map<string, number>();
  readonly #read = new Map<string, Promise<SourceText | undefined>>();

  /** `texts` gives those of scripts among the files of a block that are not on disk. */
  constructor(private readonly texts: (files: readonly string[]) => Promise<readonly ScriptText[]> = () => Promise.resolve([])) {}

  /** `sent` is the part `blocked` of the agent's answer. Throws a one-sentence Error where it is damaged. */
  async read(sent: unknown): Promise<BlockedReport> {
    const told = readBlockedLoop(sent);
    if (!told) throw new Error('What the agent says of the blocked event loop is damaged.');
    const files = [...told.places, ...(told.goingOn ? [told.goingOn] : [])].flatMap(({ frames }) => frames.map(({ url }) => url));
    for (const [file, text] of await this.texts(files)) this.#running.texts.set(file, text);
    const spots = await Promise.all(told.places.map((place) => this.#spot(place)));
    const report: BlockedReport = { spots: spots.sort((one, other) => other.totalMs - one.totalMs), dropped: told.dropped };
    if (told.goingOn) {
      const { ms, frames, task } = told.goingOn;
      report.goingOn = await this.#spot({ frames, late: false, task, count: 1, totalMs: ms, longestMs: ms, lastAt: Date.now() - ms });
    }
    return report;
  }

  async #spot({ frames, late, task, ...times }: BlockedPlace): Promise<BlockedSpot> {
    const own = ownFrame(frames);
    const frame = frames[own];
    if (!frame) return { exact: false, name: '', stack: [], ...times };
    // Of a function of Node's own that JavaScript came back to it is known that it was called at that line.
    const before = late && own === 0 ? await this.#nativeCallBefore(frame) : undefined;
    const stack = await Promise.all(frames.map(async (one) => ({ name: nameOf(one), at: await this.#place(one) })));
    // A getter is but where it was met.
    const called = frames[own - 1];
    const calls = called && !called.name.startsWith('get ') ? called : undefined;
    return {
      at: before ? await this.#place(before) : stack[own]!.at,
      exact: !(late && own === 0),
      name: nameOf(frame),
      ...(calls && { calls: nameOf(calls) }),
      ...(task && { task: { id: `t${task.id}`, name: nameOf(task), defined: await this.#place(task) } }),
      stack,
      ...times,
    };
  }

  #place({ url, line, column }: Pick<BlockedFrame, 'url' | 'line' | 'column'>): Promise<Place> {
    let scriptId = this.#ids.get(url);
    if (scriptId === undefined) this.#ids.set(url, (scriptId = this.#ids.size));
    return this.#scripts.place(url, { scriptId, line: line - 1, column: column - 1 });
  }

  /** The call that JavaScript most likely came back from: the last one before a place that runs native code and nothing else. */
  async #nativeCallBefore(frame: BlockedFrame): Promise<BlockedFrame | undefined> {
    let reading = this.#read.get(frame.url);
    if (!reading) {
      reading = this.#running.text(0, frame.url).then((text) => (text === undefined ? undefined : new SourceText(text)));
      this.#read.set(frame.url, reading);
    }
    const text = await reading;
    const end = text?.offset(frame.line - 1, frame.column - 1);
    const from = text?.offset(Math.max(0, frame.line - 1 - nativeReach), 0);
    if (!text || end === undefined || from === undefined) return undefined;
    const call = [...text.text.slice(from, end).matchAll(nativeCalls)].at(-1);
    if (!call) return undefined;
    const { line, column } = text.position(from + call.index);
    return { ...frame, line: line + 1, column: column + 1 };
  }
}

/** The watchdog in a process whose agent was given this secret. */
export class RemoteWatchdog {
  private listens = false;
  private readonly question: StandingQuestion;

  constructor(
    private readonly session: InspectorSession,
    private readonly secret: string,
  ) {
    this.question = new StandingQuestion(session, 'function (name) { return () => this[name]?.tell(); }', () => [watchdogName(secret)]);
  }

  /** What it says, for a BlockedLoopReader; undefined where the process has no agent. */
  async tell(): Promise<unknown> {
    const value = await this.question.ask();
    if (value === undefined) return undefined;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      throw new Error('What the agent says of the blocked event loop is damaged.');
    }
  }

  /** Asks no more; the watchdog stays. Never rejects. */
  leave(): Promise<void> {
    return this.question.end();
  }

  /** The program stands at a breakpoint: that is no block. */
  async forgive(): Promise<void> {
    await this.call('forgive');
  }

  /**
   * Starts the watching thread of a debugged program; the debugger must not begin a session for it. False where the agent
   * is not there: a debugged program waits for its debugger before it loads that.
   */
  async watch(): Promise<boolean> {
    if (!this.listens) await this.letThreadGo();
    return (await this.call('watch')) === true;
  }

  private async letThreadGo(): Promise<void> {
    this.listens = true;
    await this.session.send('JsDebug.subscribe', { events: ['NodeWorker.attachedToWorker'] });
    const stop = this.session.on<AttachedToWorker>('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => {
      if (!workerInfo.title.endsWith(watchThreadName)) return;
      stop();
      // The debugger has every thread wait for it at its start.
      const message = JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' });
      this.session.send('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => undefined);
    });
  }

  private async call(method: 'forgive' | 'watch'): Promise<unknown> {
    const expression = `globalThis[${JSON.stringify(watchdogName(this.secret))}]?.${method}()`;
    const { result } = await this.session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression, returnByValue: true, silent: true });
    return result.value;
  }
}

interface AttachedToWorker {
  sessionId: string;
  workerInfo: { title: string };
}

/** Native code after which JavaScript goes on in the function that called it. */
const nativeCalls = /\b(?:JSON\s*\.\s*(?:parse|stringify)|structuredClone|\w+Sync)\s*\(/g;
/** Lines before a place in which such a call is looked for. */
const nativeReach = 5;

/** Index of the innermost frame of the program itself; of a package where there is none; -1 with nothing but Node's. */
function ownFrame(frames: readonly BlockedFrame[]): number {
  const written = frames.findIndex(({ url }) => !isNodes(url) && !/[\\/]node_modules[\\/]/.test(url));
  return written >= 0 ? written : frames.findIndex(({ url }) => !isNodes(url));
}

function isNodes(url: string): boolean {
  return url.startsWith('node:');
}

function nameOf({ name }: BlockedFrame): string {
  return name || '(anonymous)';
}
