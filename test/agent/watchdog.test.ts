import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { readBlockedLoop, type BlockedLoop, type BlockedPlace } from '../../src/agent/blocked-loop';
import { parseAnswer } from '../../src/agent/protocol';
import { onAllAtOnce } from '../all-versions';
import { nodeBinary, nodeMajors } from '../host/provision';
import { agentFixtures, agentPath, runToEnd, withAgent } from './agent-process';

const blocking = path.join(agentFixtures, 'blocking.js');
const notBlocking = path.join(agentFixtures, 'not-blocking.js');

/**
 * For programs that go on until the agent tells of their blocks: the watching thread takes a while to start, and sees
 * nothing while it gets no processor.
 */
const asks = `
  const ask = () => globalThis['asyncscope:' + JSON.parse(process.env.ASYNCSCOPE_AGENT).secret].poll('{"version":1,"sites":0}');
  const blocked = () => JSON.parse(ask()).parts.blocked;
  const isTold = (name) => blocked().places.some(({ frames }) => frames.some((frame) => frame.name === name));
  function spin(ms) { const until = performance.now() + ms; while (performance.now() < until); }`;

/** Waits for so long that it would be a block of more than three seconds. */
const leavesOutWait = onAllAtOnce(async (major) => {
  const program = `${asks}
    process.on('SIGUSR2', function handles() { spin(300); setTimeout(() => isTold('handles') ? (console.log(ask()), process.exit()) : wait(), 100); });
    function wait() { require('node:child_process').spawn('sh', ['-c', 'sleep 4; kill -USR2 ' + process.pid], { stdio: 'ignore' }); }
    wait();
    setInterval(() => {}, 1e6);`;
  const { stdout, stderr } = await runToEnd(await nodeBinary(major), ['-e', program], withAgent({ blockedMs: 100 }));
  const place = blockedIn(stdout).places.find(({ frames }) => frames.some(({ name }) => name === 'handles'));
  assert.ok(place && place.longestMs >= 250 && place.longestMs < 3_000, `${stdout}${stderr}`);
});

