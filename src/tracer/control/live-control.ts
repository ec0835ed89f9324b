// What a user can ask and do about the tasks of one thread that is followed, by heap snapshots taken when asked for.
import { captureTasks } from '../heap/capture';
import type { InspectorSession } from '../inspector/session';
import type { LiveAgent } from '../live/live-agent';
import { joinSnapshot, stuckProof, stuckWarnings, type JoinedSnapshot, type StuckProof } from '../live/snapshot-join';
import type { LiveWarning } from '../live/warnings';
import type { Task, TaskId } from '../task';
import { CallControl } from './call-control';
import type { ResumeBreak } from './resume-break';

/** `gone`: the call has gone on meanwhile. */
export type BreakOutcome = 'set' | 'removed' | 'gone';

export class LiveControl {
  private joined: JoinedSnapshot | undefined;
  private proof: StuckProof | undefined;
  private readonly breaks = new Map<TaskId, ResumeBreak>();
  /** The end of the setting and removing that goes on: asked twice at once, the second takes away what the first sets. */
  private setting: Promise<unknown> = Promise.resolve();
  /** The end of the snapshot that is being taken. */
  private taking: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly agent: LiveAgent,
    private readonly session: InspectorSession,
  ) {}

  /** Settles when no snapshot is being taken: the thread answers nothing meanwhile. */
  get idle(): Promise<unknown> {
    return this.taking;
  }

  /** The calls that the debugger stops for when they go on. */
  get breaking(): Iterable<TaskId> {
    return this.breaks.keys();
  }

  /** Takes a snapshot; what it proves stuck is marked from now on. Resolves with how many tasks that are. */
  async prove(): Promise<number> {
    const proof = stuckProof(await this.join());
    this.proof = proof;
    return proof.reasons.size + proof.others.length;
  }

  /** Marks what was proved stuck among the tasks of a look, and lets go of breakpoints whose call has ended. */
  mark(tasks: readonly Task[]): LiveWarning[] {
    if (this.breaks.size > 0) {
      const pending = new Set(tasks.map(({ id }) => id));
      for (const [id, set] of this.breaks) if (!pending.has(id)) void set.remove();
    }
    const { proof } = this;
    if (!proof) return [];
    for (const task of tasks) {
      const reason = proof.reasons.get(task.id);
      if (reason === undefined) continue;
      task.stuck = true;
      task.stuckReason = reason;
    }
    return stuckWarnings(proof, tasks);
  }

  /**
   * Uses a call; with `fresh` by a snapshot taken now, otherwise by the last one where that has it. Rejects with a
   * one-sentence Error where the call is in none.
   */
  async withCall<T>(id: TaskId, fresh: boolean, use: (call: CallControl) => Promise<T>): Promise<T> {
    const last = fresh ? undefined : this.find(this.joined, id);
    const known = last && (await use(last));
    // What is not found may only have lost its number in the snapshot, as all do when some session of the inspector ends.
    if (known !== undefined) return known;
    const call = this.find(await this.join(), id);
    if (!call) throw new Error('This call cannot be found in the heap: it has ended, or began before it was watched.');
    return use(call);
  }

  /** Has the debugger stop where the call goes on; asked once more, no longer. */
  breakOnResume(id: TaskId): Promise<BreakOutcome> {
    const outcome = this.setting.then(() => this.toggleBreak(id));
    this.setting = outcome.catch(() => undefined);
    return outcome;
  }

  private async toggleBreak(id: TaskId): Promise<BreakOutcome> {
    const known = this.breaks.get(id);
    await known?.remove();
    if (known) return 'removed';
    const set = await this.withCall(id, false, (call) => call.breakOnResume(this.agent.isRunning(id)));
    if (!set) return 'gone';
    this.breaks.set(id, set);
    void set.done.then(() => this.breaks.delete(id));
    return 'set';
  }

  /** Takes away what is left in the process. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.breaks.values()].map((set) => set.remove()));
  }

  private find(joined: JoinedSnapshot | undefined, id: TaskId): CallControl | undefined {
    const inSnapshot = joined?.inSnapshot.get(id);
    const inHeap = inSnapshot === undefined ? undefined : joined?.capture.inHeap(inSnapshot);
    return inHeap && new CallControl(this.session, inHeap);
  }

  private async join(): Promise<JoinedSnapshot> {
    const joining = joinSnapshot(this.agent, this.session, captureTasks);
    this.taking = joining.catch(() => undefined);
    return (this.joined = await joining);
  }
}
