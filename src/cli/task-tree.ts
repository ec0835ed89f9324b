// `tree`: who waits for whom. A task stands below the one that waits for it; what nobody waits for stands at the left.
import { type Branch, Shapes } from '../tracer/shapes';
import type { Awaits, AwaitsResource, Task, TaskId } from '../tracer/task';
import { awaitedTasks, awaitsText, groupText, placeMark, placeText, printable, resourceText, stateText, tasksById, type TasksById, times } from '../tracer/task-text';
import { colors } from './colors';
import { localLine } from './task-table';
import { fit } from './terminal-width';

/** Deeper levels show their number instead of their branches: an await chain can be thousands of tasks long. */
const deepestBranch = (width: number) => Math.min(24, Math.floor(width / 6));

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
  const deepest = deepestBranch(width);

  const print = (roots: Task[]) => {
    for (const branch of shapes.collapse(roots, printed).reverse()) steps.push({ kind: 'task', branch, depth: 0, prefix: '', last: true });
    for (let step = steps.pop(); step; step = steps.pop()) {
      if (step.kind === 'leave') {
        path.delete(step.id);
        continue;
      }
      const lead = step.depth === 0 ? '' : `${step.prefix}${step.last ? '└─ ' : '├─ '}`;
      const below = step.depth === 0 ? '' : `${step.prefix}${step.last ? '   ' : '│  '}`;
      const shownLead = step.depth > deepest ? `[${step.depth}] ` : lead;
      if (step.kind === 'leaf') {
        lines.push(formatLine([[shownLead], [step.text]], width));
        continue;
      }
      const { task } = step.branch;
      const children = awaitedTasks(task, byId);
      const note = path.has(task.id) ? '↺ a cycle: it waits for itself' : printed.has(task.id) && children.length > 0 ? 'shown above' : undefined;
      lines.push(taskLine(step.branch, shownLead, note, byId, width));
      if (note) continue;
      printed.add(task.id);
      path.add(task.id);
      for (const local of task.locals ?? []) lines.push(colors.dim(localLine(local, width, `${shownLead === lead ? below : '  '}    `)));
      const branches = shapes.collapse(children, new Set());
      const leaves = resourceLeaves(task.awaits);
      const depth = step.depth + 1;
      const under: Step[] = [
        ...branches.map((branch): Step => ({ kind: 'task', branch, depth, prefix: below, last: false })),
        ...leaves.map((text): Step => ({ kind: 'leaf', text: printable(text), depth, prefix: below, last: false })),
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

/** What a group waits for that is no task; a kind in one line, with the first one's details. */
function resourceLeaves(awaits: Awaits): string[] {
  const kinds = new Map<string, { first: AwaitsResource; count: number }>();
  for (const first of 'group' in awaits ? (awaits.resources ?? []) : []) {
    const kind = kinds.get(first.resource);
    if (kind) kind.count++;
    else kinds.set(first.resource, { first, count: 1 });
  }
  return [...kinds.values()].map(({ first, count }) => resourceText(first) + times(count));
}

type Segment = [text: string, style?: (text: string) => string];

function taskLine({ task, count, exact }: Branch, lead: string, note: string | undefined, byId: TasksById, width: number): string {
  const segments: Segment[] = [[lead], [printable(task.name), task.stuck ? colors.red : colors.bold], [times(count)], [`  ${task.id}`, colors.dim]];
  const place = placeText(task);
  if (place) segments.push([`  ${placeMark(exact)}${printable(place)}`, colors.cyan]);
  if (note) return formatLine([...segments, [`  ${note}`, colors.yellow]], width);
  if (task.stuck) segments.push([`  stuck: ${printable(task.stuckReason ?? 'nothing can resume it')}`, colors.red]);
  else if (task.state !== 'awaiting') segments.push([`  ${stateText(task)}`, colors.green]);
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