describe('the watchdog', function () {
  this.timeout(120_000);

  for (const major of nodeMajors) {
    it(`reports every block with the line that blocked on Node ${major}`, async () => {
      const { code, stdout, stderr } = await runToEnd(await nodeBinary(major), [blocking], withAgent({ blockedMs: 100 }));
      assert.equal(code, 0, stderr);
      const { places, dropped, thresholdMs } = blockedIn(stdout);
      assert.equal(thresholdMs, 100);
      assert.equal(dropped, 0);
      const at = (comment: string, caller?: string) => placeAt(places, comment, caller);

      assert.ok(at('spins', 'busy loop').totalMs >= 300);
      assert.ok(at('exec').totalMs >= 300);
      assert.equal(at('exec').frames[0]?.url, 'node:child_process');
      assert.ok(at('derives').totalMs >= 100);
      assert.ok(at('waits').totalMs >= 300);
      assert.ok(at('matches').totalMs >= 100);
      assert.ok(at('reads').totalMs >= 300);
      assert.ok(at('starves').totalMs >= 300);
      const repeated = at('spins', 'repeated');
      assert.ok(repeated.count >= 3);
      assert.ok(repeated.longestMs >= 250 && repeated.totalMs >= 3 * 250 && repeated.totalMs >= repeated.longestMs);
      assert.ok(at('spins', 'in a callback').longestMs >= 400);
      assert.deepEqual([repeated.task?.name, repeated.task?.url, repeated.task?.line], ['main', blocking, lineOf('main')]);
      assert.equal(at('starves').task?.name, 'step', 'the call that runs, not those that wait for it');
      assert.equal(at('spins', 'in a callback').task, undefined, 'no async call');

      // Native code that calls nothing: the stack is met where JavaScript goes on.
      const parsing = at('after parsing');
      assert.ok(parsing.late);
      assert.equal(parsing.frames[0]?.name, 'parse');
      for (const place of places) assert.ok(Math.abs(Date.now() - place.lastAt) < 60_000, 'the time of day is right');
    });

    it(`has the stack of a block at the program's very beginning on Node ${major}`, async () => {
      const program = `${asks}
        setTimeout(function early() { spin(300); while (!blocked().goingOn?.frames.length) spin(10); console.log(ask()); }, 5);`;
      const { stdout } = await runToEnd(await nodeBinary(major), ['-e', program], withAgent({ blockedMs: 100 }));
      const { goingOn } = blockedIn(stdout);
      assert.equal(goingOn?.frames.filter(({ url }) => !url.startsWith('node:')).at(-1)?.name, 'early', stdout);
    });

    it(`leaves out the wait that a signal ended before the block on Node ${major}`, () => leavesOutWait(major));

    it(`has the program's line where it asks the agent for long on Node ${major}`, async () => {
      const program = `${asks}
        setTimeout(function asks() {
          const until = performance.now() + 400;
          while (performance.now() < until) ask();
          setTimeout(() => blocked().places.length > 0 ? console.log(ask()) : asks(), 50);
        }, 50);`;
      const { stdout } = await runToEnd(await nodeBinary(major), ['-e', program], withAgent({ blockedMs: 100 }));
      const [place] = blockedIn(stdout).places;
      assert.ok(place && place.frames.length > 0, stdout);
      assert.ok(!place.frames.some(({ url }) => url === agentPath), JSON.stringify(place.frames));
      assert.ok(place.frames.some(({ name }) => name === 'asks'), JSON.stringify(place.frames));
    });

    it(`does not take waiting, short work or a stopped process for a block on Node ${major}`, async () => {
      const child = spawn(await nodeBinary(major), [notBlocking], { env: withAgent({ blockedMs: 500 }), stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      assert.equal((await lines.next()).value, 'ready');
      child.kill('SIGSTOP');
      await stateOf(child.pid!, 'T');
      // It is stopped for so long that it would be a block.
      await delay(1500);
      child.kill('SIGCONT');
      child.kill('SIGUSR2');
      const answer = (await lines.next()).value as string;
      assert.deepEqual(blockedIn(answer).places, []);
    });
  }

  it('leaves output, exit code and start as they are', async () => {
    const node = await nodeBinary(24);
    const program = `
      const { Worker } = require('node:worker_threads');
      console.log(process.getActiveResourcesInfo(), Object.keys(globalThis).join(), process.execArgv);
      setTimeout(() => { console.log(process.getActiveResourcesInfo()); process.exitCode = 7; }, 300);`;
    const plain = await runToEnd(node, ['-e', program], { ...process.env, NODE_OPTIONS: undefined });
    const watched = await runToEnd(node, ['-e', program], withAgent({ blockedMs: 100 }));
    assert.deepEqual(watched, plain);
    assert.equal(plain.code, 7);
  });

  const block = 'const until = performance.now() + 300; while (performance.now() < until);';
  const ends: Record<string, string> = {
    'after a block': `setTimeout(() => { ${block} }, 50); setTimeout(() => process.exit(5), 700)`,
    'within a block': `setTimeout(() => { ${block} process.exit(5); }, 50)`,
    'within a block of native code': "setTimeout(() => { require('node:child_process').execSync('sleep 0.3'); process.exit(5); }, 50)",
    'by a block that is its last act': `setTimeout(() => { ${block} process.exitCode = 5; }, 50)`,
    'with a listener that blocks': `process.on('exit', () => { ${block} }); setTimeout(() => { ${block} process.exit(5); }, 50)`,
    'with as many listeners as Node allows': "for (let n = 0; n < 10; n++) process.on('exit', () => {}).on('SIGINT', () => {}); setTimeout(() => process.exit(5), 50)",
  };
  for (const [how, program] of Object.entries(ends)) {
    it(`writes nothing when a program ends ${how}`, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'asyncscope-test-'));
      try {
        for (const major of nodeMajors) {
          const env = withAgent({ blockedMs: 100, reportFolder: folder });
          assert.deepEqual(await runToEnd(await nodeBinary(major), ['-e', program], env), { code: 5, signal: null, stdout: '', stderr: '' }, `Node ${major}`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it('says of a block that still lasts how long it has lasted, and where', async () => {
    const { stdout } = await runToEnd(
      await nodeBinary(22),
      ['-e', `${asks}
        setTimeout(function stands() { spin(400); while (!blocked().goingOn?.frames.length) spin(10); process.exit(3); }, 300);
        process.on('exit', () => console.log(ask()))`],
      withAgent({ blockedMs: 100 }),
    );
    const { goingOn } = blockedIn(stdout);
    assert.ok(goingOn && goingOn.ms >= 400);
    assert.ok(goingOn.frames.some(({ name }) => name === 'stands'));
  });

  it('is gone when the agent is removed', async () => {
    const { stdout, code } = await runToEnd(
      await nodeBinary(20),
      ['-e', `setTimeout(() => { const agent = globalThis['asyncscope:' + JSON.parse(process.env.ASYNCSCOPE_AGENT).secret]; agent.remove(); }, 300);
        setTimeout(() => console.log(Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('asyncscope')).length), 400)`],
      withAgent({ blockedMs: 100 }),
    );
    assert.equal(code, 0);
    assert.equal(stdout, '0\n');
  });

  it('is believed by the client only in the right shape', () => {
    const good: BlockedLoop = { thresholdMs: 50, places: [{ frames: [{ name: 'f', url: '/f.js', line: 1, column: 1 }], late: false, count: 1, totalMs: 60, longestMs: 60, lastAt: 1 }], dropped: 0 };
    assert.deepEqual(readBlockedLoop(good), good);
    for (const bad of [
      null,
      'text',
      {},
      { ...good, places: 'none' },
      { ...good, dropped: -1 },
      { ...good, places: [{ ...good.places[0], count: NaN }] },
      { ...good, places: [{ ...good.places[0], frames: [{ name: 1 }] }] },
      { ...good, places: new Array(1000).fill(good.places[0]) },
      { ...good, goingOn: { ms: 'long', frames: [] } },
      { ...good, places: [{ ...good.places[0], task: { name: 'f', url: '/f.js', line: 1, column: 1 } }] },
    ]) {
      assert.equal(readBlockedLoop(bad), undefined);
    }
  });
});

function blockedIn(answer: string): BlockedLoop {
  const blocked = readBlockedLoop(parseAnswer(answer).parts['blocked']);
  assert.ok(blocked, answer);
  return blocked;
}

/** The place whose innermost line in the program has that comment, and the next one the other. */
function placeAt(places: BlockedPlace[], comment: string, caller?: string): BlockedPlace {
  const lines = places.map((place) => place.frames.filter((frame) => frame.url === blocking).map((frame) => frame.line));
  const found = places.filter((_place, index) => lines[index]![0] === lineOf(comment) && (!caller || lines[index]![1] === lineOf(caller)));
  assert.equal(found.length, 1, `${comment}: ${JSON.stringify(places, undefined, 1)}`);
  return found[0]!;
}

function lineOf(comment: string): number {
  const line = readFileSync(blocking, 'utf8').split('\n').findIndex((text) => text.endsWith(`// ${comment}`));
  assert.ok(line >= 0, comment);
  return line + 1;
}

/** Until the kernel says that the process is in that state. */
async function stateOf(pid: number, state: string): Promise<void> {
  while (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== state) await new Promise(setImmediate);
}
