// Task dumps (`.tasks`): the await tree as text, the same for the same tasks, so that two dumps can be compared line by line.
import type { Task, TaskId, TaskReport, TaskThread } from './task';
import { groupText, printable, resourceText, taskLine, tasksById, times, type TasksById } from './task-text';

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
  task: Task;
  count: number;
  depth: number;
}

class Dump {
  readonly lines: string[] = [];
  private readonly byId: TasksById;
  private readonly shapes = new Map<TaskId, string>();
  private readonly shapeNumbers = new Map<string, string>();
  private readonly written = new Set<TaskId>();

  constructor(tasks: readonly Task[]) {
    this.byId = tasksById(tasks);
    const roots = tasks.filter((task) => !task.awaitedBy.some((id) => this.byId.has(id)));
    this.write(roots);
    // What is left waits in a circle, or hangs on one.
    for (const task of tasks) if (!this.written.has(task.id)) this.write([task]);
  }

  private write(roots: readonly Task[]): void {
    const left = this.entries(roots, 1).reverse();
    // The branch that is being written, and where on it each task was seen last.
    const above: TaskId[] = [];
    const depths = new Map<TaskId, number>();
    for (let entry = left.pop(); entry; entry = left.pop()) {
      const { task, count, depth } = entry;
      const seenAt = depths.get(task.id) ?? depth;
      const cycle = seenAt < depth && above[seenAt] === task.id;
      const children = this.awaited(task);
      const known = this.written.has(task.id) && children.length > 0;
      const indent = '  '.repeat(Math.min(depth, deepestIndent));
      const note = cycle ? '  (waits for itself)' : known ? '  (see above)' : '';
      const line = taskLine(task, this.byId);
      const [name = '', ...rest] = line.split('  ');
      this.lines.push(`${indent}${cycle ? '↺ ' : ''}${name}${times(count)}  ${rest.join('  ')}${note}`);
      this.written.add(task.id);
      if (note) continue;
      above[depth] = task.id;
      depths.set(task.id, depth);
      if ('group' in task.awaits) for (const resource of task.awaits.resources ?? []) this.lines.push(`${indent}  # ${printable(resourceText(resource))}`);
      left.push(...this.entries(children, depth + 1).reverse());
    }
  }

  /** Equal ones together, in the order of what they say. */
  private entries(tasks: readonly Task[], depth: number): Entry[] {
    const entries = new Map<string, Entry>();
    for (const task of tasks) {
      const shape = this.shape(task);
      const entry = entries.get(shape);
      if (!entry) entries.set(shape, { task, count: 1, depth });
      else {
        entry.count++;
        this.markWritten(task);
      }
    }
    return [...entries.values()].sort((a, b) => compare(taskLine(a.task, this.byId), taskLine(b.task, this.byId)));
  }

  private markWritten(root: Task): void {
    const left = [root];
    for (let task = left.pop(); task; task = left.pop()) {
      if (this.written.has(task.id)) continue;
      this.written.add(task.id);
      left.push(...this.awaited(task));
    }
  }

  private awaited(task: Task): Task[] {
    const ids = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
    return ids.flatMap((id) => this.byId.get(id) ?? []);
  }

  /** A number for what a task and all below it look like; without recursion, since chains can be longer than the stack. */
  private shape(root: Task): string {
    const open = new Set<TaskId>();
    const left = [root];
    for (let task = left.at(-1); task; task = left.at(-1)) {
      const children = this.awaited(task);
      if (!this.shapes.has(task.id) && !open.has(task.id)) {
        open.add(task.id);
        const unknown = children.filter((child) => !this.shapes.has(child.id) && !open.has(child.id));
        left.push(...unknown);
        if (unknown.length > 0) continue;
      }
      left.pop();
      if (this.shapes.has(task.id)) continue;
      const below = children.map((child) => this.shapes.get(child.id) ?? child.id).sort();
      const waits = 'group' in task.awaits ? groupText(task.awaits) : '';
      const look = JSON.stringify([taskLine(task, this.byId), waits, below]);
      const number = this.shapeNumbers.get(look) ?? String(this.shapeNumbers.size);
      this.shapeNumbers.set(look, number);
      this.shapes.set(task.id, number);
    }
    return this.shapes.get(root.id) ?? root.id;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
