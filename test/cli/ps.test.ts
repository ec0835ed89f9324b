import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ProcessReport } from '../../src/cli/look';
import { makeFolder, type Folder } from '../folder';
import { nodeBinary, nodeMajors } from '../host/provision';
import { listeningPorts, TargetProcess } from '../tracer/inspector/target-process';
import { asyncscope, cliPath, type Outcome } from './command';

/** 20 equal workers of a queue, a group, a chain and two functions that wait for each other. */
const program = `
class Queue { waiting = []; take() { return new Promise((resolve) => this.waiting.push(resolve)); } }
class Worker {
  constructor(queue) { this.queue = queue; }
  async loop() { await this.queue.take(); }
}
globalThis.queue = new Queue();
for (let i = 0; i < 20; i++) new Worker(queue).loop();
const timer = () => new Promise((resolve) => setTimeout(resolve, 1e8));
async function fetchOne(id) { const url = '/item/' + id; await timer(); }
async function fetchAll() { await Promise.all([fetchOne(1), fetchOne(2), null]); }
async function main() { await fetchAll(); }
main();
let ping, pong;
async function pinging() { await null; await pong; }
async function ponging() { await null; await ping; }
ping = pinging(); pong = ponging();
globalThis.kept = [ping, pong];
// What a look could leave behind: listeners, handles, timers. Printed on demand.
process.stdin.setEncoding('utf8').on('data', (text) => {
  const handlers = process.eventNames().map((name) => String(name) + process.listenerCount(name));
  console.log('answer ' + text.trim() + ' ' + JSON.stringify([handlers, process.getActiveResourcesInfo().sort()]));
});
setTimeout(() => console.log('ready'), 50);
`;

interface Look extends Outcome {
  report: ProcessReport;
}

async function psJson(target: string | number, ...options: string[]): Promise<Look> {
  const outcome = await asyncscope(['ps', String(target), '--json', ...options], { cwd: process.cwd() });
  assert.equal(outcome.code, 0, outcome.stderr);
  return { ...outcome, report: JSON.parse(outcome.stdout) as ProcessReport };
}

