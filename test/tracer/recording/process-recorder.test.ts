import assert from 'node:assert/strict';
import path from 'node:path';
import { afterStart } from '../../../src/tracer/live/evaluation';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { chromeTrace } from '../../../src/tracer/recording/chrome-trace';
import { csv } from '../../../src/tracer/recording/csv';
import { layOut } from '../../../src/tracer/recording/lanes';
import { ProcessRecorder } from '../../../src/tracer/recording/process-recorder';
import type { RecordedGap, Recording } from '../../../src/tracer/recording/recording';
import { readRecording, writeRecording } from '../../../src/tracer/recording/recording-file';
import { SpanText } from '../../../src/tracer/recording/span-text';
import { NONE, SpanState, TaskSpans } from '../../../src/tracer/recording/task-spans';
import { agentFixtures, agentPath } from '../../agent/agent-process';
import { nodeBinary, nodeMajors, type NodeMajor } from '../../host/provision';
import { TargetProcess } from '../heap/target-process';
import { checkTrace } from './trace-check';

describe('the recording of a running process', function () {
  this.timeout(60_000);
  let target: TargetProcess;
  let recorder: ProcessRecorder;

  async function start(file: string, major: NodeMajor): Promise<void> {
    target = await TargetProcess.start({ node: await nodeBinary(major), args: [path.join(agentFixtures, file)] });
    const { session, pid, node } = target.attachment;
    const { secret } = await LiveAgent.install(session, { agentPath, blockedMs: 50 });
    recorder = await ProcessRecorder.start({
      threads: [{ name: 'main thread', session, secret }],
      process: { pid, node, label: 'recorded' },
      recorderPath: path.resolve('dist/recorder.js'),
    });
    await recorder.poll();
  }

  async function stop(): Promise<void> {
    await recorder.stop();
    await target.stop();
  }

  describe('of a program that counts its calls', () => {
    beforeEach(() => start('recorded.js', 24));
    afterEach(stop);

    it('has each task with its waits below who waits for it, and nothing twice on one lane', async () => {
      await evaluate('run(20)');
      await recorder.poll();
      const { recording } = recorder;
      const spans = TaskSpans.of(recording);
      const text = new SpanText(recording, spans);
      const rows = rowsOf(spans).filter((row) => spans.state[row] !== SpanState.mistake);
      const named = (name: string) => rows.filter((row) => text.name(row) === name);
      assert.deepEqual(['top', 'middle', 'failing', 'leaf', 'Promise.all (3)', 'forever'].map((name) => named(name).length), [20, 20, 20, 80, 20, 1]);
      const above = (name: string) => [...new Set(named(name).map((row) => (spans.parent[row] === NONE ? '' : text.name(spans.parent[row]!))))].sort();
      assert.deepEqual(above('middle'), ['top']);
      assert.deepEqual(above('Promise.all (3)'), ['top']);
      assert.deepEqual(above('leaf'), ['Promise.all (3)', 'middle']);
      assert.deepEqual(above('failing'), ['middle']);
      const [forever] = named('forever');
      assert.equal(text.state(forever!), 'waiting');
      assert.equal(text.awaited(spans.lastWait[forever!]!), 'a promise of forever (recorded.js:48)');
      assert.deepEqual(pick(text.destination(forever!)), ['recorded.js', 48]);
      assert.deepEqual([...new Set(named('top').map((row) => spans.waitCount[row]))], [2]);
      for (const row of rows) assert.ok(spans.end[row]! >= spans.start[row]! && spans.start[row]! <= recording.now);

      const lanes = layOut(spans, recording.now, 1);
      for (let lane = 0; lane < lanes.count; lane++) {
        let end = -Infinity;
        for (const row of lanes.order.subarray(lanes.first[lane], lanes.first[lane + 1])) {
          assert.ok(spans.start[row]! >= end, 'two tasks of one time share no lane');
          end = Math.min(spans.end[row]!, recording.now);
        }
      }
      for (const row of rows) {
        assert.ok(lanes.lane[row]! >= 0);
        if (spans.parent[row] !== NONE) assert.ok(lanes.lane[row]! > lanes.lane[spans.parent[row]!]!, 'below its awaiter');
      }
    });

    it('is the same when it is read from its file, and in what is exported', async () => {
      await evaluate('run(20)');
      const { recording } = recorder;
      while (recording.blocks.length === 0) {
        await evaluate('block(120)');
        await recorder.poll();
      }
      const again = await readRecording(await writeRecording(recording));
      assert.deepEqual(again.process, recording.process);
      assert.deepEqual([...csv(again)], [...csv(recording)]);
      assert.deepEqual([...chromeTrace(again)], [...chromeTrace(recording)]);
      assert.ok(recording.blocks.some(({ ms }) => ms >= 100));
      const { tasks, blocks, awaits } = checkTrace([...chromeTrace(recording)].join(''));
      assert.equal(tasks.filter(({ name }) => name === 'top').length, 20);
      assert.equal(blocks.length, recording.blocks.length);
      assert.ok(awaits.some(({ name }) => name === 'await Promise.all (3)'));
      assert.equal([...csv(recording)].filter((line) => line.split(',')[2] === 'leaf').length, 80);
    });

    it('says where it was paused, and what ended meanwhile', async () => {
      await evaluate('begin()');
      await recorder.poll();
      await recorder.pause();
      await evaluate('release().then(() => run(3))');
      await recorder.resume();
      await evaluate('run(1)');
      await recorder.poll();
      const { recording } = recorder;
      assert.deepEqual(recording.gaps.map(({ dropped }) => dropped), [0]);
      const spans = TaskSpans.of(recording);
      const text = new SpanText(recording, spans);
      const rows = rowsOf(spans).filter((row) => spans.state[row] !== SpanState.mistake);
      const [waiting] = rows.filter((row) => text.name(row) === 'begin');
      assert.equal(text.state(waiting!), 'ended while nothing was recorded');
      assert.equal(rows.filter((row) => text.name(row) === 'top').length, 1, 'what ran while it was paused is not in it');
      assert.deepEqual(rows.filter((row) => text.name(row) === 'oldest').map((row) => text.doubt(row)), ['began before it was watched'], 'it goes on');
    });

    it('says where events were lost, and takes nothing that ended there for pending', async () => {
      await evaluate('begin()');
      await recorder.poll();
      await evaluate('release().then(() => flood(100_000))');
      await recorder.poll();
      const { recording } = recorder;
      const { from, to, dropped } = recording.gaps.at(-1) as RecordedGap;
      assert.ok(dropped > 200_000 && from > 0 && to > from && to <= recording.now, JSON.stringify(recording.gaps));
      const spans = TaskSpans.of(recording);
      const text = new SpanText(recording, spans);
      const open = rowsOf(spans).filter((row) => spans.end[row] === Infinity && spans.state[row] !== SpanState.mistake);
      // It began before it was watched: it may not have been seen yet.
      assert.deepEqual(open.map((row) => text.name(row)).filter((name) => name !== 'oldest'), []);
      assert.ok(open.length <= 1);
      assert.ok(rowsOf(spans).some((row) => text.name(row) === 'begin' && spans.state[row] === SpanState.vanished));
    });

    it('goes on with a call that runs where events were lost', async () => {
      await evaluate('surge(100_000)');
      await recorder.poll();
      await evaluate('releaseSurge()');
      const { recording } = recorder;
      while ((await evaluate('globalThis.surged', false)) !== true);
      await recorder.poll();
      assert.equal(recording.gaps.length, 1);
      const surges = () => barsOf(recording).filter(({ name }) => name === 'surge');
      assert.deepEqual(surges(), [{ name: 'surge', ended: false }]);
      await evaluate('globalThis.seen = true', false);
      while (!surges()[0]!.ended) await recorder.poll();
      assert.equal(surges().length, 1);
    });

    it('has lanes of their own for worker threads', async () => {
      await evaluate('startWorker()');
      const threads = [];
      for (const { name, session } of [{ name: 'main thread', session: target.attachment.session }, ...(await target.attachment.workerThreads())]) {
        threads.push({ name, session, secret: (await LiveAgent.install(session, { agentPath })).secret });
      }
      assert.equal(threads.length, 2);
      const both = await ProcessRecorder.start({ threads, process: { pid: 1, node: 'v24', label: 'both' }, recorderPath: path.resolve('dist/recorder.js') });
      while (both.recording.count === 0 || !rowsOf(TaskSpans.of(both.recording)).some((row) => TaskSpans.of(both.recording).thread[row] === 1)) await both.poll();
      await evaluate('run(5)');
      await both.poll();
      const spans = TaskSpans.of(both.recording);
      const text = new SpanText(both.recording, spans);
      const lanes = layOut(spans, both.recording.now, both.recording.threads.length);
      const inWorker = rowsOf(spans).filter((row) => spans.thread[row] === 1 && lanes.lane[row] !== NONE);
      assert.ok(inWorker.length > 0 && inWorker.every((row) => lanes.lane[row]! >= lanes.threads[1]!));
      assert.ok(inWorker.some((row) => text.name(row) === 'inWorker'));
      const inMain = rowsOf(spans).filter((row) => text.name(row) === 'top');
      assert.ok(inMain.length === 5 && inMain.every((row) => spans.thread[row] === 0 && lanes.lane[row]! < lanes.threads[1]!));
      checkTrace([...chromeTrace(both.recording)].join(''));
      await both.stop();
    });

    it('takes in worker threads that begin later, and goes on when one ends or does not answer', async () => {
      const { attachment } = target;
      assert.deepEqual(await attachment.workerThreads(), []);
      const added: Promise<void>[] = [];
      const stopListening = attachment.onWorkerThread(({ name, session }) => {
        const install = afterStart(session).then(() => LiveAgent.install(session, { agentPath }));
        added.push(install.then(({ secret }) => recorder.add({ name, session, secret })));
      });
      const { recording } = recorder;
      for (let worker = 1; worker <= 3; worker++) {
        await evaluate('startWorker()');
        while (added.length < worker) await recorder.poll();
        await added[worker - 1];
      }
      stopListening();
      const threadsOf = (name: string) => new Set(rowsWith(recording, name).map(({ thread }) => thread));
      while (threadsOf('inWorker').size < 3) await recorder.poll();
      assert.deepEqual(recording.threads.map((name) => name.replace(/\d+$/, 'N')), ['main thread', 'worker N', 'worker N', 'worker N']);
      assert.ok(rowsWith(recording, 'inWorker').every(({ start }) => start >= 0 && start <= recording.now));

      await evaluate('workers[0].terminate()');
      await evaluate('workers[1].postMessage("block")');
      const count = () => rowsWith(recording, 'inWorker').filter(({ thread }) => thread === 3).length;
      await recorder.pause();
      await recorder.resume();
      const before = count();
      while (count() === before) await recorder.poll();
    });

    it('ends with a sentence when the process does', async () => {
      await target.stop();
      await assert.rejects(recorder.poll(), /\.$/);
      assert.ok(recorder.recording.now > 0);
    });

  });

  for (const major of nodeMajors) {
    it(`has one bar for a call that began before it, however often it begins anew, on Node ${major}`, async () => {
      await start('older-calls.js', major);
      try {
        const twins = () => barsOf(recorder.recording).filter(({ name }) => name === 'twin').length;
        while (twins() < 2) await recorder.poll();
        for (let round = 0; round < 25; round++) {
          await recorder.pause();
          await recorder.resume();
          await recorder.poll();
        }
        const bars = barsOf(recorder.recording).filter(({ name }) => name !== 'inner');
        assert.deepEqual(bars.map(({ name, ended }) => `${name} ${ended}`).sort(), ['alone false', 'calling false', 'twin false', 'twin false']);
      } finally {
        await stop();
      }
    });
  }

  async function evaluate(expression: string, awaitPromise = true): Promise<unknown> {
    const params = { expression, awaitPromise, returnByValue: true };
    return (await target.attachment.session.send<{ result: { value?: unknown } }>('Runtime.evaluate', params, { timeoutMs: 30_000 })).result.value;
  }
});

function rowsOf(spans: TaskSpans): number[] {
  return Array.from({ length: spans.count }, (_, row) => row);
}

function rowsWith(recording: Recording, name: string): { thread: number; start: number }[] {
  const spans = TaskSpans.of(recording);
  const text = new SpanText(recording, spans);
  return rowsOf(spans).filter((row) => text.name(row) === name).map((row) => ({ thread: spans.thread[row]!, start: spans.start[row]! }));
}

function barsOf(recording: Recording): { name: string; ended: boolean }[] {
  const spans = TaskSpans.of(recording);
  const text = new SpanText(recording, spans);
  const rows = rowsOf(spans).filter((row) => spans.state[row] !== SpanState.mistake);
  return rows.map((row) => ({ name: text.name(row), ended: spans.end[row] !== Infinity }));
}

function pick(place: { file: string; line: number } | undefined): unknown[] {
  return [path.basename(place?.file ?? ''), place?.line];
}
