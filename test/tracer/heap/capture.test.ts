// What a capture asks of a process, and what it leaves behind there.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { captureTasks } from '../../../src/tracer/heap/capture';
import { readSnapshotFile } from '../../../src/tracer/heap/snapshot-file';
import { snapshotText } from '../snapshot-text';
import type { InspectorSession } from '../../../src/tracer/inspector/session';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from './target-process';

const LOCALS = `
class Point { constructor(x, y) { this.x = x; this.y = y; } get norm() { globalThis.touched = 'getter'; return 1; } }
const traps = new Proxy({}, { get: () => { globalThis.touched = 'proxy'; }, ownKeys: () => { globalThis.touched = 'proxy'; return []; } });
async function hold(argument) {
  const text = 'a "quoted" text', number = 42, big = 10n, yes = true, nothing = null, missing = undefined, symbol = Symbol('s');
  const long = 'x'.repeat(500);
  const list = [1, 'two', { three: 3 }], map = new Map([['k', 1]]), set = new Set(['m']);
  const point = new Point(1, 2), error = new TypeError('bad'), pattern = /a+/g, when = new Date(0);
  const withGetter = { get secret() { globalThis.touched = 'getter'; return 1; }, plain: 1 };
  const withJson = { toJSON() { globalThis.touched = 'toJSON'; } };
  const proxy = traps;
  const fn = function named() {}, arrow = () => {};
  {
    const inner = 'block';
    await new Promise((resolve) => { globalThis.wake = resolve; });
    use(inner);
  }
  use(text, number, big, yes, nothing, missing, symbol, long, list, map, set, point, error, pattern, when, withGetter, withJson, proxy, fn, arrow);
}
function use() {}
hold({ deep: { deeper: 1 } });
setInterval(() => {}, 100000);
console.log('ready');
`;

const evaluate = async (session: InspectorSession, expression: string): Promise<unknown> =>
  (await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression, returnByValue: true })).result.value;

