// A debug session as js-debug has it by default, next to one with tracking on: the agent in the program, async stacks
// only once a breakpoint is set. What they cost the debugged program in processor time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { watchdogName } from '../../src/agent/blocked-loop';
import { connect } from '../../src/tracer/inspector/websocket';
import { agentConfig, agentEnvironment, newSecret } from '../../src/tracer/live/launch';
import { nodeBinary } from '../host/provision';
import { goalTable, table, type Goal } from './table';

/** In turn; the best run of each counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 3);

const programs = [
  { what: 'awaits, three calls deep', file: 'awaits.js', args: ['60000'], ofAll: 1 / 5 },
  // Half of the work here is Node's own, which no debugger slows down: what a session adds to it is compared.
  { what: 'HTTP requests, ten chains of awaits each', file: 'requests.js', args: ['5000', 'async'], ofAdded: 1 / 8 },
  { what: 'HTTP requests, answered at once', file: 'requests.js', args: ['5000', 'plain'], ofAdded: 1 / 8 },
];

/** How the extension asks, while a session lasts. Milliseconds. */
const askEvery = 1000;
/** js-debug's depth of async stacks. */
const stockDepth = 32;

type Session = 'none' | 'stock' | 'tracked';

export async function benchDebug(): Promise<Goal[]> {
  const goals: Goal[] = [];
  const rows = [['debugging', 'Node', 'no debugger', 'stock session', 'with tracking']];
  for (const major of [20, 24] as const) {
    const node = await nodeBinary(major);
    for (const { what, file, args, ofAll, ofAdded } of programs) {
      const best: Record<Session, number> = { none: Infinity, stock: Infinity, tracked: Infinity };
      for (let round = 0; round < rounds; round++) {
        for (const session of ['none', 'stock', 'tracked'] as const) best[session] = Math.min(best[session], await cpuMs(node, file, args, session));
      }
      rows.push([what, String(major), ...(['none', 'stock', 'tracked'] as const).map((session) => `${best[session].toFixed(0)} ms`)]);
      const title = `debugging with tracking on, ${what}, Node ${major}`;
      if (ofAll !== undefined) goals.push({ what: `${title}: CPU / stock session`, value: best.tracked / best.stock, limit: ofAll });
      if (ofAdded !== undefined) goals.push({ what: `${title}: added CPU / stock session`, value: (best.tracked - best.none) / (best.stock - best.none), limit: ofAdded });
    }
  }
  process.stdout.write(`${table(rows)}\n${goalTable(goals)}`);
  return goals;
}

/** The processor time that a program says it took. */
async function cpuMs(node: string, file: string, args: string[], session: Session): Promise<number> {
  const secret = newSecret();
  const agent = agentEnvironment(path.resolve('dist/agent.js'), agentConfig({ secret, blockedMs: 50, debugged: true }));
  const child = spawn(node, [...(session === 'none' ? [] : ['--inspect-brk=127.0.0.1:0']), path.resolve('test/fixtures/bench', file), ...args], {
    env: { ...process.env, NODE_OPTIONS: '', ...(session === 'tracked' && agent) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const debugging = session === 'none' ? undefined : debug(child.stderr, session, secret);
  const [ms] = await said;
  await (await debugging)?.();
  await once(child, 'close');
  return Number(ms);
}

/** Debugs a program as js-debug would, from its first line; what it gives ends that. */
async function debug(stderr: NodeJS.ReadableStream, session: Session, secret: string): Promise<() => Promise<void>> {
  const connection = await connect(await inspectorUrl(stderr), { label: 'the program' });
  const { session: inspector } = connection;
  const stopped = new Promise<void>((resolve) => void inspector.on('Debugger.paused', () => resolve()));
  await inspector.send('Runtime.enable');
  await inspector.send('Debugger.enable');
  if (session === 'stock') await inspector.send('Debugger.setAsyncCallStackDepth', { maxDepth: stockDepth });
  await inspector.send('Runtime.runIfWaitingForDebugger');
  await stopped;
  const ask = (method: string) => inspector.send('Runtime.evaluate', { expression: `globalThis[${JSON.stringify(watchdogName(secret))}]?.${method}()`, returnByValue: true });
  if (session === 'tracked') await ask('watch');
  await inspector.send('Debugger.resume');
  const timer = session === 'tracked' ? setInterval(() => void ask('tell').catch(() => undefined), askEvery) : undefined;
  return async () => {
    clearInterval(timer);
    await connection.close();
  };
}

function inspectorUrl(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    createInterface(stderr).on('line', (line) => {
      const url = /ws:\S+/.exec(line)?.[0];
      if (url) resolve(url);
    });
  });
}
