// Follows the tasks of a process that runs, by the agent that is put into it. Part of the bundle that holds the tracer.
import path from 'node:path';
import type { CallControl } from '../../tracer/control/call-control';
import { LiveControl, type BreakOutcome } from '../../tracer/control/live-control';
import type { InspectorSession } from '../../tracer/inspector/session';
import { afterStart } from '../../tracer/live/evaluation';
import { CompiledTexts } from '../../tracer/live/compiled-texts';
import { BlockedLoopReader, RemoteWatchdog, type BlockedReport } from '../../tracer/live/blocked-loop';
import type { HandleReport } from '../../tracer/live/handles';
import { LiveAgent } from '../../tracer/live/live-agent';
import { TaskHistory } from '../../tracer/live/task-history';
import { liveWarnings, type LiveWarning } from '../../tracer/live/warnings';
import { ProcessRecorder, type RecordableThread } from '../../tracer/recording/process-recorder';
import type { Task, TaskReport, TaskTarget } from '../../tracer/task';
import type { LiveProbe, LiveView } from './task-source';

export interface WatchableThread {
  readonly id: string;
  readonly name: string;
  readonly session: InspectorSession;
}

export interface WatchOptions {
  readonly threads: readonly WatchableThread[];
  /** Calls the listener with each thread that begins later; returns what stops that. */
  readonly onThread: (listener: (thread: WatchableThread) => void) => () => void;
  /** The process has just begun. */
  readonly isNew: boolean;
  readonly pid: number;
  readonly node: string;
  /** Of the agent that the program was started with, which stays in it. */
  readonly secret: string | undefined;
  /** Blocks of the event loop from so many milliseconds on are told of by an agent that is put in; 0 for none. */
  readonly blockedMs: number;
  /** Called in the end. */
  readonly letGo: () => Promise<void>;
}

interface WatchedThread extends WatchableThread {
  readonly agent: LiveAgent;
  /** We have put it there. */
  readonly installed: boolean;
  readonly history: TaskHistory;
  readonly control: LiveControl;
}

/** Warnings are looked for in every so many looks: a circle or a trend does not come and go in half a second. */
const looksBetweenWarnings = 4;

export class LiveWatch implements LiveProbe {
  private looks = 0;
  private warnings: LiveView['warnings'] = [];
  private readonly reader: BlockedLoopReader;
  private blocked: { told: string; report: BlockedReport } | undefined;
  /** What records the threads, and how it calls one. */
  private recording: { recorder: ProcessRecorder; nameOf: (thread: WatchableThread) => string } | undefined;
  private readonly stopListening: () => void;
  private isStopped = false;

  private constructor(
    private threads: WatchedThread[],
    private readonly target: TaskTarget,
    private readonly options: WatchOptions,
  ) {
    const main = threads.find(({ id }) => id === '0');
    const compiled = main && new CompiledTexts(main.session, main.agent.secret);
    this.reader = new BlockedLoopReader((files) => compiled?.of(files) ?? Promise.resolve([]));
    this.stopListening = options.onThread((thread) => void this.take(thread));
  }

  /** Puts the agent into the threads that have none. Rejects with a one-sentence Error where the main thread does not take it. */
  static async start(options: WatchOptions): Promise<LiveWatch> {
    const { threads, pid, node, isNew, letGo } = options;
    const watched: WatchedThread[] = [];
    try {
      for (const thread of threads) {
        if (isNew) await afterStart(thread.session);
        watched.push(await watch(thread, options));
      }
    } catch (error) {
      if (watched.length === 0) {
        await letGo();
        throw error;
      }
      // A worker thread that has just ended, or is busy.
    }
    return new LiveWatch(watched, { pid, node, source: 'live' }, options);
  }

  async record(label: string): Promise<ProcessRecorder> {
    const { pid = 0, node = '' } = this.target;
    const recorder = await ProcessRecorder.start({ threads: this.threads.map(recordable), process: { pid, node, label }, recorderPath: path.join(__dirname, 'recorder.js') });
    this.recording = { recorder, nameOf: ({ name }) => name };
    return recorder;
  }

  async join(recorder: ProcessRecorder, label: string): Promise<void> {
    const nameOf = ({ id, name }: WatchableThread): string => (id === '0' ? label : `${label}, ${name}`);
    this.recording = { recorder, nameOf };
    for (const thread of this.threads) await recorder.add({ ...recordable(thread), name: nameOf(thread) });
  }

  /** A worker thread has begun. */
  private async take(thread: WatchableThread): Promise<void> {
    try {
      await afterStart(thread.session);
      if (this.isStopped) return;
      const watched = await watch(thread, this.options);
      if (this.isStopped) return await letOut(watched);
      this.threads.push(watched);
      await this.recording?.recorder.add({ ...recordable(watched), name: this.recording.nameOf(thread) });
    } catch {
      // It has ended, or is busy.
    }
  }

