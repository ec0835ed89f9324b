// What a user may do to a suspended call of a real process.
import assert from 'node:assert/strict';
import { CallControl } from '../../../src/tracer/control/call-control';
import { captureTasks } from '../../../src/tracer/heap/capture';
import { attach, type Attachment } from '../../../src/tracer/inspector/attachment';
import type { TaskCapture } from '../../../src/tracer/task';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../inspector/target-process';

const program = `
const { setTimeout: sleep } = require('node:timers/promises');
const { once } = require('node:events');
const { EventEmitter } = require('node:events');
const say = (text) => console.log(text);

class Loader {
  controller = new AbortController();
  get trap() { say('a getter ran'); return 1; }
  async load(url) {
    const retries = 3;
    const options = { signal: this.controller.signal, get signals() { say('a getter ran'); return []; } };
    options.signal.addEventListener('abort', () => say('listener'));
    try {
      await once(new EventEmitter(), 'data', { signal: options.signal });
    } catch (error) {
      say('load ' + error.name + ' ' + retries);
    }
  }
}
async function either(first) {
  const signal = AbortSignal.any([first, AbortSignal.timeout(1e8)]);
  await once(signal, 'abort');
  say('either went on');
}
const waiting = [];
function outer() {
  const shared = (globalThis.shared = new AbortController());
  shared.signal.onabort = () => say('shared');
  return async function around() {
    shared.signal.addEventListener('abort', () => waiting.pop()());
    await new Promise((resolve) => waiting.push(resolve));
    say('around went on');
  };
}
async function timed(label) {
  await new Promise((resolve) => setTimeout(resolve, 5_000_000, label));
  say('timed went on');
}
async function slept() {
  say('slept ' + await sleep(6_000_000, 'well'));
}
async function polls() {
  let turns = 0;
  let timer;
  await new Promise((resolve) => { timer = setInterval(() => { say('turn ' + ++turns); if (turns === 2) resolve(); }, 7_000_000); });
  clearInterval(timer);
  say('polls went on');
}
async function raced() {
  const never = new Promise(() => undefined);
  await Promise.race([never, sleep(8_000_000), sleep(9_000_000)]);
  say('raced went on');
}
async function reads(list) {
  const text = 'a';
  let count = list.length;
  {
    const inner = { deep: [1, 2] };
    await new Promise((resolve) => (globalThis.goOn = resolve));
    say('reads ' + count + ' ' + list.length + ' ' + text + inner.deep.length);
  }
}
const first = new AbortController();
const loader = new Loader();
void loader.load('http://x');
void either(first.signal);
void outer()();
void timed('one');
void slept();
void polls();
void raced();
void reads([1, 2, 3]);
process.stdin.on('data', () => globalThis.goOn());
new (require('node:worker_threads').Worker)(\`
  const controller = new AbortController();
  async function inWorker() {
    await require('node:timers/promises').setTimeout(1e7, 0, controller).catch((error) => console.log('worker ' + error.name));
  }
  void inWorker();
  async function timedInWorker() {
    await new Promise((resolve) => setTimeout(resolve, 1e7));
    console.log('worker went on');
  }
  void timedInWorker();
\`, { eval: true });
console.log('ready');
`;

