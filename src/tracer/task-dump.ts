// Task dumps (`.tasks`): the await tree as text, the same for the same tasks, so that two dumps can be compared line by line.
import { type Branch, Shapes } from './shapes';
import type { Task, TaskId, TaskReport, TaskThread } from './task';
import { awaitedTasks, printable, resourceText, taskLine, tasksById, times, withoutIds, type TasksById } from './task-text';

/** Deeper levels go on at the same indentation: an await chain can be thousands of tasks long. */
const deepestIndent = 60;

/**
 * One report as text. A line a task, indented below the one that waits for it; tasks that look the same all the way
 * down share a line (`×500`). Ids, ages and times are left out: they differ between two looks at the same state.
 */
export function dumpTasks(report: TaskReport): string {
  const { pid, node, file } = report.target;
  const lines = [`# Asyncscope task dump of ${file ?? `process ${pid ?? '?'}`}${node ? `, Node ${node}` : ''}`];
  for (const warning of report.warnings) lines.push(`# ${printable(warning)}`);
  for (const thread of report.threads) lines.push('', ...dumpThread(thread));
  return `${lines.join('\n')}\n`;
}

function dumpThread(thread: TaskThread): string[] {
  const stuck = thread.tasks.filter((task) => task.stuck).length;
  const counts = `${thread.tasks.length} ${thread.tasks.length === 1 ? 'task' : 'tasks'}${stuck > 0 ? `, ${stuck} stuck` : ''}`;
  return [`thread ${printable(thread.name)}: ${counts}`, ...new Dump(thread.tasks).lines];
}

interface Entry {
  branch: Branch;
  depth: number;
}

class Dump {
  readonly lines: string[] = [];
  private readonly byId: TasksById;
  private readonly shapes: Shapes;
  private readonly written = new Set<TaskId>();

  constructor(tasks: readonly Task[]) {
    this.byId = tasksById(tasks);
    this.shapes = new Shapes(this.byId);
    this.write(tasks.filter((task) => !task.awaitedBy.some((id) => this.byId.has(id))));
    // What is left waits in a circle, or hangs on one.
    for (const task of tasks) if (!this.written.has(task.id) && !this.shapes.isCollapsed(task.id)) this.write([task]);
  }

  private write(roots: Task[]): void {
    const left = this.entries(roots, 1).reverse();
    // The branch that is being written, and where on it each task was seen last.
    const above: TaskId[] = [];
    const depths = new Map<TaskId, number>();
    for (let entry = left.pop(); entry; entry = left.pop()) {
      const { branch, depth } = entry;
      const { task, count } = branch;
      const seenAt = depths.get(task.id) ?? depth;
      const cycle = seenAt < depth && above[seenAt] === task.id;
      const children = awaitedTasks(task, this.byId);
      const known = this.written.has(task.id) && children.length > 0;
      const indent = '  '.repeat(Math.min(depth, deepestIndent));
      const note = cycle ? '  (waits for itself)' : known ? '  (see above)' : '';
      const [name = '', ...rest] = lasting(taskLine(task, this.byId)).split('  ');
      this.lines.push(`${indent}${cycle ? '↺ ' : ''}${name}${times(count)}  ${rest.join('  ')}${note}`);
      this.written.add(task.id);
      if (note) continue;
      above[depth] = task.id;
      depths.set(task.id, depth);
      if ('group' in task.awaits) for (const resource of task.awaits.resources ?? []) this.lines.push(`${indent}  # ${lasting(printable(resourceText(resource)))}`);
      left.push(...this.entries(children, depth + 1).reverse());
    }
  }

  /** Equal ones together, in the order of what they say. */
  private entries(tasks: Task[], depth: number): Entry[] {
    const line = (branch: Branch): string => lasting(taskLine(branch.task, this.byId));
    const branches = this.shapes.collapse(tasks, new Set()).sort((a, b) => compare(line(a), line(b)));
    return branches.map((branch) => ({ branch, depth }));
  }
}

/** Without what differs between two looks at the same state: ids (`task t7 (load)` is `load`), and the time left. */
function lasting(text: string): string {
  return withoutIds(text).replace(/, due (?:in [\d.]+ \w+|now)/g, '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
