// `ps`: one row for each kind of pending task.
import picocolors from 'picocolors';
import type { Local, Task } from '../tracer/task';
import { awaitedByText, awaitsText, placeMark, placeText, printable, stateText, tasksById, times } from '../tracer/task-text';
import { type Cut, fit } from './terminal-width';

interface Row {
  task: Task;
  count: number;
  /** The place of one of them is known exactly: that of all, since they wait for the same. */
  exact: boolean;
  cells: string[];
}

const columns: { title: string; least: number; cut: Cut }[] = [
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
  const widths = columnWidths(rows, width);
  const lines = [picocolors.dim(fit(formatRow(columns.map(({ title }) => title), widths), width))];
  for (const row of rows) {
    const line = fit(formatRow(row.cells, widths), width);
    lines.push(row.task.stuck ? picocolors.red(line) : line);
    if (row.task.stuckReason) lines.push(picocolors.red(fit(`${gap}└ ${printable(row.task.stuckReason)}`, width)));
    for (const local of row.task.locals ?? []) lines.push(picocolors.dim(localLine(local, width)));
  }
  return lines;
}

export function localLine({ name, value }: Local, width: number, indent = '    '): string {
  return fit(`${indent}${printable(name)} = ${printable(value)}`, width);
}

function collapse(tasks: readonly Task[]): Row[] {
  const byId = tasksById(tasks);
  const rows = new Map<string, Row>();
  for (const task of tasks) {
    const cells = [stateText(task), placeText(task), task.name, awaitsText(task.awaits, byId), awaitedByText(task, byId)].map(printable);
    const key = JSON.stringify([cells, task.defined, task.locals]);
    const exact = task.atIsExact !== false;
    const row = rows.get(key);
    if (row) {
      row.count++;
      row.exact ||= exact;
    } else rows.set(key, { task, count: 1, exact, cells });
  }
  for (const { task, count, exact, cells } of rows.values()) {
    cells[1] = placeMark(exact) + cells[1];
    cells[2] += times(count);
    cells.splice(1, 0, task.id);
  }
  return [...rows.values()].sort(
    (a, b) => Number(b.task.stuck) - Number(a.task.stuck) || b.count - a.count || (a.cells[2] ?? '').localeCompare(b.cells[2] ?? ''),
  );
}

/** As wide as the content, or, where that is too much, the widest columns as narrow as it takes. */
function columnWidths(rows: Row[], width: number): number[] {
  const widths = columns.map(({ title }, index) => rows.reduce((most, { cells }) => Math.max(most, cells[index]?.length ?? 0), title.length));
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

function formatRow(cells: string[], widths: number[]): string {
  return cells
    .map((cell, index) => fit(cell, widths[index] ?? 0, columns[index]?.cut).padEnd(widths[index] ?? 0))
    .join(gap)
    .trimEnd();
}
