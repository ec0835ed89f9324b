// What has tasks to show: a debugged program (through its debugger's connection) or a process attached to by pid. A source
// keeps the last look at it; nothing of the process is touched between looks.
import type { PauseEstimate } from '../../tracer/pause-estimate';
import type { CallControl } from '../../tracer/control/call-control';
import type { BreakOutcome } from '../../tracer/control/live-control';
import type { BlockedReport } from '../../tracer/live/blocked-loop';
import type { HandleReport } from '../../tracer/live/handles';
import type { WaitingPlace } from '../../tracer/live/task-history';
import type { LiveWarning } from '../../tracer/live/warnings';
import type { ProcessRecorder } from '../../tracer/recording/process-recorder';
import type { Task, TaskDetails, TaskId, TaskReport } from '../../tracer/task';
import { ThreadIndex } from './forest';

/** What reaches a process and looks at it. */
export interface TaskProbe {
  /** Takes a heap snapshot and reads the tasks out of it. Rejects with a one-sentence Error. */
  look(): Promise<TaskReport>;
  /** The exact await and the locals of a task of the last look; undefined where it has finished since. */
  inspect(task: Task): Promise<TaskDetails | undefined>;
  /** Uses a call of the last look. Rejects with a one-sentence Error where it is none, or the look is an older one. */
  withCall<T>(task: Task, use: (call: CallControl) => Promise<T>): Promise<T>;
  /** How large the heap is, and how long a snapshot of it would pause the process. */
  pause(): Promise<PauseEstimate>;
  /**
   * Begins to follow its tasks, and its event loop where `blockedMs` is not 0, while it runs; `isNew`: it has just begun.
   * Rejects with a one-sentence Error.
   */
  watch(blockedMs: number, isNew: boolean): Promise<LiveProbe>;
  /** Takes out of the process the agent that it was started with. Rejects with a one-sentence Error. */
  untrack(): Promise<void>;
  /** Lets go of the process and leaves it as it was found. Never rejects. */
  close(): Promise<void>;
}

/** What follows the tasks of a process while it runs. */
export interface LiveProbe {
  /** Rejects with a one-sentence Error. */
  poll(): Promise<LiveView>;
  /** Takes a snapshot and marks from now on what that proves stuck; resolves with how many. Rejects with a one-sentence Error. */
  prove(): Promise<number>;
  /**
   * Uses a call; with `fresh` by a snapshot taken now, otherwise by the last one where that has it. Rejects with a
   * one-sentence Error where the call is in none.
   */
  withCall<T>(task: Task, fresh: boolean, use: (call: CallControl) => Promise<T>): Promise<T>;
  /** Has the debugger stop where the call goes on; asked once more, no longer. Rejects with a one-sentence Error. */
  breakOnResume(task: Task): Promise<BreakOutcome>;
  /** The program stands at a breakpoint: that is no block of its event loop. Never rejects. */
  forgive(): Promise<void>;
  /** Begins to record what happens to its tasks; `label` is what the process is called. Rejects with a one-sentence Error. */
  record(label: string): Promise<ProcessRecorder>;
  /** Has its threads recorded with those of the program that started it. Rejects with a one-sentence Error. */
  join(recorder: ProcessRecorder, label: string): Promise<void>;
  /** Takes out of the process what was put into it. Never rejects. */
  stop(): Promise<void>;
}

/** The tasks of a running process at one moment, the oldest first. */
export interface LiveView {
  readonly report: TaskReport;
  readonly warnings: readonly LiveWarning[];
  /** Where tasks waited in the last minute. */
  readonly places: readonly WaitingPlace[];
  /** What blocked the event loop of the main thread; undefined where that is not watched. */
  readonly blocked: BlockedReport | undefined;
  /** What keeps each thread alive, by its id. */
  readonly handles: ReadonlyMap<string, HandleReport>;
  /** The tasks that the debugger stops for when they go on. */
  readonly breaking: ReadonlySet<TaskId>;
}

export type SourceState =
  | { readonly kind: 'unseen' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'seen'; readonly report: TaskReport; readonly threads: readonly ThreadIndex[]; readonly at: Date; readonly live?: LiveView }
  | { readonly kind: 'failed'; readonly reason: string };

export interface SourceOptions {
  readonly key: string;
  readonly label: string;
  /** What a user should know of the connection to it. */
  readonly hint: string;
  readonly isDebugged: boolean;
  /** The keys of those that it was started by. */
  readonly startedBy: readonly string[];
  /** It was started with the agent. */
  readonly isTracked: boolean;
  /** Makes what reaches the process, when that is first needed. */
  readonly reach: () => Promise<TaskProbe>;
}

/** One process or debugged thread in the explorer. */
export class TaskSource {
  private current: SourceState = { kind: 'unseen' };
  private reached: Promise<TaskProbe> | undefined;
  private live: LiveProbe | undefined;
  private isClosed = false;
  private looksAgain = false;
  /** The end of what goes on: looks, and the beginning and the end of watching come one after the other. */
  private busy: Promise<void> = Promise.resolve();
  private looking: Promise<void> | undefined;

  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly isDebugged: boolean;
  readonly startedBy: readonly string[];
  private tracked: boolean;
  private readonly reach: () => Promise<TaskProbe>;

  constructor(
    { key, label, hint, isDebugged, startedBy, isTracked, reach }: SourceOptions,
    private readonly changed: () => void,
  ) {
    this.key = key;
    this.label = label;
    this.hint = hint;
    this.isDebugged = isDebugged;
    this.startedBy = startedBy;
    this.tracked = isTracked;
    this.reach = reach;
  }

