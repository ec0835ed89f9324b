// `ps`: one row for each kind of pending task.
import type { Local, Task } from '../tracer/task';
import { ageText, awaitedByText, awaitsKind, awaitsText, placeMark, placeText, printable, stateText, tasksById, times } from '../tracer/task-text';
import { colors } from './colors';
import { type Cut, fit } from './terminal-width';

interface Row {
  task: Task;
  count: number;
  /** The place of one of them is known exactly: that of all, since they wait for the same. */
  exact: boolean;
  /** What they wait for, without and with its details. */
  kind: string;
  awaits: string;
  /** What they wait for differs in its details. */
  varied: boolean;
  awaitedBy: string;
  /** Milliseconds; of the oldest. */
  age?: number;
  ageIsMinimum?: boolean;
}

interface Column {
  title: string;
  least: number;
  cut: Cut;
}

const ageColumn: Column = { title: 'AGE', least: 6, cut: 'end' };
const columns: Column[] = [
  { title: 'STATE', least: 8, cut: 'end' },
  { title: 'TASK', least: 4, cut: 'end' },
  { title: 'AT', least: 16, cut: 'start' },
  { title: 'NAME', least: 12, cut: 'end' },
  { title: 'WAITS FOR', least: 14, cut: 'end' },
  { title: 'AWAITED BY', least: 10, cut: 'end' },
];
const gap = '  ';

/** The table's lines. Tasks that differ in nothing shown share a row (`×500`), the stuck ones and the most frequent first. */
export function taskTable(tasks: readonly Task[], width: number): string[] {
  const rows = collapse(tasks);
  // Only the agent knows ages.
  const hasAges = rows.some(({ age }) => age !== undefined);
  const shown = hasAges ? [ageColumn, ...columns] : columns;
  const cells = rows.map((row) => (hasAges ? [rowAge(row), ...rowCells(row)] : rowCells(row)));
  const widths = columnWidths(cells, width, shown);
  const lines = [colors.dim(fit(formatRow(shown.map(({ title }) => title), widths, shown), width))];
  for (const [index, { task }] of rows.entries()) {
    const line = fit(formatRow(cells[index] ?? [], widths, shown), width);
    lines.push(task.stuck ? colors.red(line) : line);
    if (task.stuckReason) lines.push(colors.red(fit(`${gap}└ ${printable(task.stuckReason)}`, width)));
    for (const local of task.locals ?? []) lines.push(colors.dim(localLine(local, width)));
  }
  return lines;
}

export function localLine({ name, value }: Local, width: number, indent = '    '): string {
  return fit(`${indent}${printable(name)} = ${printable(value)}`, width);
}

function collapse(tasks: readonly Task[]): Row[] {
  const byId = tasksById(tasks);
  const rows = new Map<string, Row>();
  let last: Row | undefined;
  for (const task of tasks) {
    // Tasks that wait for the same queue share what is said of it.
    const kind = last?.task.awaits === task.awaits ? last.kind : awaitsKind(task.awaits, byId);
    const awaitedBy = awaitedByText(task, byId);
    // Tasks of one function follow each other, and mostly are alike: a hundred thousand keys take longer than all the rest.
    let row = last && isAlike(last, task, kind, awaitedBy) ? last : undefined;
    if (!row) {
      const key = rowKey(task, kind, awaitedBy);
      row = rows.get(key);
      if (!row) rows.set(key, (row = { task, count: 0, exact: false, kind, awaits: awaitsText(task.awaits, byId), varied: false, awaitedBy }));
      last = row;
    }
    row.count++;
    row.exact ||= task.atIsExact !== false;
    if (task.ageMs !== undefined && task.ageMs > (row.age ?? -1)) {
      row.age = task.ageMs;
      row.ageIsMinimum = task.ageIsMinimum ?? false;
    }
    // Without details the kind is the whole text.
    if (!row.varied && row.awaits !== kind && row.task.awaits !== task.awaits) row.varied = row.awaits !== awaitsText(task.awaits, byId);
  }
  return [...rows.values()].sort(
    (a, b) => Number(b.task.stuck) - Number(a.task.stuck) || b.count - a.count || (placeText(a.task) < placeText(b.task) ? -1 : 1),
  );
}

function isAlike({ task, kind, awaitedBy }: Row, other: Task, otherKind: string, otherAwaitedBy: string): boolean {
  return (
    task.at === other.at &&
    task.state === other.state &&
    task.stuck === other.stuck &&
    task.name === other.name &&
    kind === otherKind &&
    awaitedBy === otherAwaitedBy &&
    !task.locals &&
    !other.locals
  );
}

function rowKey(task: Task, kind: string, awaitedBy: string): string {
  const { at, name, locals } = task;
  return [stateText(task), at?.file, at?.line, at?.column, name, kind, awaitedBy, locals && JSON.stringify(locals)].join('\0');
}

/** `12.4 s`; `≥ 12.4 s` for one that began before it was watched. */
function rowAge({ age, ageIsMinimum }: Row): string {
  return age === undefined ? '' : (ageIsMinimum ? '≥ ' : '') + ageText(age);
}

function rowCells({ task, count, exact, awaits, varied, awaitedBy }: Row): string[] {
  const place = placeText(task);
  return [
    stateText(task),
    task.id,
    place && placeMark(exact) + place,
    task.name + times(count),
    varied ? `${awaits}, …` : awaits,
    awaitedBy,
  ].map(printable);
}

/** As wide as the content, or, where that is too much, the widest columns as narrow as it takes. */
function columnWidths(rows: string[][], width: number, columns: readonly Column[]): number[] {
  const widths = columns.map(({ title }, index) => rows.reduce((most, cells) => Math.max(most, cells[index]?.length ?? 0), title.length));
  const least = columns.map((column, index) => Math.min(column.least, widths[index] ?? 0));
  let over = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width;
  while (over > 0) {
    const shrinkable = widths.map((each, index) => (each > (least[index] ?? 0) ? each : 0));
    const widest = Math.max(...shrinkable);
    if (widest === 0) break;
    const index = shrinkable.indexOf(widest);
    widths[index] = widest - 1;
    over--;
  }
  return widths;
}

function formatRow(cells: string[], widths: number[], columns: readonly Column[]): string {
  return cells
    .map((cell, index) => fit(cell, widths[index] ?? 0, columns[index]?.cut).padEnd(widths[index] ?? 0))
    .join(gap)
    .trimEnd();
}
