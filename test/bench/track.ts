// What it costs a program to be watched: by the agent, and by others in the same runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { agentConfig, newSecret } from '../../src/tracer/live/launch';
import { LiveAgent } from '../../src/tracer/live/live-agent';
import { accountOf, agentFixtures, runToEnd, tasksIn, withAgent } from '../agent/agent-process';
import { nodeBinary, npmPackages, type NodeMajor } from '../host/provision';
import { TargetProcess } from '../tracer/heap/target-process';
import { goalTable, table, type Goal } from './table';

/** In turn; the middle one counts. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 5);
const program = path.join(agentFixtures, 'cost.js');
const oracle = path.join(agentFixtures, 'oracle.js');
/** They make ten million promises. */
const ORACLE_STEPS = 1_700_000;

/** What V8 itself takes, whoever listens. */
const FLOOR = 'promise hooks that do nothing';
const OTHERS = ['async_hooks with a Map', 'why-is-node-running', 'wtfnode', 'blocked-at', 'js-debug’s default'];
/** Enough to be measured; those that are slow get less. */
const MICRO_AWAITS = 1_000_000;
const MICRO_AWAITS_OF_OTHERS = 60_000;
const REQUESTS = 6_000;
const TIMERS = 500_000;
const TIMERS_OF_OTHERS = 30_000;
const REQUESTS_OF_OTHERS = 300;
const CONNECTIONS = 20;
const PENDING = 100_000;
/** What a live view asks for, and how often. */
const LIVE_TASKS = 10_000;
const POLLS = 40;
const POLL_EVERY_MS = 50;
const POLLS_A_SECOND = 2;

/** Prints the ratios to the unwatched program on Node 20 and 24; the goals, with what was reached. */
export async function benchTrack(): Promise<Goal[]> {
  const packages = await npmPackages('track-1', ['why-is-node-running@2.3.0', 'wtfnode@0.10.1', 'blocked-at@1.2.0'], () => undefined);
  const goals: Goal[] = [];
  for (const major of [20, 24] as const) {
    const bench = new TrackBench(await nodeBinary(major), path.join(packages, 'node_modules'));
    const rows = [[`Node ${major}, × the unwatched program`, 'a million awaits', 'async HTTP handler', 'timers that run at once']];
    const micro = await bench.ratio((watcher) => bench.micro(watcher, MICRO_AWAITS), 'agent');
    const handler = await bench.ratio((watcher) => bench.http(watcher, REQUESTS), 'agent');
    const timers = await bench.ratio((watcher) => bench.run('timers', TIMERS, watcher), 'agent');
    rows.push(['the agent', micro.toFixed(2), handler.toFixed(2), timers.toFixed(2)]);
    const floor = await bench.ratio((watcher) => bench.micro(watcher, MICRO_AWAITS), FLOOR);
    const ofFloor = [await bench.ratio((watcher) => bench.http(watcher, REQUESTS), FLOOR), await bench.ratio((watcher) => bench.run('timers', TIMERS, watcher), FLOOR)];
    rows.push([FLOOR, floor.toFixed(2), ...ofFloor.map((ratio) => ratio.toFixed(2))]);
    for (const other of OTHERS) {
      const awaits = await bench.ratio((watcher) => bench.micro(watcher, MICRO_AWAITS_OF_OTHERS), other, 1);
      const requests = await bench.ratio((watcher) => bench.http(watcher, REQUESTS_OF_OTHERS), other, 1);
      const ofTimers = await bench.ratio((watcher) => bench.run('timers', TIMERS_OF_OTHERS, watcher), other, 1);
      rows.push([other, awaits.toFixed(1), requests.toFixed(1), ofTimers.toFixed(1)]);
    }
    const bytes = (await bench.run('memory', PENDING, 'agent')) - (await bench.run('memory', PENDING, 'none'));
    const off = await bench.median(() => bench.run('off', MICRO_AWAITS / 4, 'agent'));
    goals.push(...goalsOf(major, micro, handler, bytes, off), ...(await livePolls(await nodeBinary(major), major)));
    process.stdout.write(`${table(rows)}\n`);
  }
  goals.push({ what: 'tasks listed wrongly or missed, of 10 million promises, Node 24', value: await wrongTasks(await nodeBinary(24)), limit: 0 });
  process.stdout.write(`${goalTable(goals)}\n`);
  return goals;
}