  /** What reaches the process; made when first needed. */
  probe(): Promise<TaskProbe> {
    return (this.reached ??= this.reach());
  }

  /** Lets go of the process. Never rejects. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.unwatch();
    await (await this.reached)?.close();
  }

  /** Whether its tasks are followed while it runs. */
  get isWatched(): boolean {
    return this.live !== undefined;
  }

  /** A look is under way, and the state is still that of the one before. */
  get isLookingAgain(): boolean {
    return this.looksAgain;
  }

  /** Whether the agent that it was started with is in it. */
  get isTracked(): boolean {
    return this.tracked;
  }

  /** Takes that agent out. Rejects with a one-sentence Error. */
  async untrack(): Promise<void> {
    await this.unwatch();
    await (await this.probe()).untrack();
    this.tracked = false;
    this.changed();
  }

  /** Begins to record its tasks, which are watched from now on; `blockedMs` as for the probe. Rejects with a one-sentence Error. */
  async record(blockedMs: number): Promise<ProcessRecorder> {
    await this.watch(blockedMs);
    if (!this.live) throw new Error(this.current.kind === 'failed' ? this.current.reason : 'The program has ended.');
    return this.live.record(this.label);
  }

  /** Has what records the program that started it record this one, too. Rejects with a one-sentence Error. */
  async join(recorder: ProcessRecorder, blockedMs: number, isNew: boolean): Promise<void> {
    await this.watch(blockedMs, isNew);
    await this.live?.join(recorder, this.label);
  }

  /** Follows its tasks from now on: each `tick` looks at them; the rest as for the probe. Never rejects: a failure is a state. */
  watch(blockedMs: number, isNew = false): Promise<void> {
    return this.alone(() => (this.live || this.isClosed ? Promise.resolve() : this.startWatch(blockedMs, isNew)));
  }

  private async startWatch(blockedMs: number, isNew: boolean): Promise<void> {
    this.beginLook();
    try {
      this.live = await (await this.probe()).watch(blockedMs, isNew);
    } catch (error) {
      return this.fail(error);
    }
    await this.tick();
  }

  /** Looks at the tasks that are followed. Never rejects. */
  async tick(): Promise<void> {
    const { live } = this;
    if (!live) return;
    try {
      const view = await live.poll();
      if (this.live !== live) return; // no longer followed
      const threads = view.report.threads.map((thread) => new ThreadIndex(thread, view.places, this.isDebugged, view.handles.get(thread.id), view.breaking));
      this.set({ kind: 'seen', report: view.report, threads, at: new Date(), live: view });
    } catch (error) {
      if (this.live !== live) return;
      await this.endWatch();
      this.fail(error);
    }
  }

  /** Takes a snapshot and marks what that proves stuck. Resolves with how many; rejects with a one-sentence Error. */
  async prove(): Promise<number> {
    const { live } = this;
    if (!live) {
      await this.look();
      return this.stuck;
    }
    const stuck = await live.prove();
    await this.tick();
    return stuck;
  }

  /** Uses a call; `fresh`: what it waits for must be known as it is now. Rejects with a one-sentence Error. */
  async withCall<T>(task: Task, fresh: boolean, use: (call: CallControl) => Promise<T>): Promise<T> {
    return this.live ? this.live.withCall(task, fresh, use) : (await this.probe()).withCall(task, use);
  }

  /** Has the debugger stop where the call goes on; asked once more, no longer. Rejects with a one-sentence Error. */
  async breakOnResume(task: Task): Promise<BreakOutcome> {
    if (!this.live) throw new Error('Watch the program live first: only its agent tells one call from another.');
    const outcome = await this.live.breakOnResume(task);
    await this.tick();
    return outcome;
  }

  /** The program stands at a breakpoint. */
  async forgive(): Promise<void> {
    await this.live?.forgive();
  }

  /** Follows them no more; what was seen last stays. Never rejects. */
  unwatch(): Promise<void> {
    return this.alone(() => this.endWatch());
  }

  private async endWatch(): Promise<void> {
    const { live } = this;
    this.live = undefined;
    if (!live) return;
    // A program in native code lets go only when that is over.
    this.changed();
    await live.stop();
  }

  get state(): SourceState {
    return this.current;
  }

  get stuck(): number {
    return this.current.kind === 'seen' ? this.current.threads.reduce((sum, thread) => sum + thread.stuck, 0) : 0;
  }

  /** Looks again; one that is under way is waited for instead. Never rejects: a failure is a state. */
  look(): Promise<void> {
    return (this.looking ??= this.alone(() => this.lookOnce()).finally(() => (this.looking = undefined)));
  }

  /** `act` must not reject. */
  private alone(act: () => Promise<void>): Promise<void> {
    return (this.busy = this.busy.then(act));
  }

  private async lookOnce(): Promise<void> {
    if (this.live) return this.tick(); // it was asked to be watched meanwhile
    this.beginLook();
    try {
      const report = await (await this.probe()).look();
      this.set({ kind: 'seen', report, threads: report.threads.map((thread) => new ThreadIndex(thread, [], this.isDebugged)), at: new Date() });
    } catch (error) {
      this.fail(error);
    }
  }

  /** What was seen before stays to be read until there is something newer. */
  private beginLook(): void {
    this.looksAgain = this.current.kind === 'seen';
    if (this.looksAgain) this.changed();
    else this.set({ kind: 'looking' });
  }

  private fail(error: unknown): void {
    this.set({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }

  private set(state: SourceState): void {
    this.looksAgain = false;
    this.current = state;
    this.changed();
  }
}
