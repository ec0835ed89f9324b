// What a fixture program's comments say that is pending in it once it is ready:
//
//   //= NAME [xN] @MARK -> AWAITS [| by NAME, NAME] [| stuck /REASON/] [| kind KIND] [| state STATE] [| receiver CLASS] [| locals a=1, b="x"]
//
// MARK: the place right after a comment `/*MARK*/`, `function:NAME` for where a function's parameters begin, or
// `SCRIPT:LINE:COLUMN` (`eval` for code without a name).
// AWAITS: `task NAME`, `GROUP K/N [NAME, NAME] [+ RESOURCE, RESOURCE]`, `RESOURCE [/DETAIL/]`, or `promise`.
// Every task must be listed, with everyone who awaits it; one that is not said to be stuck must not be.
import { readFileSync } from 'node:fs';
import type { Task, TaskCapture } from '../../../src/tracer/task';

export interface Expectation {
  text: string;
  name: string;
  file: string;
  line: number;
  column: number;
  awaits: string;
  by: string[];
  stuck?: RegExp;
  kind: string;
  state: string;
  receiver?: string;
  locals: string[];
}

/** A task with the names of those it is connected with, in one report. */
export interface FoundTask {
  task: Task;
  capture: TaskCapture;
  nameOf: (id: string) => string;
  locals: string[];
}

export function readExpectations(file: string): Expectation[] {
  const text = readFileSync(file, 'utf8');
  return text.split('\n').flatMap((line) => (line.startsWith('//= ') ? expand(line.slice(4), file, text) : []));
}

function expand(line: string, file: string, text: string): Expectation[] {
  const match = /^(?<name>.+?)(?: x(?<count>\d+))? @(?<mark>\S+) -> (?<rest>.*)$/.exec(line);
  if (!match?.groups) throw new Error(`${file}: not understood: ${line}`);
  const { name, count, mark, rest } = match.groups as { name: string; count?: string; mark: string; rest: string };
  const [awaits, ...clauses] = rest.split(' | ');
  const clause = (keyword: string) => clauses.find((one) => one.startsWith(`${keyword} `))?.slice(keyword.length + 1);
  const unknown = clauses.find((one) => !/^(by|stuck|kind|state|receiver|locals) /.test(one));
  if (unknown) throw new Error(`${file}: not understood: ${unknown}`);
  const stuck = clause('stuck');
  const receiver = clause('receiver');
  const expectation: Expectation = {
    text: line,
    name,
    ...positionOf(mark, text, file),
    awaits: awaits!,
    by: names(clause('by')),
    ...(stuck && { stuck: regexp(stuck) }),
    kind: clause('kind') ?? 'async-function',
    state: clause('state') ?? 'awaiting',
    ...(receiver && { receiver }),
    locals: names(clause('locals')),
  };
  return Array<Expectation>(Number(count ?? 1)).fill(expectation);
}

function positionOf(mark: string, text: string, file: string): { file: string; line: number; column: number } {
  const elsewhere = /^(.+):(\d+):(\d+)$/.exec(mark);
  if (elsewhere) return { file: elsewhere[1] === 'eval' ? '(eval)' : elsewhere[1]!, line: Number(elsewhere[2]), column: Number(elsewhere[3]) };
  const comment = `/*${mark}*/`;
  const called = /^function:(.+)$/.exec(mark)?.[1];
  const offset = called ? text.indexOf('(', text.indexOf(`function ${called}`)) : text.indexOf(comment) + comment.length;
  if (offset < comment.length - 1) throw new Error(`no mark ${mark}`);
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}

const names = (list: string | undefined): string[] => (list ? list.split(/, (?=[\w(#"]+)/) : []);
const regexp = (text: string): RegExp => new RegExp(text.replace(/^\/|\/$/g, ''));
const same = (a: string[], b: string[]): boolean => a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n');

/** Whether a task is what is expected. */
export function matches(expected: Expectation, found: FoundTask): boolean {
  const { task } = found;
  return (
    task.name === expected.name &&
    task.kind === expected.kind &&
    task.state === expected.state &&
    Boolean(task.at?.file.endsWith(expected.file)) &&
    task.at?.line === expected.line &&
    task.at.column === expected.column &&
    task.atIsExact === true &&
    awaitsMatch(expected.awaits, found) &&
    same(task.awaitedBy.map(found.nameOf), expected.by) &&
    task.stuck === (expected.stuck !== undefined) &&
    (!expected.stuck || expected.stuck.test(task.stuckReason ?? '')) &&
    (expected.receiver === undefined || task.receiver === expected.receiver) &&
    expected.locals.every((local) => found.locals.includes(local))
  );
}

function awaitsMatch(expected: string, { task, nameOf }: FoundTask): boolean {
  const { awaits } = task;
  if (expected === 'promise') return 'promise' in awaits;
  if (expected.startsWith('task ')) return 'task' in awaits && nameOf(awaits.task) === expected.slice(5);
  const group = /^(all|allSettled|any|race) (\d+)\/(\d+)(?: ([^+]*?))?(?: ?\+ (.*))?$/.exec(expected);
  if (group) {
    const [, kind, pending, total, tasks, resources] = group;
    return (
      'group' in awaits &&
      awaits.group === kind &&
      awaits.pending === Number(pending) &&
      awaits.total === Number(total) &&
      same(awaits.tasks.map(nameOf), names(tasks)) &&
      same((awaits.resources ?? []).map((one) => one.resource), names(resources))
    );
  }
  const [, resource, detail] = /^(\S+)(?: (\/.*\/))?$/.exec(expected) ?? [];
  return 'resource' in awaits && resource!.split('|').includes(awaits.resource) && (!detail || regexp(detail).test(awaits.detail));
}

/** A task in one line, as a failing test shows it. */
export function describeFound({ task, nameOf, locals }: FoundTask): string {
  const { at, awaits } = task;
  const what = 'task' in awaits ? `task ${nameOf(awaits.task)}` : 'group' in awaits ? JSON.stringify({ ...awaits, tasks: awaits.tasks.map(nameOf) }) : JSON.stringify(awaits);
  const by = task.awaitedBy.length ? ` | by ${task.awaitedBy.map(nameOf).join(', ')}` : '';
  return (
    `${task.name} (${task.kind}, ${task.state}) ${at?.file}:${at?.line}:${at?.column}${task.atIsExact ? '' : ' (not exact)'} -> ${what}${by}` +
    `${task.stuck ? ` | stuck ${task.stuckReason}` : ''}${task.receiver ? ` | receiver ${task.receiver}` : ''}${locals.length ? ` | locals ${locals.join(', ')}` : ''}`
  );
}

/** Pairs expectations with tasks so that as many as possible are met; gives those left over on either side. */
export function unmatched(expected: Expectation[], found: FoundTask[]): { missing: Expectation[]; extra: FoundTask[] } {
  const taskOf = new Map<FoundTask, number>();
  const tryPlace = (index: number, seen: Set<FoundTask>): boolean => {
    for (const candidate of found) {
      if (seen.has(candidate) || !matches(expected[index]!, candidate)) continue;
      seen.add(candidate);
      const holder = taskOf.get(candidate);
      if (holder !== undefined && !tryPlace(holder, seen)) continue;
      taskOf.set(candidate, index);
      return true;
    }
    return false;
  };
  const missing = expected.filter((_, index) => !tryPlace(index, new Set()));
  return { missing, extra: found.filter((one) => !taskOf.has(one)) };
}
