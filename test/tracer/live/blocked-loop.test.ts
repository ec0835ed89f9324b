import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { readBlockedLoop } from '../../../src/agent/blocked-loop';
import { parseAnswer } from '../../../src/agent/protocol';
import { captureTasks } from '../../../src/tracer/heap/capture';
import { attach } from '../../../src/tracer/inspector/attachment';
import { BlockedLoopReader, type BlockedReport, type BlockedSpot } from '../../../src/tracer/live/blocked-loop';
import { blockedPlaceText, blockedSpotText, blockedText } from '../../../src/tracer/live/blocked-text';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { TaskHistory } from '../../../src/tracer/live/task-history';
import { liveWarnings } from '../../../src/tracer/live/warnings';
import { agentFixtures, agentPath, runToEnd, secret, withAgent } from '../../agent/agent-process';
import { makeFolder } from '../../folder';
import { nodeBinary, nodeMajors, type NodeMajor } from '../../host/provision';
import { TargetProcess } from '../inspector/target-process';

const blocking = path.join(agentFixtures, 'blocking.js');

describe('the report of a blocked loop', function () {
  this.timeout(60_000);

  it("names the program's own line, and what it called", async () => {
    const report = await reportOf(blocking);
    const parsing = spotAt(report, 'parses');
    assert.equal(parsing.exact, false, 'JavaScript came back from native code: the line is the likely one');
    assert.equal(parsing.name, 'parse');
    const exec = spotAt(report, 'exec');
    assert.equal(exec.exact, true);
    assert.deepEqual([exec.name, exec.calls], ['exec', 'execSync']);
    const derived = spotAt(report, 'derives');
    assert.deepEqual([derived.name, derived.calls], ['derive', 'pbkdf2Sync']);
    assert.equal(derived.stack.at(-1)?.name, 'main');
    assert.deepEqual({ name: derived.task?.name, file: derived.task?.defined.file }, { name: 'main', file: blocking });
    assert.equal(spotAt(report, 'waits').exact, true);
    assert.deepEqual([...report.spots].sort((one, other) => other.totalMs - one.totalMs), report.spots, 'the worst first');
  });

  it('has nothing of a snapshot, which finds the places of calls as in a process without the agent', async () => {
    const program = `async function waits(resolve) { if (resolve) await null; await new Promise((settle) => (globalThis.settle = settle)); await new Promise(() => undefined); }
      void waits(); setTimeout(() => console.log('ready'), 100); setInterval(() => undefined, 1000);`;
    const target = await TargetProcess.start(await nodeBinary(24), program, { nodeArgs: ['--inspect-port=0'], env: withAgent({ blockedMs: 60 }) });
    const attachment = await attach({ kind: 'process', pid: target.pid });
    try {
      for (let looks = 0; looks < 3; looks++) {
        const { tasks } = await captureTasks(attachment.session);
        assert.deepEqual(tasks.map(({ name, at, atIsExact }) => [name, at?.column, atIsExact]), [['waits', program.indexOf('await new') + 1, true]]);
      }
      assert.deepEqual((await new LiveAgent(attachment.session, secret).poll()).answer.parts['blocked'], { thresholdMs: 60, places: [], dropped: 0 });
    } finally {
      await attachment.close();
      await target.stop();
    }
  });

  for (const major of nodeMajors) {
    it(`has nothing of what we do in the program, nor of waiting for a processor, on Node ${major}`, async () => {
      const { target, attachment, blocks } = await watched(major, 'setInterval(() => undefined, 1e8);');
      try {
        const before = await blocks();
        // As a thread looks that gets no processor: no JavaScript of the program's, and no work.
        await attachment.session.send('Runtime.evaluate', { expression: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)' });
        await attachment.session.send('Runtime.evaluate', { expression: 'globalThis.slow = true' });
        assert.deepEqual(await blocks(), before);
        assert.ok(before?.places.every(({ frames }) => frames.some(({ name }) => name === 'spin')));
      } finally {
        await attachment.close();
        await target.stop();
      }
    });

    it(`has a block with its own length, though we work in the middle of it, on Node ${major}`, async () => {
      const program = `
        function blocks(began) { globalThis.slow = true; console.log('begun'); spin(began, 700); console.log('over', performance.now() - began); }
        process.stdin.on('data', () => blocks(performance.now()));`;
      const { target, attachment, agent, blocks } = await watched(major, program);
      try {
        target.write('begin\n');
        await target.printed('begun');
        await agent.poll();
        await target.printed('over');
        const whole = Number(/over (\S+)/.exec(target.stdout)?.[1]);
        const { result } = await attachment.session.send<{ result: { value: number } }>('Runtime.evaluate', { expression: 'slowMs' });
        const place = (await blocks())?.places.find(({ frames }) => frames.some(({ name }) => name === 'blocks'));
        assert.equal(place?.count, 1);
        const { longestMs } = place;
        assert.ok(longestMs >= whole - result.value - 50 && longestMs < whole - result.value / 2, `${longestMs} of ${whole} with ${result.value} of ours`);
      } finally {
        await attachment.close();
        await target.stop();
      }
    });
  }

  it('follows source maps', async () => {
    const folder = makeFolder();
    try {
      const outfile = folder.file('bundle.js');
      await build({ entryPoints: [blocking], bundle: true, platform: 'node', minify: true, sourcemap: 'linked', outfile, logLevel: 'silent' });
      const spot = spotAt(await reportOf(outfile), 'waits');
      assert.equal(spot.at?.generated?.file, outfile);
    } finally {
      folder.remove();
    }
  });

  it('says how long and how often', () => {
    assert.equal(blockedText({ count: 1, longestMs: 230 }), 'blocked the event loop 230 ms');
    assert.equal(blockedText({ count: 14, longestMs: 230 }), 'blocked the event loop up to 230 ms, 14×');
  });

  it('says what ran where, and in which task', () => {
    const at = { file: '/app/report.js', line: 10, column: 3 };
    const task = { id: 't7', name: 'handle', defined: at };
    const spot: BlockedSpot = { at, exact: true, name: 'report', calls: 'readFileSync', task, stack: [], count: 14, totalMs: 1_240, longestMs: 230, lastAt: 0 };
    assert.equal(blockedSpotText(spot), 'blocked the event loop up to 230 ms, 14× (1.2 s in all), in task handle');
    assert.equal(blockedPlaceText(spot), 'report, in readFileSync, at /app/report.js:10:3');
    assert.equal(blockedPlaceText({ ...spot, exact: false }), 'report, in readFileSync, at about /app/report.js:10:3');
    const history = new TaskHistory();
    history.add({ tasks: [], lost: [], blocked: { spots: [spot], dropped: 0 } }, 0);
    assert.deepEqual(liveWarnings(history), [
      {
        check: 'blocked-loop',
        text: 'report, in readFileSync, at /app/report.js:10:3: blocked the event loop up to 230 ms, 14× (1.2 s in all), in task handle.',
        place: at,
        rule: 'no-blocking-call',
        tasks: [],
      },
    ]);
  });

  it('refuses what is damaged', async () => {
    await assert.rejects(new BlockedLoopReader().read({ places: 3 }), /damaged/);
  });
});

/** A program that we put the agent into, which says what it has seen of blocks some turns of the loop later. It has seen one already. */
async function watched(major: NodeMajor, program: string) {
  const spin = 'function spin(began, ms) { while (performance.now() - began < ms); }';
  const target = await TargetProcess.start(await nodeBinary(major), `${spin} ${program} globalThis.spin = spin; console.log('ready');`, { nodeArgs: ['--inspect-port=0'] });
  const attachment = await attach({ kind: 'process', pid: target.pid });
  const agent = await LiveAgent.install(attachment.session, { agentPath, blockedMs: 60 });
  await attachment.session.send('Runtime.evaluate', { expression: slowPart(agent) });
  const blocks = async () => {
    for (let turn = 0; turn < 3; turn++) await attachment.session.send('Runtime.evaluate', { expression: 'new Promise((resolve) => setTimeout(resolve, 5))', awaitPromise: true });
    return readBlockedLoop((await agent.poll()).answer.parts['blocked']);
  };
  // The watching thread takes a while to start.
  do await attachment.session.send('Runtime.evaluate', { expression: 'setTimeout(() => spin(performance.now(), 150), 1)' });
  while (!(await blocks())?.places.some(({ frames }) => frames.some(({ name }) => name === 'spin')));
  return { target, attachment, agent, blocks };
}

/** Where the program says `slow`, the agent's work takes 200 ms once; `slowMs` is how long it took. */
function slowPart({ secret }: LiveAgent): string {
  const work = '(began) => { while (performance.now() - began < 200); globalThis.slowMs = performance.now() - began; }';
  return `globalThis['asyncscope:${secret}'].parts.set('slow', { poll() { if (globalThis.slow && !globalThis.slowMs) (${work})(performance.now()); }, remove() {} })`;
}

async function reportOf(program: string): Promise<BlockedReport> {
  const { stdout, stderr, code } = await runToEnd(await nodeBinary(24), [program], withAgent({ blockedMs: 100 }));
  assert.equal(code, 0, stderr);
  return new BlockedLoopReader().read(parseAnswer(stdout).parts['blocked']);
}

/** The spot at the line with that comment in what was written. */
function spotAt({ spots }: BlockedReport, comment: string): BlockedSpot {
  const line = readFileSync(blocking, 'utf8').split('\n').findIndex((text) => text.endsWith(`// ${comment}`)) + 1;
  const found = spots.filter(({ at }) => at?.file === blocking && at.line === line);
  assert.equal(found.length, 1, `${comment}: ${JSON.stringify(spots, undefined, 1)}`);
  return found[0]!;
}