/** What one look at many tasks costs the process, with all that the inspector does for it, and what is sent. */
async function livePolls(node: string, major: NodeMajor): Promise<Goal[]> {
  const target = await TargetProcess.start({ node, args: ['--expose-gc', program, 'live', String(LIVE_TASKS), 'none'] });
  try {
    const { session } = target.attachment;
    const evaluate = async (expression: string) => (await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression, returnByValue: true })).result.value;
    const agent = await LiveAgent.install(session, { agentPath: path.resolve('dist/agent.js') });
    await evaluate('fill()');
    let bytes = 0;
    const used = async (look: () => Promise<unknown>) => {
      const before = Number(await evaluate('used()'));
      for (let poll = 0; poll < POLLS; poll++) {
        await look();
        await pause(POLL_EVERY_MS);
      }
      return Number(await evaluate('used()')) - before;
    };
    const poll = async () => {
      const { answer, tasks } = await agent.poll();
      if (tasks.length < LIVE_TASKS) throw new Error(`${tasks.length} tasks are listed`);
      bytes += JSON.stringify(answer).length;
    };
    await used(poll); // compiled by now; and the first answer is about all tasks
    bytes = 0;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(-(await used(() => evaluate('0'))) + (await used(poll)));
    const microseconds = (times.sort((a, b) => a - b)[times.length >> 1] ?? NaN) / POLLS;
    const megabytes = (bytes / rounds / POLLS / 1e6) * POLLS_A_SECOND;
    return [
      { what: `two looks a second at ${LIVE_TASKS} tasks, % of the processor, Node ${major}`, value: (microseconds * POLLS_A_SECOND) / 1e4, limit: 1 },
      { what: `the same, MB a second, Node ${major}`, value: megabytes, limit: 1 },
    ];
  } finally {
    await target.stop();
  }
}

/** How far the agent's list is from what a program knows itself, after ten million promises. */
async function wrongTasks(node: string): Promise<number> {
  const { stdout, stderr } = await runToEnd(node, ['--expose-gc', oracle, String(ORACLE_STEPS), '7'], withAgent());
  const { pending, abandonedCalls, answer } = JSON.parse(stdout || '{}') as { pending?: Record<string, number>; abandonedCalls: number; answer: string };
  if (!pending) throw new Error(`The program that keeps account failed: ${stderr}`);
  const { tasks } = tasksIn(answer);
  const listed = accountOf(tasks).pending;
  const names = new Set([...Object.keys(pending), ...Object.keys(listed)]);
  const wrong = [...names].reduce((sum, name) => sum + Math.abs((pending[name] ?? 0) - (listed[name] ?? 0)), 0);
  return wrong + Math.abs(tasks.counts.lost - abandonedCalls);
}

function goalsOf(major: NodeMajor, micro: number, handler: number, bytes: number, off: number): Goal[] {
  return [
    { what: `a million awaits, three deep, Node ${major}`, value: micro, limit: 1.8 },
    { what: `async HTTP handler, processor time, Node ${major}`, value: handler, limit: 1.3 },
    { what: `bytes for a pending task, Node ${major}`, value: bytes, limit: 200 },
    { what: `a million awaits after the agent was removed, Node ${major}`, value: off, limit: 1.1 },
  ];
}

class TrackBench {
  constructor(
    private readonly node: string,
    private readonly modules: string,
  ) {}

  /** The middle of the ratios of paired runs. */
  ratio(measure: (watcher: string) => Promise<number>, watcher: string, times = rounds): Promise<number> {
    return this.median(async () => (await measure(watcher)) / (await measure('none')), times);
  }

  async median(measure: () => Promise<number>, times = rounds): Promise<number> {
    const values: number[] = [];
    for (let round = 0; round < times; round++) values.push(await measure());
    return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
  }

  micro(watcher: string, awaits: number): Promise<number> {
    return this.run('micro', awaits, watcher);
  }

  /** Runs a workload and gives the number that it prints. */
  async run(workload: string, size: number, watcher: string): Promise<number> {
    const child = this.start(workload, size, watcher);
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0 || !(Number(output) > 0)) throw new Error(`${workload} watched by ${watcher} ended with code ${code}: ${output}`);
    return Number(output);
  }

  /** Microseconds of the server's processor time for each request. */
  async http(watcher: string, requests: number): Promise<number> {
    const child = this.start('http', requests, watcher);
    const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const port = Number(line);
      await load(port, agent, requests / 2); // compiled by now
      await get(port, agent, '/start');
      await load(port, agent, requests);
      return Number(await get(port, agent, '/stop'));
    } finally {
      agent.destroy();
      child.kill('SIGKILL');
    }
  }

  private start(workload: string, size: number, watcher: string) {
    const env = {
      ...process.env,
      NODE_PATH: this.modules,
      AGENT_PATH: path.resolve('dist/agent.js'),
      AGENT_CONFIG: JSON.stringify(agentConfig({ secret: newSecret() })),
    };
    return spawn(this.node, ['--expose-gc', program, workload, String(size), watcher], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  }
}

/** Sends requests over all connections, each when the one before is answered. */
async function load(port: number, agent: http.Agent, requests: number): Promise<void> {
  let left = requests;
  const send = async () => {
    while (left-- > 0) await get(port, agent, '/work');
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
}

function get(port: number, agent: http.Agent, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, agent, path: url }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}
