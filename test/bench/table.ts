/** A ratio with the goal it is held to. */
export interface Goal {
  readonly what: string;
  readonly value: number;
  /** The value must not be above it. */
  readonly limit: number;
}

/** A table with its first column to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** The goals with their verdicts. */
export function goalTable(goals: readonly Goal[]): string {
  return table([
    ['goal', 'measured', 'at most', ''],
    ...goals.map(({ what, value, limit }) => [what, value.toFixed(3), limit.toFixed(3), value <= limit ? 'met' : 'MISSED']),
  ]);
}