  async poll(): Promise<LiveView> {
    const report: TaskReport = { version: 1, target: this.target, threads: [], warnings: [] };
    const stuck: LiveWarning[] = [];
    const handles = new Map<string, HandleReport>();
    for (const thread of [...this.threads]) {
      await thread.control.idle;
      try {
        const look = await thread.agent.poll();
        if (thread.id === '0') await this.readBlocked(look.answer.parts['blocked']);
        thread.history.add(thread.id === '0' ? { ...look, blocked: this.blocked?.report } : look, performance.now());
        stuck.push(...thread.control.mark(look.tasks));
        if (look.handles) handles.set(thread.id, look.handles);
        report.threads.push({ id: thread.id, name: thread.name, tasks: look.tasks });
        report.warnings.push(...look.warnings);
      } catch (error) {
        if (thread.id === '0') throw error;
        this.threads = this.threads.filter((each) => each !== thread); // it has ended
      }
    }
    if (this.threads.some(({ installed }) => installed)) report.warnings.push('Calls that were suspended before watching began are listed once they have gone on.');
    if (this.looks++ % looksBetweenWarnings === 0) this.warnings = this.threads.flatMap(({ history }) => liveWarnings(history));
    return {
      report,
      warnings: [...stuck, ...this.warnings],
      places: this.threads.flatMap(({ history }) => [...history.places]),
      blocked: this.blocked?.report,
      handles,
      breaking: new Set(this.threads.flatMap(({ control }) => [...control.breaking])),
    };
  }

  async prove(): Promise<number> {
    let stuck = 0;
    for (const { control } of this.threads) stuck += await control.prove();
    return stuck;
  }

  async withCall<T>(task: Task, fresh: boolean, use: (call: CallControl) => Promise<T>): Promise<T> {
    return this.threadOf(task).control.withCall(task.id, fresh, use);
  }

  async breakOnResume(task: Task): Promise<BreakOutcome> {
    const thread = this.threadOf(task);
    if (!thread.session.shared) throw new Error('No debugger is attached to this process: start it in the debugger to stop in it.');
    if (task.kind !== 'async-function') throw new Error('Only calls of async functions can be told from one another while they run.');
    return thread.control.breakOnResume(task.id);
  }

  async forgive(): Promise<void> {
    const main = this.threads.find(({ id }) => id === '0');
    if (main) await new RemoteWatchdog(main.session, main.agent.secret).forgive().catch(() => undefined); // it has ended
  }

  /** The same is read once: most looks find nothing new. */
  private async readBlocked(sent: unknown): Promise<void> {
    if (sent === undefined) return;
    const told = JSON.stringify(sent);
    if (told !== this.blocked?.told) this.blocked = { told, report: await this.reader.read(sent) };
  }

  private threadOf({ id }: Task): WatchedThread {
    const thread = this.threads.find((each) => id.startsWith(idPrefixOf(each)));
    if (!thread) throw new Error('The thread of this task has ended.');
    return thread;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.stopListening();
    await Promise.all(this.threads.map(({ control }) => control.close()));
    await Promise.all(this.threads.map(letOut));
    await this.options.letGo();
  }
}

/** Begins to follow a thread. Rejects with a one-sentence Error where it does not take the agent. */
async function watch(thread: WatchableThread, { secret, blockedMs }: WatchOptions): Promise<WatchedThread> {
  const { agent, installed } = await agentOf(thread, secret, blockedMs);
  return { ...thread, agent, installed, history: new TaskHistory(), control: new LiveControl(agent, thread.session) };
}

function recordable({ name, session, agent }: WatchedThread): RecordableThread {
  return { name, session, secret: agent.secret };
}

/** Takes out of it what we have put there. Never rejects. */
async function letOut({ agent, installed }: WatchedThread): Promise<void> {
  if (installed) await agent.remove().catch(() => false); // gone with its thread
  else await agent.leave();
}

/** Of the ids of a thread's tasks: the main thread's are `t1`, those of worker thread 2 `w2.t1`. */
function idPrefixOf({ id }: WatchableThread): string {
  return id === '0' ? 't' : `w${id}.t`;
}

async function agentOf(thread: WatchableThread, secret: string | undefined, blockedMs: number): Promise<Pick<WatchedThread, 'agent' | 'installed'>> {
  const { id, session } = thread;
  const idPrefix = idPrefixOf(thread);
  const known = secret === undefined ? undefined : new LiveAgent(session, secret, idPrefix);
  if (known && (await tracks(known))) return { agent: known, installed: false };
  if (known) {
    // It may be on its way, in a program that has only just begun.
    await afterStart(session);
    if (await tracks(known)) return { agent: known, installed: false };
    await known.leave();
  }
  const options = blockedMs > 0 ? { blockedMs, debugged: session.shared } : {};
  // By the secret that the program's own would have: should that still come, it finds this one and stays out.
  const agent = await LiveAgent.install(session, { agentPath: path.join(__dirname, 'agent.js'), secret, ...options }, idPrefix);
  if (id === '0' && blockedMs > 0 && session.shared) await new RemoteWatchdog(session, agent.secret).watch();
  return { agent, installed: true };
}

/** A program that was started with the agent may have started others without. */
async function tracks(agent: LiveAgent): Promise<boolean> {
  return (await agent.poll().catch(() => undefined))?.counts !== undefined;
}
