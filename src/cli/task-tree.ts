// `tree`: who waits for whom. A task stands below the one that waits for it; what nobody waits for stands at the left.
import picocolors from 'picocolors';
import type { Task, TaskId } from '../tracer/task';
import { localLine } from './task-table';
import { awaitsText, fit, groupText, placeMark, placeText, printable, resourceText, stateText, tasksById, type TasksById, times } from './task-text';

/** Deeper levels show their number instead of their branches: an await chain can be thousands of tasks long. */
const deepestBranch = 24;

interface Branch {
  task: Task;
  count: number;
  /** The place of one of them is known exactly. */
  exact: boolean;
}

/** A task to print, a line below one, or the note that everything below a task is printed. */
type Step =
  | { kind: 'task'; branch: Branch; depth: number; prefix: string; last: boolean }
  | { kind: 'leaf'; text: string; depth: number; prefix: string; last: boolean }
  | { kind: 'leave'; id: TaskId };

/** The tree's lines. Siblings that look the same all the way down share a branch (`×500`). */
export function taskTree(tasks: readonly Task[], width: number): string[] {
  const byId = tasksById(tasks);
  const shapes = new Shapes(byId);
  const lines: string[] = [];
  const printed = new Set<TaskId>();
  const path = new Set<TaskId>(); // from the root to where we are
  const steps: Step[] = [];

  const print = (roots: Task[]) => {
    for (const branch of shapes.collapse(roots, printed).reverse()) steps.push({ kind: 'task', branch, depth: 0, prefix: '', last: true });
    for (let step = steps.pop(); step; step = steps.pop()) {
      if (step.kind === 'leave') {
        path.delete(step.id);
        continue;
      }
      const lead = step.depth === 0 ? '' : `${step.prefix}${step.last ? '└─ ' : '├─ '}`;
      const below = step.depth === 0 ? '' : `${step.prefix}${step.last ? '   ' : '│  '}`;
      const shownLead = step.depth > deepestBranch ? `[${step.depth}] ` : lead;
      if (step.kind === 'leaf') {
        lines.push(formatLine([[shownLead], [step.text]], width));
        continue;
      }
      const { task } = step.branch;
      const children = childrenOf(task, byId);
      const note = path.has(task.id) ? '↺ a cycle: it waits for itself' : printed.has(task.id) && children.length > 0 ? 'shown above' : undefined;
      lines.push(taskLine(step.branch, shownLead, note, byId, width));
      if (note) continue;
      printed.add(task.id);
      path.add(task.id);
      for (const local of task.locals ?? []) lines.push(picocolors.dim(localLine(local, width, `${shownLead === lead ? below : '  '}    `)));
      const branches = shapes.collapse(children, new Set());
      const resources = 'group' in task.awaits ? (task.awaits.resources ?? []) : [];
      const depth = step.depth + 1;
      const under: Step[] = [
        ...branches.map((branch): Step => ({ kind: 'task', branch, depth, prefix: below, last: false })),
        ...resources.map((resource): Step => ({ kind: 'leaf', text: printable(resourceText(resource)), depth, prefix: below, last: false })),
      ];
      const lastStep = under.at(-1);
      if (lastStep && lastStep.kind !== 'leave') lastStep.last = true;
      steps.push({ kind: 'leave', id: task.id });
      for (const each of under.reverse()) steps.push(each);
    }
  };

  print(tasks.filter((task) => !task.awaitedBy.some((id) => byId.has(id))));
  // What is left waits in a circle, or hangs on one.
  for (const task of tasks) if (!printed.has(task.id) && !shapes.isCollapsed(task.id)) print([task]);
  return lines;
}

function childrenOf(task: Task, byId: TasksById): Task[] {
  const ids = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
  return ids.flatMap((id) => byId.get(id) ?? []);
}

type Segment = [text: string, style?: (text: string) => string];

function taskLine({ task, count, exact }: Branch, lead: string, note: string | undefined, byId: TasksById, width: number): string {
  const segments: Segment[] = [[lead], [printable(task.name), task.stuck ? picocolors.red : picocolors.bold], [times(count)], [`  ${task.id}`, picocolors.dim]];
  const place = placeText(task);
  if (place) segments.push([`  ${placeMark(exact)}${printable(place)}`, picocolors.cyan]);
  if (note) return formatLine([...segments, [`  ${note}`, picocolors.yellow]], width);
  if (task.stuck) segments.push([`  stuck: ${printable(task.stuckReason ?? 'nothing can resume it')}`, picocolors.red]);
  else if (task.state !== 'awaiting') segments.push([`  ${stateText(task)}`, picocolors.green]);
  const waits = ownWait(task, byId);
  if (waits) segments.push([`  ${printable(waits)}`]);
  return formatLine(segments, width);
}

/** What the branches below do not show. */
function ownWait(task: Task, byId: TasksById): string | undefined {
  if ('group' in task.awaits) return groupText(task.awaits);
  if ('task' in task.awaits && byId.has(task.awaits.task)) return undefined;
  return `waits for ${awaitsText(task.awaits, byId)}`;
}

function formatLine(segments: Segment[], width: number): string {
  let left = width;
  let line = '';
  for (const [text, style] of segments) {
    const shown = fit(text, left);
    left -= shown.length;
    line += style ? style(shown) : shown;
  }
  return line;
}

/** Tells which tasks look the same all the way down. */
class Shapes {
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
      for (const child of childrenOf(task, this.byId)) left.push(child);
    }
  }

  /** Without recursion: chains can be longer than the stack. */
  private shapeOf(root: Task): number {
    const open = new Set<TaskId>();
    const left = [root];
    for (let task = left.at(-1); task; task = left.at(-1)) {
      const children = childrenOf(task, this.byId);
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
    const own = [task.name, placeText(task), stateText(task), task.locals];
    const waits = 'group' in task.awaits ? [groupText(task.awaits), task.awaits.resources] : 'task' in task.awaits ? [] : [task.awaits];
    const key = JSON.stringify([own, waits, below]);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.numbers.size);
    return this.numbers.size - 1;
  }
}