for (const major of nodeMajors) {
  describe(`a suspended call, on Node ${major},`, function () {
    this.timeout(60_000);
    let target: TargetProcess;
    let attachment: Attachment;
    let capture: TaskCapture;

    before(async () => {
      target = await TargetProcess.start(await nodeBinary(major), program, { nodeArgs: ['--inspect-port=0'] });
      attachment = await attach({ kind: 'process', pid: target.pid });
      capture = await captureTasks(attachment.session);
    });

    after(async () => {
      assert.doesNotMatch(target.stdout, /a getter ran/);
      await attachment.close();
      await target.stop();
    });

    function control(name: string): CallControl {
      const task = capture.tasks.find((one) => one.name === name);
      const inHeap = task && capture.inHeap(task.id);
      assert.ok(inHeap, `${name} among ${capture.tasks.map((one) => one.name).join()}`);
      return new CallControl(attachment.session, inHeap);
    }

    it('has the signals of its variables aborted', async () => {
      const load = control('Loader.load');
      const { aborts, timers } = (await load.choices())!;
      assert.deepEqual(timers, []);
      assert.equal(aborts.length, 1, 'the controller and its signal are one choice');
      assert.equal(aborts[0]!.listeners, 2, 'that of the program and that of once()');
      assert.ok(['options.signal', 'this.controller'].includes(aborts[0]!.found), aborts[0]!.found);
      assert.equal(await load.change({ kind: 'abort', heapId: aborts[0]!.heapId }), true);
      await target.printed('load AbortError 3');
      assert.match(target.stdout, /listener\nload AbortError 3/);
      assert.equal(await load.choices(), undefined, 'it has finished');
      assert.equal(await load.evaluate('retries', false), undefined);
    });

    it('has the sources of a combined signal aborted', async () => {
      const either = control('either');
      const { aborts } = (await either.choices())!;
      assert.equal(aborts.length, 1, 'AbortSignal.timeout has no controller');
      assert.equal(aborts[0]!.followers, 1);
      await either.change({ kind: 'abort', heapId: aborts[0]!.heapId });
      await target.printed('either went on');
    });

    it('has a controller of the code around it aborted', async () => {
      const around = control('around');
      const { aborts } = (await around.choices())!;
      assert.deepEqual(aborts.map(({ found, listeners }) => [found, listeners]), [['shared of the code around it', 2]]);
      await around.change({ kind: 'abort', heapId: aborts[0]!.heapId });
      await target.printed('around went on');
    });

    it('has its timer fired, as if the time were over', async () => {
      for (const [name, ms, said] of [['timed', 5_000_000, 'timed went on'], ['slept', 6_000_000, 'slept well']] as const) {
        const { timers } = (await control(name).choices())!;
        assert.deepEqual(timers.map((timer) => ({ ...timer, heapId: 0 })), [{ heapId: 0, ms, repeats: false }]);
        assert.equal(await control(name).change({ kind: 'fire', heapId: timers[0]!.heapId }), true);
        await target.printed(said);
        assert.equal(await control(name).change({ kind: 'fire', heapId: timers[0]!.heapId }), false, 'it has ended');
      }
    });

    it('has an interval fired once at a time', async () => {
      const polls = control('polls');
      const [timer] = (await polls.choices())!.timers;
      assert.ok(timer?.repeats && timer.ms === 7_000_000);
      await polls.change({ kind: 'fire', heapId: timer.heapId });
      await target.printed('turn 1');
      // Node sets it again once the callback is over.
      while ((await polls.choices())!.timers[0]?.ms !== timer.ms);
      await polls.change({ kind: 'fire', heapId: timer.heapId });
      await target.printed('polls went on');
    });

    it('has one of several timers cleared, and the other one fired', async () => {
      const raced = control('raced');
      const [shorter, longer, ...others] = (await raced.choices())!.timers.sort((one, other) => one.ms - other.ms);
      assert.deepEqual([shorter?.ms, longer?.ms, others.length], [8_000_000, 9_000_000, 0]);
      assert.equal(await raced.change({ kind: 'clear', heapId: shorter!.heapId }), true);
      assert.equal(await raced.change({ kind: 'fire', heapId: shorter!.heapId }), false, 'it is cleared');
      assert.deepEqual((await raced.choices())!.timers.map(({ ms }) => ms), [9_000_000]);
      await raced.change({ kind: 'fire', heapId: longer!.heapId });
      await target.printed('raced went on');
    });

    it('of a worker thread has the same done to it', async () => {
      const [worker] = await attachment.workerThreads();
      assert.ok(worker);
      const seen = await captureTasks(worker.session);
      const of = (name: string) => new CallControl(worker.session, seen.inHeap(seen.tasks.find((task) => task.name === name)?.id ?? '')!);
      const { aborts } = (await of('inWorker').choices())!;
      assert.equal(aborts.length, 1);
      await of('inWorker').change({ kind: 'abort', heapId: aborts[0]!.heapId });
      await target.printed('worker AbortError');
      const { timers } = (await of('timedInWorker').choices())!;
      assert.equal(timers.length, 1);
      await of('timedInWorker').change({ kind: 'fire', heapId: timers[0]!.heapId });
      await target.printed('worker went on');
    });

    it('has expressions evaluated among its variables', async () => {
      const reads = control('reads');
      const value = async (expression: string, mayChange = false) => reads.evaluate(expression, mayChange);
      assert.deepEqual(await value('count + inner.deep.length + list[0]'), { kind: 'value', text: '6' });
      assert.deepEqual(await value('inner'), { kind: 'value', text: '{deep: Array(2)}' });
      assert.deepEqual(await value('text + process.version'), { kind: 'value', text: JSON.stringify(`a${attachment.node}`) });
      assert.deepEqual(await value('nothing'), { kind: 'thrown', text: 'ReferenceError: nothing is not defined' });
      assert.equal((await value('1 +'))?.kind, 'thrown');
      for (const changing of ['list.push(4)', 'inner.deep = []', 'globalThis.left = 1', 'console.log(1)']) {
        assert.deepEqual(await value(changing), { kind: 'changes' }, changing);
      }
      assert.deepEqual(await value('list.length'), { kind: 'value', text: '3' }, 'nothing has happened');
      assert.deepEqual(await value('list.push(4)', true), { kind: 'value', text: '4' });
      assert.deepEqual(await value('count = 9', true), { kind: 'value', text: '9' }, 'a copy is assigned to');
      target.write('go\n');
      await target.printed('reads 3 4 a2');
    });
  });
}
