// What looks wrong while a program runs. Each warning is an object that looks at the history of a thread's tasks.
import { readFileSync } from 'node:fs';
import { SourceText } from '../heap/source-text';
import type { Place, Task, TaskId } from '../task';
import { ageText, awaitedTasks, plural, positionText, tasksById, type TasksById } from '../task-text';
import { blockedLoop } from './blocked-warning';
import { serialAwaits } from './serial-awaits';
import type { TaskHistory, WaitingPlace } from './task-history';
import type { UnheardRejection } from './unheard-rejections';

export interface LiveWarning {
  /** The check's id. */
  check: string;
  /** One sentence. */
  text: string;
  place?: Place;
  /** The lint rule that finds the cause in the code, where there is one. */
  rule?: string;
  /** The tasks that it is about, as far as they are still pending. */
  tasks: TaskId[];
}

export interface LiveCheck {
  readonly id: string;
  /** What it finds, for a reader. */
  readonly summary: string;
  readonly rule?: string;
  readonly check: (history: TaskHistory) => Omit<LiveWarning, 'check' | 'rule'>[];
}

/** So many calls must have ended at a place before it is known how long they usually take. */
const USUAL_FROM = 10;
const LONGER_BY = 10;
const LONG_MS = 5_000;

const slowWait: LiveCheck = {
  id: 'slow-wait',
  summary: 'A call has waited more than ten times as long as calls at its place do.',
  check: (history) =>
    [...history.places].flatMap((at) => {
      if (at.ended.length < USUAL_FROM) return [];
      const usual = percentile(at.ended, 0.95);
      const late = at.tasks.filter((task) => (task.ageMs ?? 0) > Math.max(LONG_MS, LONGER_BY * usual));
      const [oldest] = late;
      if (!oldest) return [];
      const others = late.length > 1 ? ` (and ${late.length - 1} more)` : '';
      const text = `${oldest.name}${others} has waited ${ageText(oldest.ageMs ?? 0)} at ${positionText(at.place)}; of ${at.ended.length} calls that ended there 95 % took at most ${ageText(usual)}.`;
      return [{ text, place: at.place, tasks: late.map((task) => task.id) }];
    }),
};

const awaitCycle: LiveCheck = {
  id: 'await-cycle',
  summary: 'Calls wait for each other in a circle: none of them can go on.',
  check({ tasks }) {
    const byId = tasksById(tasks);
    return cyclesOf(tasks, byId).map((cycle) => {
      const names = [...cycle, cycle[0]!].map((task) => task.name).join(' → ');
      return { text: `${names}: they wait for each other, so that none can go on.`, ...(cycle[0]!.at && { place: cycle[0]!.at }), tasks: cycle.map((task) => task.id) };
    });
  },
};

const lost: LiveCheck = {
  id: 'lost',
  summary: 'A call was collected while it waited: nothing could have resumed it.',
  check({ lost: calls }) {
    const byPlace = new Map<string, { name: string; place?: Place; count: number }>();
    for (const { name, at } of calls) {
      const key = `${name} ${at && positionText(at)}`;
      const known = byPlace.get(key);
      if (known) known.count++;
      else byPlace.set(key, { name, ...(at && { place: at }), count: 1 });
    }
    return [...byPlace.values()].map(({ name, place, count }) => {
      const what = count === 1 ? `${name} was collected while it waited` : `${count} calls of ${name} were collected while they waited`;
      return { text: `${what}${place ? ` at ${positionText(place)}` : ''}: nothing that existed could have resumed ${count === 1 ? 'it' : 'them'}.`, ...(place && { place }), tasks: [] };
    });
  },
};

/** Looked at in so many parts, each of which must lie above the one before. */
const GROWTH_PARTS = 4;
const GROWTH_LOOKS = 20;
const GROWTH_MS = 8_000;
const GROWTH_LEAST = 20;

const growing: LiveCheck = {
  id: 'growing',
  summary: 'More and more calls wait at a place.',
  check: (history) =>
    [...history.places].flatMap((at) => {
      const { counts, place, tasks } = at;
      if (counts.length < GROWTH_LOOKS || history.span(counts.length) < GROWTH_MS || !growsSteadily(counts)) return [];
      const text = `${plural(tasks.length, 'call')} wait at ${positionText(place)}, and steadily more: ${counts[0]} ${ageText(history.span(counts.length))} ago.`;
      return [{ text, place, tasks: tasks.map((task) => task.id) }];
    }),
};

const overlappingInterval: LiveCheck = {
  id: 'overlapping-interval',
  summary: 'An interval starts its async callback again before the last one has ended.',
  rule: 'no-misused-promises',
  check: (history) =>
    [...callsByFunction(history.tasks)].flatMap(([, calls]) => {
      const [first] = calls;
      if (calls.length < 2 || !first?.defined || !isIntervalCallback(first.defined, first.name)) return [];
      const text = `The interval's callback ${first.name} at ${positionText(first.defined)} runs ${calls.length} times at once: it is started again before it has ended.`;
      return [{ text, place: first.defined, tasks: calls.map((task) => task.id) }];
    }),
};

const starvation: LiveCheck = {
  id: 'starvation',
  summary: 'Continuations followed upon each other without a pause: timers, I/O and everything else had to wait.',
  check: ({ starved }) =>
    starved.map(({ name, at, count, longestMs, continuations }) => {
      const where = at ? ` at ${positionText(at)}` : '';
      const often = count > 1 ? `, ${count} times; the longest` : '';
      const text = `${name} went on and on${where}${often} for ${ageText(longestMs)}, in ${continuations.toLocaleString('en-US')} continuations without a pause: timers and I/O had to wait.`;
      return { text, ...(at && { place: at }), tasks: [] };
    }),
};

