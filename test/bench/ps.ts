// The whole of `ps`, from the start of the command, next to the bare heap snapshot over the same kind of connection.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { attach } from '../../src/tracer/inspector/attachment';
import { nodeBinary } from '../host/provision';
import { TargetProcess } from '../tracer/inspector/target-process';
import { goalTable, table, type Goal } from './table';

/** In turn; the best run of each counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 7);

/** Tasks as a server has them: each a chain of two calls with some data, waiting for something that will come. */
const program = (tasks: number) => `
  const waiting = new Map();
  async function query(id) { const sql = 'select ' + id; await new Promise((resolve) => waiting.set(id, resolve)); return sql; }
  async function handle(id) { const started = Date.now(); const row = await query(id); return { row, started }; }
  for (let id = 0; id < ${tasks / 2}; id++) handle(id);
  globalThis.waiting = waiting;
  process.stdin.resume();
  console.log('ready');`;

/** Prints the times for 10,000 and 100,000 pending tasks on Node 24; the goals, with what was reached. */
export async function benchPs(): Promise<Goal[]> {
  const node = await nodeBinary(24);
  const goals: Goal[] = [];
  const rows = [['Node 24, best of the rounds, ms', 'asyncscope ps', 'bare snapshot', 'with connecting and letting go', 'ps / bare', 'ps / with connecting']];
  for (const tasks of [10_000, 100_000]) {
    const target = await TargetProcess.start(node, program(tasks));
    try {
      let bare = Infinity;
      let connected = Infinity;
      let whole = Infinity;
      for (let round = 0; round < rounds; round++) {
        const times = await bareSnapshot(target.pid);
        bare = Math.min(bare, times.snapshot);
        connected = Math.min(connected, times.whole);
        whole = Math.min(whole, await wholePs(node, target.pid, tasks));
      }
      const count = `${tasks.toLocaleString('en-US')} pending tasks`;
      rows.push([count, ...[whole, bare, connected].map((ms) => ms.toFixed(0)), ...[whole / bare, whole / connected].map((ratio) => ratio.toFixed(2))]);
      goals.push({ what: `asyncscope ps / bare snapshot, ${count}`, value: whole / bare, limit: 1.4 });
    } finally {
      await target.stop();
    }
  }
  process.stdout.write(`${table(rows)}\n${goalTable(goals)}\n`);
  return goals;
}

/** Milliseconds from the request to the last piece, and from the signal to the closed inspector; the pieces are dropped. */
async function bareSnapshot(pid: number): Promise<{ snapshot: number; whole: number }> {
  const begun = performance.now();
  let snapshot: number;
  const attachment = await attach({ kind: 'process', pid });
  try {
    const started = performance.now();
    await attachment.session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false }, { timeoutMs: 120_000 });
    snapshot = performance.now() - started;
  } finally {
    await attachment.close();
  }
  return { snapshot, whole: performance.now() - begun };
}

/** Milliseconds from the start of the command to its end. */
async function wholePs(node: string, pid: number, tasks: number): Promise<number> {
  const started = performance.now();
  const child = spawn(node, [path.resolve('dist/cli.js'), 'ps', String(pid)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  await once(child, 'close');
  const ms = performance.now() - started;
  if (!output.includes(`: ${tasks.toLocaleString('en-US')} pending tasks`)) throw new Error(`ps did not list ${tasks} tasks:\n${output.slice(0, 2_000)}`);
  return ms;
}
