// A server under load for minutes, watched live, beside one that nobody watches: nobody's memory may grow.
// ASYNCSCOPE_BENCH_SECONDS is how long; ten minutes unless it says otherwise.
import http from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LiveAgent } from '../../src/tracer/live/live-agent';
import { TaskHistory } from '../../src/tracer/live/task-history';
import { liveWarnings } from '../../src/tracer/live/warnings';
import { agentFixtures } from '../agent/agent-process';
import { nodeBinary } from '../host/provision';
import { TargetProcess } from '../tracer/heap/target-process';
import { goalTable, table, type Goal } from './table';

const seconds = Number(process.env['ASYNCSCOPE_BENCH_SECONDS'] ?? 600);
const REQUESTS_A_SECOND = 300;
const BURST_EVERY_MS = 20;
const CONNECTIONS = 20;
const POLL_EVERY_MS = 500;
const SAMPLES = 40;
/** More than so much from the second quarter of the time to the last is no noise any more. */
const MEGABYTES = 0.5;

interface Memory {
  used: number;
  resident: number;
  requests: number;
}

interface Sample {
  watched: Memory;
  twin: Memory;
  client: number;
  tasks: number;
}

/** Prints megabytes over time; the goals are how much they grow. */
export async function benchSoak(): Promise<Goal[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const node = await nodeBinary(24);
  const args = ['--expose-gc', path.join(agentFixtures, 'soak.js')];
  const targets = [await TargetProcess.start({ node, args }), await TargetProcess.start({ node, args })] as const;
  const [watched] = targets;
  const connections = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let load: NodeJS.Timeout | undefined;
  try {
    const agent = await LiveAgent.install(watched.attachment.session, { agentPath: path.resolve('dist/agent.js') });
    const history = new TaskHistory();
    const ports = await Promise.all(targets.map((target) => evaluate<number>(target, 'port')));
    let failed = 0;
    load = setInterval(() => {
      for (let sent = 0; sent < (REQUESTS_A_SECOND * BURST_EVERY_MS) / 1000; sent++) {
        for (const port of ports) http.get({ host: '127.0.0.1', port, agent: connections }, (response) => response.resume()).on('error', () => failed++);
      }
    }, BURST_EVERY_MS);

    const samples: Sample[] = [];
    const started = performance.now();
    let lost = 0;
    while (samples.length < SAMPLES) {
      await pause(POLL_EVERY_MS);
      const look = await agent.poll();
      history.add(look, performance.now());
      liveWarnings(history);
      lost = look.counts?.lost ?? 0;
      if (performance.now() - started < ((samples.length + 1) * seconds * 1000) / SAMPLES) continue;
      collect();
      const [memory, twins] = await Promise.all(targets.map((target) => evaluate<Memory>(target, 'memory()')));
      samples.push({ watched: memory!, twin: twins!, client: process.memoryUsage().heapUsed, tasks: look.tasks.length });
    }
    process.stdout.write(`${table(rowsOf(samples))}\n`);
    const last = samples.at(-1)!;
    process.stdout.write(`${last.watched.requests} requests, ${failed} failed, ${lost} calls lost, ${last.tasks} tasks pending at the end\n\n`);
    const goals = [
      { what: `growth of the watched program in ${seconds} s, MB`, value: growth(samples, ({ watched: { used } }) => used), limit: MEGABYTES },
      { what: 'growth of its twin that nobody watches, MB', value: growth(samples, ({ twin: { used } }) => used), limit: MEGABYTES },
      { what: 'growth of the client, MB', value: growth(samples, ({ client }) => client), limit: MEGABYTES },
      { what: 'failed requests', value: failed, limit: 0 },
    ];
    process.stdout.write(`${goalTable(goals)}\n`);
    return goals;
  } finally {
    clearInterval(load);
    connections.destroy();
    for (const target of targets) await target.stop();
  }
}

async function evaluate<T>({ attachment: { session } }: TargetProcess, expression: string): Promise<T> {
  return (await session.send<{ result: { value: T } }>('Runtime.evaluate', { expression, returnByValue: true })).result.value;
}

/** From the second quarter's middle value to the last quarter's, in megabytes. */
function growth(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const quarter = samples.length >> 2;
  const middle = (part: readonly Sample[]) => part.map(of).sort((a, b) => a - b)[part.length >> 1] ?? NaN;
  return (middle(samples.slice(-quarter)) - middle(samples.slice(quarter, 2 * quarter))) / 1e6;
}

/** Every fifth sample. */
function rowsOf(samples: readonly Sample[]): string[][] {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const rows = samples.flatMap(({ watched, twin, client, tasks }, index) =>
    index % 5 === 4
      ? [[String(Math.round(((index + 1) * seconds) / SAMPLES)), megabytes(watched.used), megabytes(watched.resident), megabytes(twin.used), megabytes(twin.resident), megabytes(client), String(tasks)]]
      : [],
  );
  return [['seconds', 'watched: used', 'resident', 'twin: used', 'resident', 'client', 'tasks'], ...rows];
}
