// What it costs to watch the event loop, and how soon a block is seen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { agentConfig, agentEnvironment, newSecret } from '../../src/tracer/live/launch';
import { nodeBinary } from '../host/provision';
import { goalTable, table, type Goal } from './table';

/** In turn; the best run of each counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 3);

/** The time that is waited, long after the watching thread has started. */
const idleMs = 4000;
const idle = `setTimeout(() => {
  const before = process.cpuUsage();
  setTimeout(() => { const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000); }, ${idleMs});
}, 1500)`;

export async function benchBlockedLoop(): Promise<Goal[]> {
  const goals: Goal[] = [];
  const rows = [['watching the event loop', 'Node', 'unwatched', 'watched']];
  const requests = path.resolve('test/fixtures/bench/requests.js');
  for (const major of [20, 24] as const) {
    const node = await nodeBinary(major);
    const best = { idle: [Infinity, Infinity], requests: [Infinity, Infinity] };
    for (let round = 0; round < rounds; round++) {
      for (const watched of [0, 1]) {
        best.idle[watched] = Math.min(best.idle[watched]!, await cpuMs(node, ['-e', idle], watched === 1));
        best.requests[watched] = Math.min(best.requests[watched]!, await cpuMs(node, [requests, '20000', 'plain'], watched === 1));
      }
    }
    const ms = (values: number[]) => values.map((value) => `${value.toFixed(1)} ms`);
    rows.push([`idle for ${idleMs / 1000} s`, String(major), ...ms(best.idle)], ['20,000 HTTP requests', String(major), ...ms(best.requests)]);
    goals.push(
      { what: `watching an idle process, Node ${major}: share of a processor`, value: (best.idle[1]! - best.idle[0]!) / idleMs, limit: 0.01 },
      { what: `watching a busy HTTP server, Node ${major}: CPU / unwatched`, value: best.requests[1]! / best.requests[0]!, limit: 1.1 },
    );
  }
  process.stdout.write(`${table(rows)}\n${goalTable(goals)}`);
  return goals;
}

/** The processor time that a program says it took. */
async function cpuMs(node: string, args: string[], watched: boolean): Promise<number> {
  const agent = agentEnvironment(path.resolve('dist/agent.js'), agentConfig({ secret: newSecret(), track: false, blockedMs: 50 }));
  const child = spawn(node, args, { env: { ...process.env, NODE_OPTIONS: '', ...(watched && agent) }, stdio: ['ignore', 'pipe', 'inherit'] });
  const said = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const [[ms]] = await Promise.all([said, once(child, 'close')]);
  return Number(ms);
}