describe('asyncscope ps and tree', () => {
  let folder: Folder;
  let target: TargetProcess;
  before(() => (folder = makeFolder({ 'app.cjs': program })));
  after(() => folder.remove());
  afterEach(() => target.stop());

  const startProgram = (node: string, nodeArgs: string[] = []) =>
    TargetProcess.start(node, `require(${JSON.stringify(path.join(folder.path, 'app.cjs'))})`, { nodeArgs });
  const answer = async (question: string) => {
    target.write(`${question}\n`);
    await target.printed(`answer ${question}`);
    return new RegExp(`^answer ${question} (.*)$`, 'm').exec(target.stdout)?.[1];
  };

  for (const major of nodeMajors) {
    describe(`Node ${major}`, () => {
      let node: string;
      before(async () => (node = await nodeBinary(major)));

      it('lists every pending task and leaves the process as it was', async () => {
        target = await startProgram(node);
        const before = await answer('before');
        const { report } = await psJson(target.pid, '--locals');
        assert.equal(report.version, 1);
        assert.equal(report.target.pid, target.pid);
        assert.match(report.target.node ?? '', new RegExp(`^v${major}\\.`));
        assert.equal(report.target.source, 'heap');
        assert.deepEqual(report.threads.map(({ id, name }) => ({ id, name })), [{ id: '0', name: 'main' }]);
        const tasks = report.threads[0]?.tasks ?? [];
        const named = (name: string) => tasks.filter((task) => task.name === name);
        assert.equal(tasks.length, 26);
        assert.equal(new Set(tasks.map((task) => task.id)).size, 26);
        assert.equal(named('Worker.loop').length, 20);
        const [all] = named('fetchAll');
        const ones = named('fetchOne').map((task) => task.id);
        assert.ok(all && 'group' in all.awaits);
        // Tasks come in the order of their calls in the heap, those of a group in that of their promises.
        assert.deepEqual({ ...all.awaits, tasks: [...all.awaits.tasks].sort() }, { group: 'all', tasks: ones.sort(), pending: 2, total: 3 });
        assert.deepEqual(all?.awaitedBy, [named('main')[0]?.id]);
        assert.deepEqual(named('fetchOne').map((task) => task.locals?.find(({ name }) => name === 'id')?.value).sort(), ['1', '2']);
        assert.ok(all?.at?.file.endsWith('app.cjs'));
        assert.equal(all?.at?.line, 11);
        assert.deepEqual(tasks.filter((task) => task.stuck).map((task) => task.name).sort(), ['pinging', 'ponging']);

        assert.deepEqual(listeningPorts(target.pid), []);
        assert.equal(await answer('after'), before);
        assert.deepEqual(target.stdout.split('\n').map((line) => line.split(' ')[0]), ['ready', 'answer', 'answer', '']);
        // Node itself says on stderr that its inspector opened; nothing else is there.
        assert.match(target.stderr, /^Debugger listening on \S+\nFor help, see: \S+\nDebugger attached\.\n(Debugger ending on .*\nFor help.*\n)?$/);
      });

      it('leaves an inspector open that the program was started with', async () => {
        target = await startProgram(node, ['--inspect=0']);
        const ports = listeningPorts(target.pid);
        assert.equal(ports.length, 1);
        for (const form of [target.pid, `127.0.0.1:${ports[0]}`, /ws:\S+/.exec(target.stderr)?.[0] ?? '']) {
          const { report } = await psJson(form);
          assert.equal(report.target.pid, target.pid);
          assert.equal(report.threads[0]?.tasks.length, 26);
        }
        assert.deepEqual(listeningPorts(target.pid), ports);
      });

      it('closes the inspector and lets the process go on when it is interrupted', async () => {
        const source = `globalThis.kept = Array.from({ length: 12e5 }, (_, i) => ({ i, text: 'n' + i }));
          process.stdin.on('data', (text) => console.log('heard ' + text)); console.log('ready');`;
        target = await TargetProcess.start(node, source);
        const cli = spawn(process.execPath, [cliPath, 'ps', String(target.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
        let stderr = '';
        cli.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        while (!target.stderr.includes('attached')) await once(target.child.stderr!, 'data');
        cli.kill('SIGINT');
        const [code] = (await once(cli, 'close')) as [number];
        assert.equal(code, 130, stderr);
        assert.match(stderr, /asyncscope: Interrupted by SIGINT\.\n$/);
        target.write('you?\n');
        await target.printed('heard you?');
        assert.deepEqual(listeningPorts(target.pid), []);
      });

      it('looks into worker threads and child processes', async () => {
        const waits = (name: string) => `async function ${name}() { await new Promise((resolve) => (globalThis.resolve = resolve)); } ${name}();`;
        const inWorker = `${waits('inWorker')} require('worker_threads').parentPort.on('message', () => {}).postMessage('up');`;
        const inChild = `${waits('inChild')} process.stdin.resume(); console.log('up');`;
        const source = `${waits('inMain')}
          const { Worker } = require('worker_threads');
          new Worker(${JSON.stringify(inWorker)}, { eval: true, name: 'crunch' }).once('message', () => {
            const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inChild)}], { stdio: ['pipe', 'pipe', 'ignore'] });
            child.stdout.once('data', () => console.log('ready ' + child.pid));
          });`;
        target = await TargetProcess.start(node, source);
        const { report } = await psJson(target.pid, '--threads');
        const names = (threads: ProcessReport['threads']) => threads.map((thread) => [thread.id, thread.tasks.map((task) => task.name)]);
        assert.deepEqual(names(report.threads), [['0', ['inMain']], ['1', ['inWorker']]]);
        assert.equal(new Set(report.threads.flatMap((thread) => thread.tasks.map((task) => task.id))).size, 2);
        assert.deepEqual(report.children?.map((child) => names(child.threads)), [[['0', ['inChild']]]]);
        const childPid = Number(/ready (\d+)/.exec(target.stdout)?.[1]);
        assert.equal(report.children?.[0]?.target.pid, childPid);
        assert.deepEqual(report.warnings, []);
        assert.deepEqual([...listeningPorts(target.pid), ...listeningPorts(childPid)], []);

        const text = await asyncscope(['ps', String(target.pid)], { cwd: process.cwd() });
        assert.match(text.stdout, /^Process \d+, Node v\S+: 2 pending tasks\n\nmain: 1 pending\nSTATE .*\n.* inMain .*\n\n.*crunch.*: 1 pending\nSTATE .*\n.* inWorker .*\n$/);
      });
    });
  }

  describe('as text', () => {
    let node: string;
    before(async () => (node = await nodeBinary(24)));

    it('shares a row between tasks that are alike, within the width of the terminal', async () => {
      target = await startProgram(node);
      const { stdout } = await asyncscope(['ps', String(target.pid)], { cwd: folder.path });
      const rows = stdout.trimEnd().split('\n');
      assert.equal(rows[0], `Process ${target.pid}, Node ${/Node (\S+):/.exec(stdout)?.[1] ?? ''}: 26 pending tasks, 2 stuck`);
      assert.match(rows[1] ?? '', /^STATE +TASK +AT +NAME +WAITS FOR +AWAITED BY$/);
      assert.match(stdout, /^awaiting +t\d+ +app\.cjs:5:18 +Worker\.loop ×20 +/m);
      assert.match(stdout, /^awaiting +t\d+ +app\.cjs:10:58 +fetchOne ×2 +Timeout .* +fetchAll$/m);
      assert.match(stdout, /^awaiting +t\d+ +app\.cjs:11:29 +fetchAll +Promise\.all, 1 of 3 settled: fetchOne ×2 +main$/m);
      assert.match(stdout, /^stuck +t\d+ +app\.cjs:\d+:\d+ +pinging +ponging +ponging\n {2}└ \S.*\.$/m);

      const narrow = await asyncscope(['ps', String(target.pid)], { cwd: folder.path, env: { COLUMNS: '80' } });
      for (const line of narrow.stdout.split('\n').slice(1)) assert.ok(line.length <= 80, line);
      assert.match(narrow.stdout, /×20/);
    });

    it('shows only stuck tasks when asked to', async () => {
      target = await startProgram(node);
      const { stdout } = await asyncscope(['ps', String(target.pid), '--stuck'], { cwd: folder.path });
      assert.match(stdout, /: 2 stuck tasks\n/);
      assert.deepEqual([...stdout.matchAll(/^(stuck|awaiting) +t\d+ +\S+ +(\S+)/gm)].map((match) => match[2]).sort(), ['pinging', 'ponging']);
      const { report } = await psJson(target.pid, '--stuck');
      assert.deepEqual(report.threads[0]?.tasks.map((task) => task.name).sort(), ['pinging', 'ponging']);
    });

    it('shows the local variables when asked to', async () => {
      target = await startProgram(node);
      const without = await asyncscope(['ps', String(target.pid)], { cwd: folder.path });
      assert.doesNotMatch(without.stdout, /item/);
      const { stdout } = await asyncscope(['ps', String(target.pid), '--locals'], { cwd: folder.path });
      assert.match(stdout, /fetchOne .*\n(?: {4}.*\n)*? {4}url = "\/item\/1"\n/);
    });

    it('draws who waits for whom, and cycles as such', async () => {
      target = await startProgram(node);
      const { stdout } = await asyncscope(['tree', String(target.pid)], { cwd: folder.path });
      assert.match(stdout, /^Worker\.loop ×20 {2}t\d+ {2}app\.cjs:5:18/m);
      assert.match(stdout, /^main .*\n└─ fetchAll .* Promise\.all, 1 of 3 settled\n {3}└─ fetchOne ×2 .* waits for Timeout /m);
      assert.match(stdout, /^(\w+) .* stuck: .*\n└─ \w+ .* stuck: .*\n {3}└─ \1 .* ↺ a cycle/m);
    });

    it('asks on a terminal before a long pause', async () => {
      // Long strings: a big heap, which is quick to make and to read.
      const source = `globalThis.kept = Array.from({ length: 1500 }, (_, i) => Buffer.alloc(1e5, i).toString('latin1')); process.stdin.resume(); console.log('ready');`;
      target = await TargetProcess.start(node, source);
      const onTerminal = async (reply: string, ...options: string[]) => {
        const words = [process.execPath, cliPath, 'ps', String(target.pid), ...options];
        const terminal = spawn('script', ['-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
        let output = '';
        for await (const text of terminal.stdout.setEncoding('utf8') as AsyncIterable<string>) {
          const asked = output.includes('[y/N]');
          output += text;
          if (!asked && output.includes('[y/N]')) terminal.stdin.write(reply);
        }
        return { output, code: terminal.exitCode ?? ((await once(terminal, 'close')) as [number])[0] };
      };
      const declined = await onTerminal('n\n');
      assert.match(declined.output, /Process \d+ will stand still for about \d+ (?:s|min) \(its heap is \d+ MB\)\. Go on\? \[y\/N\]/);
      assert.equal(declined.code, 1);
      assert.doesNotMatch(declined.output, /pending/);
      const accepted = await onTerminal('y\n');
      assert.match(accepted.output, /no pending tasks/);
      assert.equal(accepted.code, 0);
      const unasked = await onTerminal('', '--yes');
      assert.doesNotMatch(unasked.output, /\[y\/N\]/);
      assert.match(unasked.output, /will stand still for about/);
      assert.match(unasked.output, /no pending tasks/);
      assert.deepEqual(listeningPorts(target.pid), []);
    });
  });
});
