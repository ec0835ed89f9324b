// Which tasks look the same, so that they can be shown once with their number.
import type { Task, TaskId } from './task';
import { awaitedTasks, awaitsKind, countedList, groupText, stateText, type TasksById } from './task-text';

/** Tasks of one shape. */
export interface Branch {
  task: Task;
  count: number;
  /** The place of one of them is known exactly. */
  exact: boolean;
}

/** Tells which tasks look the same all the way down. */
export class Shapes {
  private readonly shapes = new Map<TaskId, number>();
  private readonly numbers = new Map<string, number>();
  private readonly collapsed = new Set<TaskId>();

  constructor(private readonly byId: TasksById) {}

  /** Groups tasks of one shape, in the order of their first; leaves out those in `without`. */
  collapse(tasks: Task[], without: ReadonlySet<TaskId>): Branch[] {
    const branches = new Map<number, Branch>();
    for (const task of tasks) {
      if (without.has(task.id)) continue;
      const shape = this.shapeOf(task);
      const branch = branches.get(shape);
      if (branch) {
        branch.count++;
        branch.exact ||= task.atIsExact !== false;
        this.markCollapsed(task);
      } else branches.set(shape, { task, count: 1, exact: task.atIsExact !== false });
    }
    return [...branches.values()];
  }

  /** True for a task that is shown by a sibling's branch. */
  isCollapsed(id: TaskId): boolean {
    return this.collapsed.has(id);
  }

  private markCollapsed(root: Task): void {
    const left = [root];
    for (let task = left.pop(); task; task = left.pop()) {
      if (this.collapsed.has(task.id)) continue;
      this.collapsed.add(task.id);
      for (const child of awaitedTasks(task, this.byId)) left.push(child);
    }
  }

  /** Without recursion: chains can be longer than the stack. */
  private shapeOf(root: Task): number {
    const open = new Set<TaskId>();
    const left = [root];
    for (let task = left.at(-1); task; task = left.at(-1)) {
      const children = awaitedTasks(task, this.byId);
      if (!this.shapes.has(task.id) && !open.has(task.id)) {
        open.add(task.id);
        const unknown = children.filter((child) => !this.shapes.has(child.id) && !open.has(child.id));
        if (unknown.length > 0) {
          for (const child of unknown) left.push(child);
          continue;
        }
      }
      left.pop();
      if (!this.shapes.has(task.id)) this.shapes.set(task.id, this.number(task, children));
    }
    return this.shapes.get(root.id) ?? -1;
  }

  private number(task: Task, children: Task[]): number {
    // Within a cycle, the task that closes it has no shape yet: its own id keeps different cycles apart.
    const below = children.map((child) => this.shapes.get(child.id) ?? child.id).sort();
    const { at, awaits, locals } = task;
    const own = `${stateText(task)}\0${at?.file}:${at?.line}:${at?.column}\0${task.name}\0${locals ? JSON.stringify(locals) : ''}`;
    // The tasks among what it waits for are below; of the rest the kind counts, not the time that a timer is due.
    const waits = 'task' in awaits ? '' : 'group' in awaits ? groupText(awaits) + countedList((awaits.resources ?? []).map(({ resource }) => resource)) : awaitsKind(awaits, this.byId);
    const key = `${own}\0${waits}\0${below.join()}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.numbers.size);
    return this.numbers.size - 1;
  }
}
