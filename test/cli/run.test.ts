import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { transform } from 'esbuild';
import type { HandleReport } from '../../src/tracer/live/handles';
import type { BlockedReport } from '../../src/tracer/live/blocked-loop';
import { agentFixtures, runToEnd, type Ended } from '../agent/agent-process';
import { nodeBinary, nodeMajors } from '../host/provision';
import { cliPath } from './command';

const pending = path.join(agentFixtures, 'pending.js');
const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', COLUMNS: '200' };

function asyncscopeRun(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return runToEnd(process.execPath, [cliPath, 'run', ...args], { ...env, ...more });
}

/** The lines of the table: without age, one space between columns. */
function rows(stderr: string): string[] {
  return [...stderr.matchAll(/^ {2}\S+ m?s {2,}awaiting +t\d+ +(.*)$/gm)].map(([, row]) => row!.replace(/ {2,}/g, ' | '));
}

interface JsonReport {
  processes: { target: { pid: number }; reason: string; exitCode: number | null; threads: { name: string; tasks: { name: string; ageMs: number; created?: { line: number } }[] }[] }[];
}

describe('asyncscope run', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'asyncscope-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const major of nodeMajors) {
    it(`says what is pending at the end, and ends as the program does, on Node ${major}`, async () => {
      const node = await nodeBinary(major);
      for (const [how, { code, signal, says }] of Object.entries(ENDINGS)) {
        const alone = ALONE.has(how) ? await runToEnd(node, [pending, how], env) : undefined;
        const { stderr, ...ended } = await asyncscopeRun([node, pending, how]);
        assert.deepEqual([ended.code, ended.signal], [code, signal], `${how}: ${stderr}`);
        if (alone) assert.deepEqual([alone.code, alone.signal], [code, signal], `${how} without us`);
        assert.match(stderr, says, how);
        const keptAlive = major < 24 ? /was kept alive by:\n {2}Timer\n/ : /was kept alive by:\n {2}Timer every 1\.0 s, due in \S+ m?s, set at test\/fixtures\/agent\/pending\.js:31:5 \d+ ms ago\n/;
        assert.equal(keptAlive.test(stderr), how === 'interrupted', `${how}: ${stderr}`);
        assert.deepEqual(
          rows(stderr).sort(),
          [
            'fixtures/agent/pending.js:4:5 | Worker.loop | Promise of Worker.loop (pending.js:4)',
            'fixtures/agent/pending.js:8:3 | checkout | basket',
            'fixtures/agent/pending.js:11:3 | basket | Promise.all, 0 of 3 settled: price ×3 | checkout',
            'fixtures/agent/pending.js:14:3 | price ×3 | Promise of price (pending.js:14) | basket',
          ]
            .map((row) => `test/${row}`)
            .sort(),
          `${how}: ${stderr}`,
        );
      }
    });

    it(`keeps exit code 13 of an unsettled top-level await on Node ${major}, and says where it is`, async () => {
      const ended = await asyncscopeRun(['--', await nodeBinary(major), path.join(agentFixtures, 'top-level.mjs')]);
      assert.equal(ended.code, 13);
      assert.equal(ended.stdout, 'started\n');
      assert.match(ended.stderr, /1 task pending/);
      assert.match(ended.stderr, /test\/fixtures\/agent\/top-level\.mjs:2:1 +\(top level\)/);
    });

    it(`gives places as they were written in TypeScript that a loader compiles in memory on Node ${major}`, async () => {
      const files = {
        // All on one line, as loaders that care for speed make it.
        'load.cjs': `const { readFileSync } = require('node:fs');
const { transformSync } = require(${JSON.stringify(require.resolve('esbuild'))});
require.extensions['.ts'] = (module, file) => module._compile(transformSync(readFileSync(file, 'utf8'), { loader: 'ts', sourcefile: file, sourcemap: 'inline', minifyWhitespace: true }).code, file);
`,
        'order.ts': `interface Order { id: number }
type Price = (order: Order) => Promise<number>;

const price: Price = async (order: Order): Promise<number> => {
  await new Promise<void>((resolve) => setTimeout(resolve, order.id));
  return order.id;
};

async function checkout(order: Order): Promise<void> {
  const total: number = await price(order);
  console.log(total);
}

void checkout({ id: 1_000_000 });
setTimeout(function stand(): void {
  for (const start = process.cpuUsage(); process.cpuUsage(start).user + process.cpuUsage(start).system < 400_000; );
  setTimeout(() => (isTold() ? process.kill(process.pid, 'SIGINT') : stand()), 10);
});
/** The thread that watches takes a while to start. */
function isTold(): boolean {
  const { secret }: { secret: string } = JSON.parse(process.env.ASYNCSCOPE_AGENT!);
  return JSON.parse(globalThis[\`asyncscope:\${secret}:loop\`].tell()).places.some(({ frames }) => frames.length > 0);
}
`,
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
      const order = path.join(folder, 'order.ts');
      const { stderr } = await asyncscopeRun([await nodeBinary(major), '--require', path.join(folder, 'load.cjs'), order]);
      assert.deepEqual(rows(stderr).sort(), [`${order}:10:25 | checkout | price`, `${order}:5:3 | price | Promise of price (order.ts:5) | checkout`], stderr);
      assert.match(stderr, / ms +\d+× {2}(?:about )?\S+order\.ts:16:\d+ /, stderr);
      if (major >= 24) assert.match(stderr, /Timer of 16 min 40 s, due in .*, set at \S+order\.ts:5:40 /, stderr);
    });

    it(`hears of child processes and worker threads on Node ${major}`, async () => {
      const file = path.join(folder, 'report.json');
      const ended = await asyncscopeRun(['--json', file, await nodeBinary(major), path.join(agentFixtures, 'family.js')]);
      assert.equal(ended.code, 0, ended.stderr);
      const { processes } = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
      assert.equal(processes.length, 3);
      assert.equal(new Set(processes.map(({ target }) => target.pid)).size, 2);
      assert.deepEqual(processes.map(({ threads }) => threads[0]!.name).sort(), ['main', 'main', 'worker 1']);
      for (const { threads, reason } of processes) {
        assert.equal(reason, 'dry');
        assert.deepEqual(threads[0]!.tasks.map(({ name }) => name), ['waitForEver']);
        assert.ok(threads[0]!.tasks[0]!.ageMs >= 0);
        assert.equal(threads[0]!.tasks[0]!.created?.line, 8);
      }
    });
  }

  it('is silent where nothing is pending, and leaves nothing behind', async () => {
    const ended = await asyncscopeRun([process.execPath, '-e', 'console.log(process.argv.length)', 'x', '--json', 'y'], { TMPDIR: folder });
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '4\n', stderr: '' });
    assert.deepEqual(readdirSync(folder), []);
  });

  it('says what kept a program alive that did not end, where it was made in its sources', async () => {
    const source = `import net from 'node:net';
interface Options { port: number }
const options: Options = { port: 0 };
function listen(): void {
  const server = net.createServer().listen(options.port, () => {
    setInterval(() => undefined, 60_000); setTimeout(() => undefined, 60_000).unref();
    for (let i = 0; i < 3; i++) setTimeout(() => undefined, 90_000);
    net.connect((server.address() as net.AddressInfo).port);
  });
  server.on('connection', () => process.kill(process.ppid, 'SIGTERM'));
}
listen();
`;
    const script = path.join(folder, 'app.js');
    const { code, map } = await transform(source, { loader: 'ts', format: 'cjs', sourcemap: 'external', sourcefile: 'app.ts', banner: '// one line more' });
    writeFileSync(path.join(folder, 'app.ts'), source);
    writeFileSync(path.join(folder, 'app.js.map'), map);
    writeFileSync(script, `${code}//# sourceMappingURL=app.js.map\n`);
    const file = path.join(folder, 'report.json');
    const ended = await asyncscopeRun(['--json', file, await nodeBinary(24), script]);
    assert.equal(ended.signal, 'SIGTERM', ended.stderr);
    const places = ended.stderr.replaceAll(`${path.join(folder, 'app.ts')}`, 'app.ts').replace(/\S+ m?s ago/g, '… ago').replace(/due in (\d+ min )?\S+ s/g, 'due in …').replace(/(port |:)\d{4,}/g, '$1…');
    assert.deepEqual(places.split('\n'), [
      'asyncscope: The program was kept alive by:',
      '  Server on port …, made at app.ts:5:37 … ago',
      '  Timer every 1 min 0 s, due in …, set at app.ts:6:5 … ago',
      '  Timer of 1 min 30 s ×3, set at app.ts:7:33 … ago at most',
      '  Socket to [::1]:…, made at app.ts:8:9 … ago',
      '  Connection from [::1]:… to port …, to the server made at app.ts:5:37 … ago',
      '',
    ].map((line) => (places.includes('[::1]') ? line : line.replaceAll('[::1]', '127.0.0.1'))));
    const { processes } = JSON.parse(readFileSync(file, 'utf8')) as { processes: { handles: HandleReport }[] };
    const { keepingAlive, warnings } = processes[0]!.handles;
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      keepingAlive.map(({ kind, resource, count, at }) => [kind, resource, count, at?.line, at?.generated !== undefined]),
      [
        ['server', 'TCPSERVERWRAP', 1, 5, true],
        ['interval', 'Timeout', 1, 6, true],
        ['timer', 'Timeout', 3, 7, true],
        ['socket', 'TCPWRAP', 1, 8, true],
        ['connection', 'TCPWRAP', 1, 5, true],
      ],
    );
    assert.equal(keepingAlive[1]!.handles[0]!.timerMs, 60_000);
  });

  it('says what blocked the event loop', async () => {
    const file = path.join(folder, 'report.json');
    const program = path.join(agentFixtures, 'blocking-often.js');
    const ended = await asyncscopeRun(['--blocked', '100', '--json', file, process.execPath, program]);
    assert.equal(ended.code, 0);
    assert.match(ended.stderr, /^asyncscope: The program blocked its event loop \d+ times, for up to \d+ ms:$/m);
    assert.match(ended.stderr, /^ +\d+ ms +3× {2}(?:about )?test\/fixtures\/agent\/blocking-often\.js:9:\d+ {2}spin(, in now)? {2}in task work$/m);
    const { processes } = JSON.parse(readFileSync(file, 'utf8')) as { processes: { blocked: BlockedReport }[] };
    const spot = processes[0]?.blocked.spots.find(({ at }) => at?.line === 9);
    assert.equal(spot?.count, 3);
    assert.ok(spot.longestMs >= 250);
    assert.deepEqual(spot.stack.filter(({ at }) => at.file === program).map(({ name }) => name), ['spin', 'work']);
    const unwatched = await asyncscopeRun(['--blocked', '0', process.execPath, program]);
    assert.equal(unwatched.stderr, '');
  });

  it('says so where the time for blocks is none', async () => {
    const ended = await asyncscopeRun(['--blocked', 'long', process.execPath, '-e', '0']);
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /Give a whole number of milliseconds\./);
  });

  it('keeps the NODE_OPTIONS that the program would have had', async () => {
    const preload = path.join(folder, 'a folder', 'first "one".js').replace('a folder/', '');
    writeFileSync(preload, 'globalThis.preloaded = true;');
    const ended = await asyncscopeRun([process.execPath, '-e', 'console.log(globalThis.preloaded)'], { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` });
    assert.equal(ended.stdout, 'true\n');
  });

  it('says so where no Node process reports', async () => {
    const ended = await asyncscopeRun([process.platform === 'win32' ? 'hostname' : 'true']);
    assert.equal(ended.code, 0);
    assert.equal(ended.stderr.trim().split('\n').length, 1);
    assert.match(ended.stderr, /No Node process told what was pending/);
  });

  it('says so where the program is killed', async () => {
    const ended = await asyncscopeRun([process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")']);
    assert.equal(ended.signal, 'SIGKILL');
    assert.match(ended.stderr, /Process \d+ ended by SIGKILL before it could tell what was pending\./);
  });

  it('waits for the workers of a cluster that end with it, and says which children go on', async () => {
    const cluster = `const cluster = require('cluster');
      if (cluster.isWorker) {
        (async function handle() { await new Promise(() => setInterval(() => {}, 1e6)); })();
        // Later than the primary, which is gone by then.
        process.on('disconnect', () => { setTimeout(() => process.exit(), 300); });
        process.removeAllListeners('internalMessage');
        process.send('works');
      } else cluster.fork().on('message', () => process.kill(process.pid, 'SIGTERM'));`;
    const program = path.join(folder, 'cluster.cjs');
    writeFileSync(program, cluster);
    const ended = await asyncscopeRun([process.execPath, program]);
    assert.equal(ended.signal, 'SIGTERM');
    assert.match(ended.stderr, /Process \d+ \(cluster\.cjs\) exited \(code 0\) with 1 task pending:/);

    const parent = `const child = require('child_process').spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.once('data', () => { console.log(child.pid); process.exit(); });`;
    const { stdout, stderr } = await asyncscopeRun([process.execPath, '-e', parent]);
    const pid = Number(stdout);
    assert.ok(pid > 0, stderr);
    try {
      assert.match(stderr, new RegExp(`Process ${pid} still runs\\.`));
    } finally {
      process.kill(pid);
    }
  });

  it('says which worker threads could not tell what was pending', async () => {
    const program = `new (require('worker_threads').Worker)('setInterval(() => {}, 1e6); require("worker_threads").parentPort.postMessage(1)', { eval: true })
      .on('message', () => process.kill(process.pid, 'SIGTERM'));`;
    const ended = await asyncscopeRun([process.execPath, '-e', program]);
    assert.equal(ended.signal, 'SIGTERM');
    assert.match(ended.stderr, /^asyncscope: Worker thread \d+ of process \d+ could not tell what was pending; asyncscope ps does, while it runs\.$/m);
  });

  it('has one clear sentence for what cannot be run', async () => {
    const script = path.join(folder, 'app.js');
    writeFileSync(script, '');
    for (const [command, says] of [
      ['no-such-program-here', /no-such-program-here was not found\. Check its name and the PATH\./],
      [script, /app\.js is no program that can be run\. For a script, write: asyncscope run node /],
    ] as const) {
      const ended = await asyncscopeRun([command]);
      assert.equal(ended.code, 2);
      assert.equal(ended.stderr.trim().split('\n').length, 1);
      assert.match(ended.stderr, says);
    }
  });
});

/** Each way to end, with what is left of it and what the report begins with. */
const ENDINGS: Record<string, { code: number | null; signal: NodeJS.Signals | null; says: RegExp }> = {
  dry: { code: 0, signal: null, says: /ended, having nothing left to do, with 6 tasks pending:/ },
  exit: { code: 3, signal: null, says: /exited \(code 3\) with 6 tasks pending:/ },
  exitCode: { code: 4, signal: null, says: /ended, having nothing left to do, with 6 tasks pending:/ },
  error: { code: 1, signal: null, says: /exited \(code 1\) with 6 tasks pending:/ },
  rejection: { code: 1, signal: null, says: /exited \(code 1\) with 6 tasks pending:/ },
  interrupt: { code: null, signal: 'SIGINT', says: /was interrupted with 6 tasks pending:/ },
  interrupted: { code: null, signal: 'SIGINT', says: /was interrupted with 6 tasks pending:/ },
  terminated: { code: 7, signal: null, says: /was terminated with 6 tasks pending:|exited \(code 7\) with 6 tasks pending:/ },
};
/** Those that do the same to a program alone. */
const ALONE = new Set(['dry', 'exit', 'exitCode', 'error', 'rejection', 'interrupt']);
