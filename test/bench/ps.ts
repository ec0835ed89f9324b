// The whole of `ps`, from the start of the command, next to the bare heap snapshot over the same kind of connection, and next to a
// command that takes that by process id and does nothing with it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { nodeBinary } from '../host/provision';
import { TargetProcess } from '../tracer/inspector/target-process';
import { bareSnapshot } from './bare-snapshot';
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
  const rows = [['Node 24, best of the rounds, ms', 'asyncscope ps', 'bare snapshot', 'as a command', 'ps / bare', 'ps / command']];
  for (const tasks of [10_000, 100_000]) {
    const target = await TargetProcess.start(node, program(tasks));
    try {
      let bare = Infinity;
      let command = Infinity;
      let whole = Infinity;
      for (let round = 0; round < rounds; round++) {
        bare = Math.min(bare, await bareSnapshot(target.pid));
        command = Math.min(command, (await run(node, 'out/test/bench/take-snapshot.js', String(target.pid))).ms);
        const ps = await run(node, 'dist/cli.js', 'ps', String(target.pid));
        if (!ps.output.includes(`: ${tasks.toLocaleString('en-US')} pending tasks`)) throw new Error(`ps did not list ${tasks} tasks:\n${ps.output.slice(0, 2_000)}`);
        whole = Math.min(whole, ps.ms);
      }
      const count = `${tasks.toLocaleString('en-US')} pending tasks`;
      rows.push([count, ...[whole, bare, command].map((ms) => ms.toFixed(0)), ...[whole / bare, whole / command].map((ratio) => ratio.toFixed(2))]);
      goals.push({ what: `asyncscope ps / bare snapshot, ${count}`, value: whole / bare, limit: 1.4 });
    } finally {
      await target.stop();
    }
  }
  process.stdout.write(`${table(rows)}\n${goalTable(goals)}\n`);
  return goals;
}

/** A script from its start to its end, in milliseconds. */
async function run(node: string, script: string, ...args: string[]): Promise<{ ms: number; output: string }> {
  const started = performance.now();
  const child = spawn(node, [path.resolve(script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const ms = performance.now() - started;
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${output.slice(0, 2_000)}`);
  return { ms, output };
}
