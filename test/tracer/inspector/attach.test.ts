import assert from 'node:assert/strict';
import { attach } from '../../../src/tracer/inspector/attachment';
import { closeWhenOpened } from '../../../src/tracer/inspector/open-inspector';
import { snapshotText } from '../snapshot-text';
import type { InspectorSession } from '../../../src/tracer/inspector/session';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { listeningPorts, TargetProcess } from './target-process';

/** Answers each line on stdin, so that its event loop can be seen to turn. */
const echo = `
  process.stdin.setEncoding('utf8').on('data', (text) => console.log('heard ' + text.trim()));
  async function waits() { await new Promise(() => {}); }
  globalThis.kept = waits();
  console.log('ready');`;

async function snapshot(session: InspectorSession): Promise<{ nodes: number; strings: string[] }> {
  const { snapshot, strings } = JSON.parse(await snapshotText(session)) as { snapshot: { node_count: number }; strings: string[] };
  return { nodes: snapshot.node_count, strings };
}

const closedBefore = { kind: 'process' } as const;

for (const major of nodeMajors) {
  describe(`attach to Node ${major}`, () => {
    let node: string;
    let target: TargetProcess;
    before(async () => (node = await nodeBinary(major)));
    afterEach(() => target.stop());

    it('opens the inspector of a running process, and closes it again', async () => {
      target = await TargetProcess.start(node, echo);
      const attachment = await attach({ ...closedBefore, pid: target.pid });
      assert.equal(attachment.pid, target.pid);
      assert.match(attachment.node, new RegExp(`^v${major}\\.`));
      assert.equal(listeningPorts(target.pid).length, 1);
      assert.ok((await snapshot(attachment.session)).strings.includes('waits'));
      await attachment.close();
      assert.deepEqual(listeningPorts(target.pid), []);
      target.write('you?\n');
      await target.printed('heard you?');
      assert.equal(target.stdout, 'ready\nheard you?\n');
    });

    it('leaves an inspector open that was open before', async () => {
      // The program renames itself, and has a server of its own that must not get any request.
      const source = `process.title = 'renamed';
        require('net').createServer(() => console.log('disturbed')).listen(0, '127.0.0.1', () => console.log('ready'));`;
      target = await TargetProcess.start(node, source, { nodeArgs: ['--inspect=0'] });
      const before = listeningPorts(target.pid);
      assert.equal(before.length, 2);
      const attachment = await attach({ ...closedBefore, pid: target.pid });
      assert.equal(attachment.pid, target.pid);
      await attachment.close();
      assert.deepEqual(listeningPorts(target.pid), before);
      assert.equal(target.stdout, 'ready\n');
    });

    it('connects by address and by URL', async () => {
      target = await TargetProcess.start(node, echo, { nodeArgs: ['--inspect=0'] });
      const url = /ws:\S+/.exec(target.stderr)?.[0] ?? '';
      for (const wanted of [
        { kind: 'url', url },
        { kind: 'address', host: 'localhost', port: Number(new URL(url).port) },
      ] as const) {
        const attachment = await attach(wanted);
        assert.equal(attachment.pid, target.pid);
        await attachment.close();
      }
      assert.deepEqual(listeningPorts(target.pid), [Number(new URL(url).port)]);
    });

    for (const [what, loop] of [
      ['a loop that never yields', 'for (let n = 0; ; n++) if (n % 1e6 === 0) fs.writeSync(1, "turn ");'],
      ['promises that never let the event loop turn', '(async () => { for (let n = 0; ; n++) { await null; if (n % 1e4 === 0) fs.writeSync(1, "turn "); } })();'],
    ] as const) {
      it(`takes a snapshot in ${what}, which then goes on`, async () => {
        const source = `const fs = require('fs'); async function waits() { await new Promise(() => {}); }
          globalThis.kept = waits(); fs.writeSync(1, 'ready '); ${loop}`;
        target = await TargetProcess.start(node, source);
        const attachment = await attach({ ...closedBefore, pid: target.pid });
        assert.ok((await snapshot(attachment.session)).strings.includes('waits'));
        const turns = target.stdout.split('turn').length;
        await target.printed('turn', turns + 3);
        await attachment.close();
        assert.deepEqual(listeningPorts(target.pid), []);
        await target.printed('turn', target.stdout.split('turn').length + 3);
      });
    }

    it('reaches worker threads', async () => {
      const worker = `async function inWorker() { await new Promise(() => {}); } globalThis.kept = inWorker();
        require('worker_threads').parentPort.on('message', () => {}).postMessage('up');`;
      const source = `const { Worker } = require('worker_threads');
        const up = (worker) => new Promise((resolve) => worker.once('message', resolve));
        Promise.all([up(new Worker(${JSON.stringify(worker)}, { eval: true, name: 'crunch' })), up(new Worker(${JSON.stringify(worker)}, { eval: true }))])
          .then(() => console.log('ready'));`;
      target = await TargetProcess.start(node, source);
      const attachment = await attach({ ...closedBefore, pid: target.pid });
      const workers = await attachment.workerThreads();
      assert.deepEqual(workers.map(({ id }) => id), ['1', '2']);
      assert.equal(workers[0]?.name, 'crunch');
      for (const { session } of workers) assert.ok((await snapshot(session)).strings.includes('inWorker'));
      await attachment.close();
      assert.deepEqual(listeningPorts(target.pid), []);
    });

    it('works while another debugger has it stopped at a breakpoint, where it stays', async () => {
      target = await TargetProcess.start(node, `${echo} setInterval(() => { debugger; }, 10);`, { nodeArgs: ['--inspect=0'] });
      const debuggers = await attach({ kind: 'url', url: /ws:\S+/.exec(target.stderr)?.[0] ?? '' });
      const paused = new Promise((resolve) => debuggers.session.on('Debugger.paused', resolve));
      let resumed = false;
      debuggers.session.on('Debugger.resumed', () => (resumed = true));
      await debuggers.session.send('Debugger.enable');
      await paused;
      const attachment = await attach({ ...closedBefore, pid: target.pid });
      assert.ok((await snapshot(attachment.session)).strings.includes('waits'));
      await attachment.close();
      await debuggers.session.send('Runtime.evaluate', { expression: '1' });
      assert.equal(resumed, false);
      await debuggers.close();
    });

    it('waits while the inspector of another process holds the port', async () => {
      target = await TargetProcess.start(node, echo);
      const other = await TargetProcess.start(node, echo);
      try {
        const first = await attach({ ...closedBefore, pid: other.pid });
        const second = attach({ ...closedBefore, pid: target.pid });
        await first.session.send('Runtime.evaluate', { expression: '1' });
        await first.close();
        const attachment = await second;
        assert.equal(attachment.pid, target.pid);
        await attachment.close();
        assert.deepEqual([...listeningPorts(target.pid), ...listeningPorts(other.pid)], []);
        // Nobody was told to open an inspector that could not.
        assert.doesNotMatch(target.stderr, /failed/);
      } finally {
        await other.stop();
      }
    });

    it('closes the inspector of a process that opens it later than we could wait', async () => {
      target = await TargetProcess.start(node, echo, { nodeArgs: ['--inspect-port=0'] });
      target.child.kill('SIGSTOP');
      target.child.kill('SIGUSR1');
      const closing = closeWhenOpened(target.pid);
      target.child.kill('SIGCONT');
      await closing;
      assert.deepEqual(listeningPorts(target.pid), []);
      assert.match(target.stderr, /Debugger attached/);
    });

    it('says that the process exited, when it does so half-way', async () => {
      target = await TargetProcess.start(node, echo);
      const attachment = await attach({ ...closedBefore, pid: target.pid });
      const evaluated = attachment.session.send('Runtime.evaluate', { expression: 'process.exit(3)' });
      await assert.rejects(evaluated, { message: `Process ${target.pid} exited while we looked at it.` });
      assert.equal((await attachment.session.closed).reason, `process ${target.pid} exited while we looked at it`);
      await attachment.close();
    });
  });
}