/** Handlers that come so soon after are not late. */
const UNHEARD_MS = 1_000;

const unheardRejection: LiveCheck = {
  id: 'unheard-rejection',
  summary: 'A call was rejected, and nobody listens to its promise.',
  rule: 'no-floating-promises',
  check({ unheard }) {
    const byPlace = new Map<string, UnheardRejection[]>();
    for (const call of unheard) {
      if (call.ageMs < UNHEARD_MS) continue;
      const key = `${call.name} ${call.at ? positionText(call.at) : ''}`;
      byPlace.set(key, [...(byPlace.get(key) ?? []), call]);
    }
    return Array.from(byPlace.values(), (calls) => {
      const [{ name, at, ageMs, reason }] = calls as [UnheardRejection];
      const what = calls.length === 1 ? `${name} was rejected ${ageText(ageMs)} ago` : `${calls.length} calls of ${name} were rejected, the first ${ageText(ageMs)} ago`;
      return { text: `${what} (${reason}), and nobody listens${at ? `: called at ${positionText(at)}` : ''}.`, ...(at && { place: at }), tasks: [] };
    });
  },
};

/** In the order in which they are shown. */
export const liveChecks: readonly LiveCheck[] = [awaitCycle, blockedLoop, lost, slowWait, growing, overlappingInterval, starvation, serialAwaits, unheardRejection];

export function liveWarnings(history: TaskHistory): LiveWarning[] {
  return liveChecks.flatMap(({ id, rule, check }) => check(history).map((found) => ({ check: id, ...found, ...(rule !== undefined && { rule }) })));
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Each circle once, its tasks in the order in which they wait. Of a group only those that it needs all of can close one. */
function cyclesOf(tasks: readonly Task[], byId: TasksById): Task[][] {
  const cycles: Task[][] = [];
  const done = new Set<Task>();
  for (const start of tasks) {
    if (done.has(start)) continue;
    // Depth first, with the way from the start on a stack of its own: chains may be longer than the call stack.
    const way: { task: Task; left: Task[] }[] = [];
    const onWay = new Set<Task>();
    const enter = (task: Task): void => {
      onWay.add(task);
      way.push({ task, left: needed(task, byId) });
    };
    enter(start);
    for (let top = way.at(-1); top; top = way.at(-1)) {
      const next = top.left.pop();
      if (!next) {
        way.pop();
        onWay.delete(top.task);
        done.add(top.task);
      } else if (onWay.has(next)) {
        cycles.push(way.slice(way.findIndex(({ task }) => task === next)).map(({ task }) => task));
      } else if (!done.has(next)) {
        enter(next);
      }
    }
  }
  return cycles;
}

function needed(task: Task, byId: TasksById): Task[] {
  if ('group' in task.awaits && task.awaits.group !== 'all' && task.awaits.group !== 'allSettled') return [];
  return awaitedTasks(task, byId);
}

function growsSteadily(counts: WaitingPlace['counts']): boolean {
  const size = Math.floor(counts.length / GROWTH_PARTS);
  const parts = Array.from({ length: GROWTH_PARTS }, (_, index) => counts.slice(counts.length - (GROWTH_PARTS - index) * size, counts.length - (GROWTH_PARTS - index - 1) * size));
  const isAbove = (part: number[], before: number[]) => Math.min(...part) >= Math.max(...before);
  const growth = counts.at(-1)! - parts[0]![0]!;
  return parts.every((part, index) => index === 0 || isAbove(part, parts[index - 1]!)) && growth >= GROWTH_LEAST && counts.at(-1)! >= 2 * parts[0]![0]!;
}

/** The calls that no function of the program made and no other waits for, by the function that they are of. */
function callsByFunction(tasks: readonly Task[]): Map<string, Task[]> {
  const calls = new Map<string, Task[]>();
  for (const task of tasks) {
    if (!task.defined || task.kind !== 'async-function' || task.awaitedBy.length > 0 || isCalledByProgram(task)) continue;
    const key = positionText(task.defined);
    const known = calls.get(key);
    if (known) known.push(task);
    else calls.set(key, [task]);
  }
  return calls;
}

const isCalledByProgram = ({ created }: Task) => created !== undefined && !created.file.startsWith('node:');

/** What a function's text says stays true as long as the program runs. */
const intervalCallbacks = new WeakMap<Place, boolean>();

/** Whether the function that starts at a place is given to `setInterval`, there or by its name in the same file. */
function isIntervalCallback(defined: Place, name: string): boolean {
  let known = intervalCallbacks.get(defined);
  if (known === undefined) intervalCallbacks.set(defined, (known = readIntervalCallback(defined, name)));
  return known;
}

function readIntervalCallback({ file, line, column }: Place, name: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return false; // not on this machine, or no file
  }
  const start = new SourceText(text).offset(line - 1, column - 1);
  if (start === undefined) return false;
  if (/\bsetInterval\s*\(\s*(async\s*)?(function\s*[\w$]*\s*)?$/.test(text.slice(Math.max(0, start - 200), start))) return true;
  const own = name.split('.').at(-1) ?? '';
  const called = String.raw`\bsetInterval\s*\(\s*(?:[\w$]+\.)*${own.replaceAll('$', '\\$')}\s*[,.)]`;
  return /^[\w$]+$/.test(own) && new RegExp(called).test(text);
}
