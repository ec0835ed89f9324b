// Reading a heap snapshot next to JSON.parse on the same bytes: time, and the most memory that the process needed.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeBinary } from '../host/provision';
import type { ReadingCost } from './read-snapshot';
import { goalTable, table, type Goal } from './table';

/** In turn; the best run of each counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 5);

/** Writes a snapshot of itself: chains of two suspended calls, as a busy server has them. */
const program = (tasks: number, file: string) => `
  const waiting = new Map();
  async function query(id) { const sql = 'select ' + id; await new Promise((resolve) => waiting.set(id, resolve)); return sql; }
  async function handle(id) { const started = Date.now(); const row = await query(id); return { row, started }; }
  for (let id = 0; id < ${tasks / 2}; id++) handle(id);
  require('node:v8').writeHeapSnapshot(${JSON.stringify(file)});`;

export async function benchSnapshot(): Promise<Goal[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'));
  const goals: Goal[] = [];
  const rows = [['reading a snapshot', 'size', 'time', 'JSON.parse', 'peak memory', 'JSON.parse']];
  try {
    for (const tasks of [25_000, 250_000]) {
      const file = path.join(folder, `${tasks}.heapsnapshot`);
      execFileSync(await nodeBinary(24), ['-e', program(tasks, file)]);
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
      const ours = { ms: Infinity, peakBytes: Infinity };
      const theirs = { ms: Infinity, peakBytes: Infinity };
      for (let round = 0; round < rounds; round++) {
        better(ours, read('parser', file));
        better(theirs, read('JSON.parse', file));
      }
      const what = `${tasks.toLocaleString('en-US')} suspended calls`;
      rows.push([what, megabytes((await stat(file)).size), `${ours.ms.toFixed(0)} ms`, `${theirs.ms.toFixed(0)} ms`, megabytes(ours.peakBytes), megabytes(theirs.peakBytes)]);
      goals.push({ what: `reading a snapshot of ${what}: time / JSON.parse`, value: ours.ms / theirs.ms, limit: 0.5 });
      // A process of Node needs 45 MB for itself, which is what counts in a small one.
      if (tasks > 100_000) goals.push({ what: `reading a snapshot of ${what}: peak memory / JSON.parse`, value: ours.peakBytes / theirs.peakBytes, limit: 1 / 3 });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  process.stdout.write(`${table(rows)}\n${goalTable(goals)}`);
  return goals;
}

function read(how: 'parser' | 'JSON.parse', file: string): ReadingCost {
  const script = path.resolve('out/test/bench/read-snapshot.js');
  return JSON.parse(execFileSync(process.execPath, [script, how, file], { encoding: 'utf8' })) as ReadingCost;
}

function better(best: ReadingCost, cost: ReadingCost): void {
  best.ms = Math.min(best.ms, cost.ms);
  best.peakBytes = Math.min(best.peakBytes, cost.peakBytes);
}