describe('capture', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'))));
  after(() => rm(folder, { recursive: true }));

  async function start(major: (typeof nodeMajors)[number], source: string, file = 'program.js'): Promise<TargetProcess> {
    const program = path.join(folder, file);
    await writeFile(program, source);
    return TargetProcess.start({ node: await nodeBinary(major), args: [program] });
  }

  for (const major of nodeMajors) {
    it(`shows locals without running anything of the program's, on Node ${major}`, async () => {
      const target = await start(major, LOCALS);
      try {
        const { session } = target.attachment;
        const capture = await captureTasks(session);
        assert.deepEqual(capture.tasks.map((task) => task.name), ['hold']);
        const details = await capture.inspect(capture.tasks[0]!.id);
        const locals = Object.fromEntries(details!.locals.map(({ name, value }) => [name, value]));
        assert.match(locals['long']!, /^"x{100,119}…$/);
        assert.match(locals['withJson']!, /^\{toJSON: ƒ\}$/);
        assert.match(locals['proxy']!, /^Proxy/);
        assert.match(locals['when']!, /1970/);
        const expected = {
          argument: '{deep: Object}', text: String.raw`"a \"quoted\" text"`, number: '42', big: '10n', yes: 'true', nothing: 'null', missing: 'undefined',
          symbol: 'Symbol(s)', list: '[1, "two", Object]', map: 'Map(1) {"k" => 1}', set: 'Set(1) {"m"}', point: 'Point {x: 1, y: 2}',
          error: 'TypeError: bad', pattern: '/a+/g', withGetter: '{secret: (getter), plain: 1}', fn: 'ƒ named', arrow: 'ƒ', inner: '"block"',
        };
        for (const [name, value] of Object.entries(expected)) assert.equal(locals[name], value, name);
        assert.equal(await evaluate(session, 'globalThis.touched'), undefined);
        assert.deepEqual(capture.tasks[0]!.locals, details!.locals);

        // Once it has gone on, there is nothing to show.
        await evaluate(session, 'wake()');
        assert.equal(await capture.inspect(capture.tasks[0]!.id), undefined);
        assert.equal(await capture.inspect('t99'), undefined);
        await capture.release();
      } finally {
        await target.stop();
      }
    });

    it(`holds nothing in the process that would make stuck tasks look alive, on Node ${major}`, async () => {
      const target = await start(
        major,
        `const kept = {}; const tick = () => new Promise((resolve) => setImmediate(resolve));
        async function a() { await tick(); await kept.b; } async function b() { await tick(); await kept.a; }
        kept.a = a(); kept.b = b(); globalThis.kept = kept; setTimeout(() => console.log('ready'), 50); setInterval(() => {}, 100000);`,
      );
      try {
        for (let round = 0; round < 2; round++) {
          const capture = await captureTasks(target.attachment.session);
          assert.deepEqual(capture.tasks.map((task) => [task.name, task.stuck]), [['a', true], ['b', true]]);
          for (const task of capture.tasks) assert.ok(await capture.inspect(task.id));
          await capture.release();
        }
      } finally {
        await target.stop();
      }
    });

    it(`finds what is waited for through a promise that was resolved with another a moment ago, on Node ${major}`, async () => {
      const target = await start(
        major,
        `const timer = () => new Promise((resolve) => setTimeout(resolve, 100000));
        async function adopts() { return timer(); }
        async function waits() { await adopts(); }
        const inContext = require('node:vm').runInNewContext('(async function inContext(timer) { await timer(); })');
        waits(); inContext(timer); inContext(() => Promise.resolve());
        console.log('ready');
        while (!globalThis.seen);`,
      );
      try {
        const { tasks } = await captureTasks(target.attachment.session);
        assert.deepEqual(tasks.map(({ name, awaits, stuck }) => [name, 'resource' in awaits ? awaits.resource : awaits, stuck]).sort(), [
          ['inContext', 'Timeout', false], ['inContext', { promise: true }, false], ['waits', 'Timeout', false],
        ]);
      } finally {
        await target.stop();
      }
    });

    it(`tells what is running and what is about to go on at a breakpoint, on Node ${major}`, async () => {
      const target = await start(
        major,
        `const later = new Promise((resolve) => { globalThis.wake = resolve; });
        async function first() { await later; debugger; await inner(); }
        async function second() { await later; await null; }
        async function outer() { await second(); }
        async function inner() {}
        first(); outer(); setInterval(() => {}, 100000); console.log('ready');`,
      );
      try {
        const { session } = target.attachment;
        await session.send('Debugger.enable');
        const paused = new Promise((resolve) => session.on('Debugger.paused', resolve));
        const woken = session.send('Runtime.evaluate', { expression: 'wake()' });
        await paused;
        const capture = await captureTasks(session);
        const states = Object.fromEntries(capture.tasks.map((task) => [task.name, task.state]));
        assert.deepEqual(states, { first: 'running', second: 'ready', outer: 'awaiting' });
        const byName = Object.fromEntries(capture.tasks.map((task) => [task.name, task]));
        assert.deepEqual(byName['outer']!.awaits, { task: byName['second']!.id });
        assert.equal(capture.tasks.some((task) => task.stuck), false);
        await capture.release();
        await session.send('Debugger.enable');
        await session.send('Debugger.resume').catch(() => undefined);
        await woken;
      } finally {
        await target.stop();
      }
    });
  }

  it('gives places of functions for a snapshot file, and says so', async () => {
    const target = await start(24, "async function wait() {\n  const a = await null;\n  await new Promise((resolve) => setTimeout(resolve, 6200000, a));\n}\nwait(); setImmediate(() => console.log('ready'));\n");
    const file = path.join(folder, 'program.heapsnapshot');
    try {
      await writeFile(file, await snapshotText(target.attachment.session));
    } finally {
      await target.stop();
    }
    const capture = await readSnapshotFile(file);
    assert.equal(capture.tasks.length, 1);
    const [task] = capture.tasks;
    assert.equal(task!.name, 'wait');
    assert.deepEqual(task!.at, { file: path.join(folder, 'program.js'), line: 1, column: 20 });
    assert.equal(task!.atIsExact, false);
    assert.deepEqual(task!.awaits, { resource: 'Timeout', detail: '6200000 ms' });
    assert.match(capture.warnings.join(), /where the functions start/);
    assert.equal(await capture.inspect(task!.id), undefined);
  });

  it('is quick where many functions with several awaits would have to be asked for, and says so', async () => {
    const functions = Array.from({ length: 20 }, (_, i) => `async function f${i}() { await null; await new Promise((resolve) => setTimeout(resolve, 6300000)); }\nf${i}();`);
    const target = await start(24, `${functions.join('\n')}\nsetImmediate(() => console.log('ready'));`);
    try {
      const capture = await captureTasks(target.attachment.session, { inspectMs: 0 });
      assert.equal(capture.tasks.length, 20);
      assert.match(capture.warnings.join(), /^The exact await of 20 tasks was not asked for/);
      for (const task of capture.tasks) assert.deepEqual([task.atIsExact, task.at], [false, task.defined]);
    } finally {
      await target.stop();
    }
  });

  it('reads a thread that never comes to rest', async () => {
    const target = await start(
      24,
      "async function waits() { await new Promise((resolve) => setTimeout(resolve, 6400000)); }\nwaits();\nsetImmediate(() => { require('fs').writeSync(1, 'ready\\n'); while (!globalThis.enough); });",
    );
    try {
      const { session } = target.attachment;
      const capture = await captureTasks(session);
      assert.deepEqual(capture.tasks.map((task) => task.name), ['waits']);
      await capture.release();
      assert.equal(await evaluate(session, 'globalThis.enough = true'), true);
    } finally {
      await target.stop();
    }
  });

  it('says in one sentence when the process ends meanwhile', async () => {
    const target = await start(24, "globalThis.kept = Array.from({ length: 300000 }, (_, i) => ({ i, text: 'n' + i }));\nsetInterval(() => {}, 100000); console.log('ready');");
    try {
      const capture = captureTasks(target.attachment.session);
      target.attachment.session.on('HeapProfiler.addHeapSnapshotChunk', () => target.child.kill('SIGKILL'));
      await assert.rejects(capture, (error: Error) => /^[^\n]{10,200}\.$/.test(error.message));
      if (target.child.signalCode === null) await once(target.child, 'exit');
    } finally {
      await target.stop();
    }
  });
});
