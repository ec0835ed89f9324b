import assert from 'node:assert/strict';
import path from 'node:path';
import { attach, type Attachment } from '../../../src/tracer/inspector/attachment';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import type { StarvedPlace } from '../../../src/tracer/live/live-tasks';
import { KEPT_LOOKS, TaskHistory } from '../../../src/tracer/live/task-history';
import { liveChecks, liveWarnings, type LiveWarning } from '../../../src/tracer/live/warnings';
import type { Awaits, Task } from '../../../src/tracer/task';
import { makeFolder, type Folder } from '../../folder';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../inspector/target-process';

const file = '/app.js';
const place = (line: number) => ({ file, line, column: 3 });
const task = (id: string, line: number, ageMs: number, awaits: Awaits = { promise: true }): Task => ({
  id,
  name: `call${line}`,
  kind: 'async-function',
  state: 'awaiting',
  stuck: false,
  at: place(line),
  awaits,
  awaitedBy: [],
  ageMs,
});

/** The warnings after looks at these tasks, half a second apart. */
function warningsOf(looks: readonly (readonly Task[])[]): LiveWarning[] {
  const history = new TaskHistory();
  looks.forEach((tasks, index) => history.add({ tasks, lost: [] }, index * 500));
  return liveWarnings(history);
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('warnings at run time', () => {
  it('have an id and a summary each', () => {
    assert.equal(new Set(liveChecks.map(({ id }) => id)).size, liveChecks.length);
    for (const { summary } of liveChecks) assert.match(summary, /^[A-Z].*\.$/);
  });

  describe('slow-wait', () => {
    const ended = (count: number, ageMs: number) => [range(count).map((id) => task(`e${id}`, 1, ageMs)), []];

    it('tells of a call that waits far longer than others did', () => {
      const [warning, ...others] = warningsOf([...ended(20, 300), [task('late', 1, 9_000), task('later', 1, 8_000), task('fresh', 1, 20)]]);
      assert.deepEqual(others, []);
      assert.equal(warning?.text, 'call1 (and 1 more) has waited 9.0 s at /app.js:1:3; of 20 calls that ended there 95 % took at most 300 ms.');
      assert.deepEqual({ check: warning.check, tasks: warning.tasks, place: warning.place }, { check: 'slow-wait', tasks: ['late', 'later'], place: place(1) });
    });

    it('is silent where few have ended, where they take as long, at other places, and for what is short', () => {
      assert.deepEqual(warningsOf([...ended(9, 300), [task('late', 1, 90_000)]]), []);
      assert.deepEqual(warningsOf([...ended(20, 9_000), [task('late', 1, 80_000)]]), []);
      assert.deepEqual(warningsOf([...ended(20, 300), [task('late', 2, 90_000)]]), []);
      assert.deepEqual(warningsOf([...ended(20, 10), [task('late', 1, 4_000)]]), []);
    });
  });

  describe('growing', () => {
    const rising = (counts: readonly number[]) => warningsOf(counts.map((count) => range(count).map((id) => task(`t${id}`, 1, 100))));

    it('tells of a place where more and more wait', () => {
      const [warning, ...others] = rising(range(40).map((look) => 5 + look));
      assert.deepEqual(others, []);
      assert.equal(warning?.text, '44 calls wait at /app.js:1:3, and steadily more: 5 19.5 s ago.');
    });

    it('is silent for what goes up and down, stays, has only jumped, or is new', () => {
      assert.deepEqual(rising(range(40).map((look) => 5 + look * 3 * (look % 2))), []);
      assert.deepEqual(rising(range(40).map(() => 500)), []);
      assert.deepEqual(rising(range(40).map((look) => (look < 20 ? 5 : 500) - (look % 3))), []);
      assert.deepEqual(rising(range(12).map((look) => look * 10)), []);
    });
  });

  describe('await-cycle', () => {
    it('tells of each circle once, however it is entered', () => {
      const tasks = [task('in', 9, 1, { task: 'a' }), task('a', 1, 1, { task: 'b' }), task('b', 2, 1, { group: 'all', tasks: ['c', 'in2'], pending: 2, total: 2 }), task('c', 3, 1, { task: 'a' }), task('in2', 4, 1)];
      const [warning, ...others] = warningsOf([tasks]);
      assert.deepEqual(others, []);
      assert.equal(warning?.text, 'call1 → call2 → call3 → call1: they wait for each other, so that none can go on.');
      assert.deepEqual(warning.tasks, ['a', 'b', 'c']);
    });

    it('is silent where one of several is enough to go on', () => {
      assert.deepEqual(warningsOf([[task('a', 1, 1, { group: 'race', tasks: ['a', 'b'], pending: 2, total: 2 }), task('b', 2, 1)]]), []);
    });
  });

  describe('starvation', () => {
    const looks = (starved: StarvedPlace[]) => {
      const history = new TaskHistory();
      history.add({ tasks: [], lost: [], starved }, 0);
      return liveWarnings(history);
    };

    it('tells how long continuations kept everything else waiting', () => {
      const starved = { name: 'drain', at: place(4), count: 1, longestMs: 230, continuations: 19_000 };
      const [warning, ...others] = looks([starved]);
      assert.deepEqual(others, []);
      assert.equal(warning?.text, 'drain went on and on at /app.js:4:3 for 230 ms, in 19,000 continuations without a pause: timers and I/O had to wait.');
      assert.deepEqual({ check: warning.check, place: warning.place }, { check: 'starvation', place: place(4) });
      assert.match(looks([{ ...starved, count: 3 }])[0]?.text ?? '', / at \/app\.js:4:3, 3 times; the longest for 230 ms, /);
      assert.deepEqual(looks([]), []);
    });
  });

  it('keep what they need and no more', () => {
    const history = new TaskHistory();
    for (const look of range(3 * KEPT_LOOKS)) history.add({ tasks: [task(`t${look}`, look, 10)], lost: [] }, look * 500);
    assert.ok([...history.places].length <= KEPT_LOOKS);
    for (const { counts } of history.places) assert.ok(counts.length <= KEPT_LOOKS);
  });

  describe('of a real program', () => {
    let folder: Folder;
    let target: TargetProcess | undefined;
    let attachment: Attachment | undefined;

    beforeEach(() => (folder = makeFolder()));
    afterEach(async () => {
      await attachment?.close();
      await target?.stop();
      folder.remove();
    });

    for (const major of nodeMajors) {
      it(`tell of continuations that let nothing else run, and not of many that do, nor of one that blocks, on Node ${major}`, async () => {
        folder.write({
          'app.js': `const until = (ms, end = performance.now() + ms) => () => performance.now() < end;
async function drain() {
  for (const goesOn = until(300); goesOn(); ) await null;
}
async function polite() {
  for (const goesOn = until(300); goesOn(); ) {
    for (let i = 0; i < 50; i++) await null;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
async function blocks() {
  await null;
  for (const goesOn = until(300); goesOn(); );
  for (let i = 0; i < 5_000; i++) await null;
}
Object.assign(globalThis, { drain, polite, blocks });
process.stdin.resume();
console.log('ready');
`,
        });
        target = await TargetProcess.start(await nodeBinary(major), `require(${JSON.stringify(folder.file('app.js'))})`, { nodeArgs: ['--inspect-port=0'] });
        attachment = await attach({ kind: 'process', pid: target.pid });
        const { session } = attachment;
        const agent = await LiveAgent.install(session, { agentPath: path.resolve('dist/agent.js') });
        const run = async (name: string) => {
          await session.send('Runtime.evaluate', { expression: `${name}()`, awaitPromise: true });
          return (await agent.poll()).starved;
        };
        assert.deepEqual(await run('polite'), []);
        assert.deepEqual(await run('blocks'), []);
        const [starved, ...others] = await run('drain');
        assert.deepEqual(others, []);
        assert.equal(starved?.name, 'drain');
        assert.equal(starved.at?.line, 3);
        assert.ok(starved.count === 1 && starved.longestMs >= 100 && starved.continuations >= 1_000);
        assert.equal(await agent.remove(), true);
      });
    }

    for (const major of nodeMajors) {
      it(`tell of a rejection that nobody listens to, which is all that they do about it, on Node ${major}`, async () => {
        folder.write({
          'app.js': `const seen = { unhandled: 0, handled: 0 };
process.on('unhandledRejection', () => seen.unhandled++).on('rejectionHandled', () => seen.handled++);
const tick = () => new Promise((resolve) => setImmediate(resolve));
async function floating() {
  await tick();
  throw new Error('refused');
}
async function atOnce() {
  throw new TypeError('wrong');
}
async function fine() {
  await tick();
}
async function late() {
  await tick();
  throw new Error('caught late');
}
let kept;
globalThis.go = async () => {
  floating();
  atOnce();
  fine();
  kept = late();
  await floating().catch(() => {});
  await Promise.all([fine(), floating()]).catch(() => {});
  await fine();
};
globalThis.listen = () => kept.catch(() => {});
globalThis.seen = () => JSON.stringify(seen);
process.stdin.resume();
console.log('ready');
`,
        });
        target = await TargetProcess.start(await nodeBinary(major), `require(${JSON.stringify(folder.file('app.js'))})`, { nodeArgs: ['--inspect-port=0'] });
        attachment = await attach({ kind: 'process', pid: target.pid });
        const { session } = attachment;
        const agent = await LiveAgent.install(session, { agentPath: path.resolve('dist/agent.js') });
        const evaluate = async (expression: string) => (await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })).result.value;
        await agent.poll(); // from now on it keeps them
        await evaluate('go()');
        const first = await agent.poll();
        assert.deepEqual(first.unheard.map(({ name, at, reason }) => [name, at?.line, reason]).sort(), [
          ['atOnce', 21, 'TypeError: wrong'],
          ['floating', 20, 'Error: refused'],
          ['late', 23, 'Error: caught late'],
        ]);
        const history = new TaskHistory();
        history.add({ ...first, unheard: first.unheard.map((call) => ({ ...call, ageMs: 10 })) }, 0);
        assert.deepEqual(liveWarnings(history), [], 'it is too early to say');
        await evaluate('void listen()');
        let warnings: LiveWarning[] = [];
        while (warnings.length < 2) {
          history.add(await agent.poll(), performance.now());
          warnings = liveWarnings(history);
        }
        const texts = warnings.map(({ text }) => text).sort();
        assert.match(texts[0]!, /^atOnce was rejected \d.* ago \(TypeError: wrong\), and nobody listens: called at .*app\.js:21:3\.$/);
        assert.match(texts[1]!, /^floating was rejected \d.* ago \(Error: refused\), and nobody listens: called at .*app\.js:20:3\.$/);
        assert.deepEqual(new Set(warnings.map(({ check, rule }) => `${check} ${rule}`)), new Set(['unheard-rejection no-floating-promises']));
        assert.equal(await evaluate('seen()'), '{"unhandled":3,"handled":1}', 'the program hears of them as ever');
        assert.equal(await agent.remove(), true);
      });
    }

    it('tell of a circle, an overlapping interval and lost calls', async () => {
      folder.write({
        'app.js': `const kept = new Set();
async function refresh() {
  await new Promise((resolve) => kept.add(resolve));
}
async function left() {
  await null;
  await globalThis.right;
}
async function right() {
  await globalThis.left;
}
async function forgotten() {
  await new Promise(() => {});
}
process.stdin.once('data', () => {
  const timer = setInterval(refresh, 5);
  setTimeout(() => clearInterval(timer), 200);
  globalThis.left = left();
  globalThis.right = right();
  forgotten();
});
process.stdin.on('data', () => global.gc());
console.log('ready');
`,
      });
      const app = folder.file('app.js');
      target = await TargetProcess.start(await nodeBinary(24), `require(${JSON.stringify(app)})`, { nodeArgs: ['--inspect-port=0', '--expose-gc'] });
      attachment = await attach({ kind: 'process', pid: target.pid });
      const agent = await LiveAgent.install(attachment.session, { agentPath: path.resolve('dist/agent.js') });
      const history = new TaskHistory();
      const found = new Map<string, LiveWarning>();
      while (found.size < 3) {
        target.write('go\n');
        history.add(await agent.poll(), performance.now());
        for (const warning of liveWarnings(history)) found.set(warning.check, warning);
      }
      assert.match(found.get('await-cycle')?.text ?? '', /^(left → right → left|right → left → right): they wait for each other/);
      assert.match(found.get('overlapping-interval')?.text ?? '', /^The interval's callback refresh at .*app\.js:2:\d+ runs \d+ times at once/);
      assert.equal(found.get('overlapping-interval')?.rule, 'no-misused-promises');
      assert.match(found.get('lost')?.text ?? '', /^forgotten was collected while it waited at .*app\.js:13:3: nothing that existed could have resumed it\.$/);
      assert.equal(found.get('lost')?.place?.line, 13);
      assert.equal(await agent.remove(), true);
    });
  });
});
