// The words for a task that the command line, the explorer and the dumps share.
import path from 'node:path';
import type { Awaits, AwaitsGroup, AwaitsResource, Position, Task, TaskId } from './task';

export type TasksById = ReadonlyMap<TaskId, Task>;

export function tasksById(tasks: readonly Task[]): TasksById {
  const byId = new Map<TaskId, Task>();
  for (const task of tasks) byId.set(task.id, task);
  return byId;
}

/** The tasks that a task waits for, directly or in a group. */
export function awaitedTasks(task: Task, byId: TasksById): Task[] {
  const ids = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** `stuck` is the one thing to know of a stuck task. */
export function stateText(task: Task): string {
  return task.stuck ? 'stuck' : task.state;
}

/** `src/app.ts:12:5`, relative to the working directory where it is inside; nothing for a task without a place. */
export function placeText({ at }: Task): string {
  return at ? positionText(at) : '';
}

export function positionText({ file, line, column }: Position): string {
  const here = process.cwd();
  // An editor started by the desktop may run in the root folder, which tells nobody anything.
  const relative = path.isAbsolute(file) && here !== path.parse(here).root ? path.relative(here, file) : file;
  return `${relative.startsWith('..') ? file : relative}:${line}:${column}`;
}

/** Stands before a place that is not known to be the await itself. */
export function placeMark(exact: boolean): string {
  return exact ? '' : '~';
}

export function resourceText({ resource, detail }: AwaitsResource): string {
  return detail ? `${resource} ${detail}` : resource;
}

const combinators = { all: 'Promise.all', allSettled: 'Promise.allSettled', any: 'Promise.any', race: 'Promise.race' } as const;

/** `Promise.all, 2 of 5 settled` */
export function groupText({ group, pending, total }: AwaitsGroup): string {
  if (total === 0) return `${combinators[group]} of nothing`;
  return `${combinators[group]}, ${total - pending} of ${total} settled`;
}

/** What a task waits for, in one line. */
export function awaitsText(awaits: Awaits, byId: TasksById, nameResource = resourceText): string {
  if ('task' in awaits) return byId.get(awaits.task)?.name ?? 'another task';
  if ('resource' in awaits) return nameResource(awaits);
  if ('group' in awaits) {
    const members = [...awaits.tasks.map((id) => byId.get(id)?.name ?? 'another task'), ...(awaits.resources ?? []).map((each) => nameResource(each))];
    return members.length > 0 ? `${groupText(awaits)}: ${countedList(members)}` : groupText(awaits);
  }
  return 'a promise';
}

/** The same for tasks that wait for the same kind of thing: two timers that are due at different times, say. */
export function awaitsKind(awaits: Awaits, byId: TasksById): string {
  return awaitsText(awaits, byId, ({ resource }) => resource);
}

/** Who waits for a task, by name. */
export function awaitedByText(task: Task, byId: TasksById): string {
  if (task.awaitedBy.length === 0) return '';
  return countedList(task.awaitedBy.map((id) => byId.get(id)?.name ?? 'another task'));
}

/** `a, b ×3`, in the order of first appearance. */
export function countedList(names: string[]): string {
  if (names.length <= 1) return names[0] ?? ''; // most are
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name}${times(count)}`).join(', ');
}

/** ` ×500`; nothing for a single one. */
export function times(count: number): string {
  return count > 1 ? ` ×${count}` : '';
}

/** `340 ms`, `12.4 s`, `5 min 3 s`, `3 h 5 min`. */
export function ageText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60 ? `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `10,000`. By hand: the first `toLocaleString` of a process takes as long as reading a small heap. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `12 waiting here, oldest 40.2 s`. */
export function waitingText(count: number, oldestMs: number): string {
  return `${grouped(count)} waiting here, oldest ${ageText(oldestMs)}`;
}

/** Control characters of a program's own names and values would reach the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => (character === '\n' ? '⏎' : '�'));
}

/** `task t7 (load)` is `load`: the reasons of another look without its ids. */
export function withoutIds(text: string): string {
  return text.replace(/\btasks? (?:\w+\.)?t\d+ \(([^)]*)\)/g, '$1');
}

/** A task in one line of text: name, place, and what it waits for or why it never will go on. */
export function taskLine(task: Task, byId: TasksById): string {
  const state = task.stuck ? `stuck: ${task.stuckReason ?? 'nothing can resume it'}` : task.state === 'awaiting' ? awaitsText(task.awaits, byId) : task.state;
  return [task.name, placeText(task) || 'unknown place', state].map(printable).join('  ');
}
