// What a user may ask and do about tasks that are followed live in a real process.
import assert from 'node:assert/strict';
import type { BlockedLoop } from '../../../src/agent/blocked-loop';
import { LiveControl } from '../../../src/tracer/control/live-control';
import { attach, type Attachment } from '../../../src/tracer/inspector/attachment';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import type { Task } from '../../../src/tracer/task';
import { agentPath } from '../../agent/agent-process';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../inspector/target-process';

const program = `
globalThis.held = new Promise(() => undefined);
const kept = [];
async function older() { await globalThis.held; }
void older();
async function never(number) { await globalThis.held; }
async function alive(number) { await new Promise((resolve) => kept.push(resolve)); }
async function rounds(number) {
  for (let round = 0; round < 2; round++) {
    const before = number;
    await new Promise((resolve) => goingOn.push(resolve));
    console.log('round', number, before, round);
  }
}
const goingOn = [];
globalThis.goOn = () => { for (const resolve of goingOn.splice(0)) resolve(); };
async function left() { await null; await globalThis.right; }
async function right() { await globalThis.left; }
process.stdin.on('data', () => {
  for (const number of [1, 2, 3]) void never(number);
  for (const number of [1, 2]) void alive(number);
  for (const number of [1, 2, 3]) void rounds(number);
  globalThis.left = left();
  globalThis.right = right();
  setTimeout(() => console.log('begun'), 20);
});
console.log('ready');
`;

for (const major of nodeMajors) {
  describe(`tasks that are followed, on Node ${major},`, function () {
    this.timeout(60_000);
    let target: TargetProcess;
    let attachment: Attachment;
    let agent: LiveAgent;
    let control: LiveControl;

    before(async () => {
      target = await TargetProcess.start(await nodeBinary(major), program, { nodeArgs: ['--inspect-port=0', '--expose-gc'] });
      attachment = await attach({ kind: 'process', pid: target.pid });
      agent = await LiveAgent.install(attachment.session, { agentPath, blockedMs: 75 });
      control = new LiveControl(agent, attachment.session);
      target.write('begin\n');
      await target.printed('begun');
    });

    after(async () => {
      await control.close();
      await agent.remove();
      await attachment.close();
      await target.stop();
    });

    const look = async (): Promise<Task[]> => (await agent.poll()).tasks;

    it('are proved stuck each by itself, with the reason', async () => {
      assert.equal(await control.prove(), 6, 'older, three of never, left and right');
      const tasks = await look();
      const warnings = control.mark(tasks);
      const stuck = tasks.filter((task) => task.stuck);
      assert.deepEqual(stuck.map(({ name }) => name).sort(), ['left', 'never', 'never', 'never', 'right']);
      assert.ok(tasks.filter(({ name }) => name === 'alive').every((task) => !task.stuck));
      assert.match(stuck.find(({ name }) => name === 'left')?.stuckReason ?? '', /^Waits for right, which waits for it in turn\.$/);
      const never = warnings.find(({ text }) => text.startsWith('never'));
      assert.match(never?.text ?? '', /^never ×3 can never go on: waits for a promise that nothing can settle any more/);
      assert.deepEqual(never?.tasks, stuck.filter(({ name }) => name === 'never').map(({ id }) => id));
      assert.deepEqual(warnings.find(({ text }) => text.startsWith('older'))?.tasks, [], 'older than the agent: told, but no task of the list is marked');
    });

    it('are looked at without that being taken for a block', async () => {
      assert.deepEqual((await agent.poll()).answer.parts['blocked'], { thresholdMs: 75, places: [], dropped: 0 });
      const blocked = async () => ((await agent.poll()).answer.parts['blocked'] as BlockedLoop).places.length;
      const block = 'new Promise((resolve) => setTimeout(() => { const until = performance.now() + 150; while (performance.now() < until); setTimeout(resolve, 1); }, 1))';
      // The watching thread takes a while to start.
      do await attachment.session.send('Runtime.evaluate', { expression: block, awaitPromise: true });
      while ((await blocked()) === 0);
    });

    it('are asked about without that being taken for a block', async () => {
      const alive = (await look()).find(({ name }) => name === 'alive');
      const before = (await agent.poll()).answer.parts['blocked'];
      const expression = '(() => { const until = performance.now() + 150; while (performance.now() < until); return number; })()';
      assert.deepEqual(await control.withCall(alive!.id, false, (call) => call.evaluate(expression, true)), { kind: 'value', text: '1' });
      // Several turns later.
      for (let turn = 0; turn < 3; turn++) await attachment.session.send('Runtime.evaluate', { expression: 'new Promise((resolve) => setTimeout(resolve, 5))', awaitPromise: true });
      assert.deepEqual((await agent.poll()).answer.parts['blocked'], before);
    });

    it('are found again after their memory was tidied up', async () => {
      const [first, second] = (await look()).filter(({ name }) => name === 'alive');
      for (const expression of ['gc()', 'for (let i = 0; i < 1e6; i++) ({ i })', 'gc()']) await attachment.session.send('Runtime.evaluate', { expression });
      const read = (task: Task | undefined) => control.withCall(task!.id, false, (call) => call.evaluate('number', false));
      assert.deepEqual([await read(first), await read(second)], [{ kind: 'value', text: '1' }, { kind: 'value', text: '2' }]);
    });

    it('stop the debugger when this very one goes on, and no more', async () => {
      const { session } = attachment;
      const second = (await look()).filter(({ name }) => name === 'rounds')[1];
      await session.send('Debugger.enable');
      const paused = new Promise<{ callFrames: { callFrameId: string; location: { lineNumber: number } }[] }>((resolve) => session.on('Debugger.paused', resolve));
      const third = (await look()).filter(({ name }) => name === 'rounds')[2];
      // As by two clicks, the second before the first has come to anything.
      assert.deepEqual(await Promise.all([1, 2].map(() => control.breakOnResume(third!.id))), ['set', 'removed']);
      assert.equal(await control.breakOnResume(second!.id), 'set');
      await session.send('Runtime.evaluate', { expression: 'setTimeout(goOn, 10)' });
      const [frame] = (await paused).callFrames;
      assert.equal(frame?.location.lineNumber, 11, 'the line after the await');
      const { result } = await session.send<{ result: { value: unknown } }>('Debugger.evaluateOnCallFrame', { callFrameId: frame.callFrameId, expression: 'number' });
      assert.equal(result.value, 2);
      await session.send('Debugger.resume');
      await target.printed('round 3 3 0');
      await session.send('Runtime.evaluate', { expression: 'setTimeout(goOn, 10)' });
      await target.printed('round 3 3 1');
      await session.send('Debugger.disable');
    });

    it('that are older than the agent are refused', async () => {
      await assert.rejects(control.withCall('t999999', false, (call) => call.choices()), /cannot be found in the heap: it has ended, or began before it was watched/);
    });
  });
}
