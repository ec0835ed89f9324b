// A heap snapshot of a thread that is followed: its tasks by the ids that they have in the live list.
import type { InspectorSession } from '../inspector/session';
import type { Task, TaskCapture, TaskId } from '../task';
import { withoutIds } from '../task-text';
import type { LiveAgent } from './live-agent';
import type { LiveWarning } from './warnings';

/** A call is the same where its promise has the stamp of one call, before the snapshot and after it. */
export interface JoinedSnapshot {
  readonly capture: TaskCapture;
  /** The snapshot's ids by those of the live list. */
  readonly inSnapshot: ReadonlyMap<TaskId, TaskId>;
}

/** `take` takes the snapshot. Rejects with a one-sentence Error. */
export async function joinSnapshot(agent: LiveAgent, session: InspectorSession, take: (session: InspectorSession) => Promise<TaskCapture>): Promise<JoinedSnapshot> {
  const before = await agent.stamps();
  const capture = await take(session);
  const after = await agent.stamps();
  const inSnapshot = new Map<TaskId, TaskId>();
  for (const { id } of capture.tasks) {
    const stamp = capture.inHeap(id)?.stamp;
    const live = stamp === undefined ? undefined : after.get(stamp);
    // A slot may have got another call meanwhile.
    if (live !== undefined && stamp !== undefined && before.get(stamp) === live) inSnapshot.set(live, id);
  }
  return { capture, inSnapshot };
}

/** What a snapshot has proved of a thread's tasks. Stuck tasks stay so. */
export interface StuckProof {
  /** Why, by the ids of the live list. */
  readonly reasons: ReadonlyMap<TaskId, string>;
  /** Those that the live list has under no id that is known: older than the agent, or no call. */
  readonly others: readonly Task[];
}

export function stuckProof({ capture, inSnapshot }: JoinedSnapshot): StuckProof {
  const live = new Map([...inSnapshot].map(([liveId, id]) => [id, liveId]));
  const reasons = new Map<TaskId, string>();
  const others: Task[] = [];
  for (const task of capture.tasks) {
    if (!task.stuck) continue;
    const id = live.get(task.id);
    if (id === undefined) others.push(task);
    else reasons.set(id, reasonOf(task));
  }
  return { reasons, others };
}

/** One warning for each reason at a place. `tasks` are those of the live list. */
export function stuckWarnings(proof: StuckProof, tasks: readonly Task[]): LiveWarning[] {
  const warnings = new Map<string, LiveWarning & { count: number }>();
  const add = (task: Task, reason: string, ids: TaskId[]) => {
    const key = `${task.name} ${task.at?.file}:${task.at?.line}:${task.at?.column} ${reason}`;
    const known = warnings.get(key);
    const count = (known?.count ?? 0) + 1;
    const text = `${task.name}${count > 1 ? ` ×${count}` : ''} can never go on: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;
    warnings.set(key, { check: 'stuck', text, ...(task.at && { place: task.at }), tasks: [...(known?.tasks ?? []), ...ids], count });
  };
  for (const task of tasks) {
    const reason = proof.reasons.get(task.id);
    if (reason !== undefined) add(task, reason, [task.id]);
  }
  for (const task of proof.others) add(task, reasonOf(task), []);
  return [...warnings.values()].map(({ check, text, place, tasks: ids }) => ({ check, text, ...(place && { place }), tasks: ids }));
}

/** Ids of the snapshot say nothing in the live list. */
function reasonOf({ stuckReason }: Task): string {
  return withoutIds(stuckReason ?? 'Nothing that still exists can resume it.');
}
