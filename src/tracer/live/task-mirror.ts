// The client's copy of an agent's list of tasks, kept up to date by what changed.
import { AwaitsCode, COLUMNS, type GroupRow, type TaskChanges, type TaskColumns, type TaskData } from '../../agent/protocol';

/** As many lost calls are kept as the agent keeps. */
const KEPT_LOST = 1_000;

export class TaskMirror {
  /** Of the newest answer; 0 before there is one. */
  sequence = 0;
  /** Rows in the order of COLUMNS, by the task's id. */
  private readonly rows = new Map<number, number[]>();
  private readonly groups = new Map<number, GroupRow>();
  private readonly names = new Map<number, string>();
  private lost: TaskData['lost'] = [];

  /** The whole list, as it is after the changes. */
  apply(changes: TaskChanges): TaskData {
    const { rows, groups, names } = this;
    if (changes.whole) this.forget();
    this.sequence = changes.sequence;
    for (const id of changes.gone) {
      rows.delete(id);
      names.delete(id);
    }
    changes.tasks.id.forEach((id, index) => rows.set(id, COLUMNS.map((column) => changes.tasks[column][index]!)));
    for (const group of changes.groups) groups.set(group.id, group);
    for (const [id, name] of changes.names) names.set(id, name);
    this.lost = [...this.lost, ...changes.lost].slice(-KEPT_LOST);

    const tasks = Object.fromEntries(COLUMNS.map((column, at) => [column, Array.from(rows.values(), (row) => row[at]!)])) as unknown as TaskColumns;
    const inUse = new Set(tasks.ref.filter((_, index) => tasks.awaits[index] === AwaitsCode.group));
    for (const id of groups.keys()) if (!inUse.has(id)) groups.delete(id);
    const places = new Map([...groups.keys()].map((id, index) => [id, index]));
    tasks.ref = tasks.ref.map((ref, index) => (tasks.awaits[index] === AwaitsCode.group ? (places.get(ref) ?? 0) : ref));
    const { now, firstSite, sites, counts, starved, unheard } = changes;
    return { now, firstSite, sites, tasks, groups: [...groups.values()], names: [...names], counts, lost: this.lost, starved, unheard };
  }

  /** The next answer must be a whole one. */
  forget(): void {
    this.sequence = 0;
    this.rows.clear();
    this.groups.clear();
    this.names.clear();
    this.lost = [];
  }
}
