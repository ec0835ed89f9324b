import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import type { InspectorSession } from '../../../src/tracer/inspector/session';
import { RemoteWatchdog } from '../../../src/tracer/live/blocked-loop';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { RemoteRecorder } from '../../../src/tracer/live/remote-recorder';
import { StandingQuestion } from '../../../src/tracer/live/standing-question';
import { agentFixtures, agentPath } from '../../agent/agent-process';
import { makeFolder } from '../../folder';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../heap/target-process';

const service = path.join(agentFixtures, 'service.js');
const recorderPath = path.resolve('dist/recorder.js');
/** Each answer is the next number. */
const COUNT = 'function (from) { let n = from; return () => String(n++); }';

/** The names of the scripts that a debugger hears of from now on. */
async function scriptsOf(session: InspectorSession): Promise<string[]> {
  await session.send('Debugger.enable');
  const urls: string[] = [];
  session.on<{ url: string }>('Debugger.scriptParsed', ({ url }) => urls.push(url));
  return urls;
}

describe('a question that is asked again and again', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`makes no script of its own for each time, on Node ${major}`, async () => {
      const folder = makeFolder({ 'threads.js': "const { Worker } = require('node:worker_threads'); new Worker('const wait = async () => { await 1; }; setInterval(() => { wait().then(); }, 5)', { eval: true }).once('online', () => console.log('ready'));" });
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: [folder.file('threads.js')] });
      try {
        for (const session of [target.attachment.session, (await target.attachment.workerThreads())[0]!.session]) {
          const agent = await LiveAgent.install(session, { agentPath, blockedMs: 60_000 });
          const recorder = await RemoteRecorder.start(session, recorderPath, agent.secret);
          const watchdog = new RemoteWatchdog(session, agent.secret);
          let sites = 0;
          const look = async () => {
            await agent.poll();
            await watchdog.tell();
            sites += (await recorder.drain(sites)).sites.length;
          };
          const scripts = await scriptsOf(session);
          await look();
          assert.ok(scripts.length > 0);
          // js-debug keeps next to nothing of those that are called so, and lists none.
          assert.deepEqual(scripts.filter((url) => !url.endsWith('.cdp')), []);
          scripts.length = 0;
          for (let looks = 0; looks < 10; looks++) await look();
          assert.deepEqual(scripts, []);
          await recorder.stop();
          await watchdog.leave();
          await agent.remove();
          const { result } = await session.send<{ result: { value: string } }>('Runtime.evaluate', { expression: 'Object.getOwnPropertyNames(globalThis).join()' });
          assert.doesNotMatch(result.value, /asyncscope/);
        }
      } finally {
        await target.stop();
        folder.remove();
      }
    });

    it(`is answered once each time, at a breakpoint and in a loop as well, on Node ${major}`, async () => {
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: [service] });
      try {
        const { session } = target.attachment;
        const question = new StandingQuestion(session, COUNT, () => [0]);
        let next = 0;
        const isAnswered = async (times: number) => {
          for (; times > 0; times--) assert.equal(await question.ask(), String(next++));
        };
        await session.send('Debugger.enable');
        await isAnswered(3);
        for (let round = 0; round < 3; round++) {
          const paused = new Promise<void>((resolve) => {
            const stop = session.on('Debugger.paused', () => (stop(), resolve()));
          });
          await session.send('Debugger.pause');
          await paused;
          await isAnswered(3);
          // While it goes on, too.
          await Promise.all([session.send('Debugger.resume'), isAnswered(5)]);
          const { result } = await session.send<{ result: { value: number } }>('Runtime.evaluate', { expression: 'setTimeout(() => { while (!globalThis.asked); globalThis.asked = false; }); 0' });
          assert.equal(result.value, 0);
          await isAnswered(4);
          await session.send('Runtime.evaluate', { expression: 'globalThis.asked = true' });
        }
      } finally {
        await target.stop();
      }
    });
  }

  it('is asked with new arguments after it was forgotten, or has failed', async () => {
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: [service] });
    try {
      const { session } = target.attachment;
      let from = 7;
      const question = new StandingQuestion(session, COUNT, () => [from]);
      assert.deepEqual([await question.ask(), await question.ask()], ['7', '8']);
      from = 100;
      question.forget();
      assert.deepEqual([await question.ask(), await question.ask()], ['100', '101']);
      const failing = new StandingQuestion(session, "function () { let times = 0; return () => { if (++times === 2) throw new Error('as asked'); return String(times); }; }", () => []);
      assert.equal(await failing.ask(), '1');
      await assert.rejects(failing.ask(), (error: Error) => /^[A-Z][^\n]*\.$/.test(error.message));
      assert.equal(await failing.ask(), '1');
      assert.equal(await new StandingQuestion(session, 'function () { return () => undefined; }', () => []).ask(), undefined);
    } finally {
      await target.stop();
    }
  });

  it('rejects in one sentence where the process ends', async () => {
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: [service] });
    try {
      const question = new StandingQuestion(target.attachment.session, 'function () { return () => process.exit(3); }', () => []);
      await Promise.all([once(target.child, 'exit'), assert.rejects(question.ask(), (error: Error) => /^[A-Z][^\n]*\.$/.test(error.message))]);
    } finally {
      await target.stop();
    }
  });
});
