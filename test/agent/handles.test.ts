import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HandleMark, HANDLES_PART, parseHandleData, type HandleData, type HandleRow } from '../../src/agent/handle-protocol';
import { parseAnswer } from '../../src/agent/protocol';
import { LiveAgent } from '../../src/tracer/live/live-agent';
import { nodeBinary, nodeMajors } from '../host/provision';
import { TargetProcess } from '../tracer/heap/target-process';
import { agentFixtures, agentPath, runToEnd, withAgent } from './agent-process';

const program = path.join(agentFixtures, 'handles.js');
/** Those whose Node tells places. */
const withPlaces: readonly number[] = [24, 26];

function handlesIn(answer: string): HandleData {
  return parseHandleData(parseAnswer(answer).parts[HANDLES_PART]);
}

/** `// @name` at the end of the line. */
function nameOfLine(line: number): string {
  return /\/\/ @(.*)$/.exec(readFileSync(program, 'utf8').split('\n')[line - 1] ?? '')?.[1] ?? `line ${line}`;
}

/** Each with its place, `×` how many where that is not one. */
function listed({ groups, sites }: HandleData): string[] {
  return groups
    .map(({ type, site, marks, count }) => {
      const place = site < 0 ? '' : ` ${nameOfLine(sites[site]![1])}`;
      return `${type}${place}${marks & HandleMark.accepted ? ', accepted' : ''}${marks & HandleMark.ofChild ? ', of child' : ''}${count > 1 ? ` ×${count}` : ''}`;
    })
    .sort();
}

describe('what keeps a program alive', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'asyncscope-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const major of nodeMajors) {
    const hasPlaces = withPlaces.includes(major);
    it(`is told ${hasPlaces ? 'with its places' : 'without places'} while it is there, on Node ${major}`, async () => {
      const { code, stdout, stderr } = await runToEnd(await nodeBinary(major), [program, folder], withAgent());
      assert.equal(code, 0, stderr);
      const [opened, closed] = (JSON.parse(stdout) as string[]).map(handlesIn);
      assert.equal(opened!.hasPlaces, hasPlaces);
      assert.deepEqual(listed(opened!), (hasPlaces ? WITH_PLACES : WITHOUT_PLACES).toSorted());
      assert.deepEqual(opened!.unlisted, hasPlaces ? {} : { Timeout: 2 });
      assert.deepEqual(listed(closed!), [], 'what is closed is gone');
      assert.deepEqual([closed!.unlisted, closed!.dropped, closed!.unread], [{}, 0, 0]);

      const rowOf = (type: string): HandleRow => opened!.groups.find((group) => group.type === type)!.handles[0]!;
      const server = rowOf('TCPSERVERWRAP');
      assert.equal(server.address, '127.0.0.1');
      assert.equal(rowOf('PIPESERVERWRAP').path, path.join(folder, 'socket'));
      assert.equal(rowOf('UDPWRAP').address, '127.0.0.1');
      assert.ok(rowOf('PROCESSWRAP').pid! > 0);
      assert.equal(path.basename(rowOf('PROCESSWRAP').command!), 'node');
      const sockets = opened!.groups.filter(({ type }) => type === 'TCPWRAP').flatMap(({ handles }) => handles);
      assert.equal(sockets.length, 2);
      assert.deepEqual(sockets.map(({ port }) => port).sort(), sockets.map(({ peerPort }) => peerPort).sort(), 'the two are connected');
      assert.ok(sockets.some(({ port }) => port === server.port));
      if (!hasPlaces) return;
      assert.equal(rowOf('WORKER').threadId, 1);
      const timers = opened!.groups.filter(({ type }) => type === 'Timeout').flatMap(({ handles }) => handles);
      assert.deepEqual(timers.map(({ timerMs, repeats }) => [timerMs, repeats ?? false]), [[60_000, false], [30_000, true]]);
      for (const { timerMs, dueMs, ageMs } of timers) assert.ok(ageMs! >= 0 && dueMs! > 0 && dueMs! <= timerMs!);
    });
  }

  it('is told of a million timers, too, in bounded memory', async () => {
    const text = `
      const ask = () => globalThis['asyncscope:0123456789abcdef0123456789abcdef'].poll('{"version":1,"sites":0}');
      const heap = () => (gc(), process.memoryUsage().heapUsed);
      const rounds = (left, done) => {
        let pending = 1000;
        const fired = () => { if (--pending === 0) left > 1 ? rounds(left - 1, done) : done(); };
        for (let i = 0; i < 1000; i++) setTimeout(fired, 0);
      };
      rounds(100, () => {
        const before = heap();
        rounds(1000, () => setImmediate(() => {
          const grown = heap() - before;
          const gone = ask();
          const timers = Array.from({ length: 100_000 }, () => setTimeout(() => {}, 1e6));
          const many = ask();
          for (const timer of timers) clearTimeout(timer);
          setTimeout(() => {}, 5e5);
          console.log(JSON.stringify({ grown, gone, many, after: ask() }));
          process.exit();
        }));
      });`;
    const { stdout, stderr } = await runToEnd(await nodeBinary(24), ['--expose-gc', '-e', text], withAgent());
    assert.equal(stderr, '');
    const { grown, gone, many, after } = JSON.parse(stdout) as { grown: number; gone: string; many: string; after: string };
    assert.ok(grown < 1_000_000, `${grown} bytes after a million timers`);
    assert.deepEqual(handlesIn(gone).groups, []);
    const { groups, unlisted, dropped } = handlesIn(many);
    assert.equal(groups.reduce((sum, { count }) => sum + count, 0) + (unlisted['Timeout'] ?? 0), 100_000, 'each is counted');
    assert.ok(dropped >= 100_000 - 65_536 && dropped < 35_000 && unlisted['Timeout'] === dropped, `${dropped} dropped`);
    assert.deepEqual(handlesIn(after).groups.map(({ type, count, handles }) => [type, count, handles[0]!.timerMs]), [['Timeout', 1, 5e5]]);
  });

  it('is no cryptography that was done at once', async () => {
    const text = `
      const crypto = require('node:crypto');
      const ask = () => globalThis['asyncscope:0123456789abcdef0123456789abcdef'].poll('{"version":1,"sites":0}');
      crypto.randomBytes(8); crypto.randomUUID(); crypto.pbkdf2Sync('a', 'b', 1, 8, 'sha256'); crypto.scryptSync('a', 'b', 8);
      crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }); crypto.createHash('sha256').update('a').digest('hex');
      const before = ask();
      let during;
      crypto.pbkdf2('a', 'b', 200_000, 8, 'sha256', () => setImmediate(() => console.log(JSON.stringify({ before, during, after: ask() }))));
      during = ask();`;
    for (const major of withPlaces) {
      const { stdout, stderr } = await runToEnd(await nodeBinary(major as 24), ['-e', text], withAgent());
      assert.equal(stderr, '');
      const told = JSON.parse(stdout) as Record<'before' | 'during' | 'after', string>;
      const typesAt = (when: keyof typeof told) => handlesIn(told[when]).groups.map(({ type, count }) => `${type} ${count}`);
      assert.deepEqual([typesAt('before'), typesAt('during'), typesAt('after')], [[], ['PBKDF2REQUEST 1'], []]);
    }
  });

  it('is no more watched when the agent was taken out', async () => {
    const text = `
      const handle = globalThis['asyncscope:0123456789abcdef0123456789abcdef'];
      const before = JSON.parse(handle.poll('{"version":1,"sites":0}')).parts;
      handle.remove();
      let inits = 0;
      require('node:async_hooks').createHook({ init: () => inits++ });
      const timer = setTimeout(() => {}, 1);
      console.log('handles' in before, handle.parts.has('handles'), inits);`;
    for (const major of withPlaces) {
      const ended = await runToEnd(await nodeBinary(major as 24), ['-e', text], withAgent());
      assert.deepEqual(ended, { code: 0, signal: null, stdout: 'true false 0\n', stderr: '' });
    }
  });

  it('is told of a program that runs already, without the places of what was there before', async () => {
    const script = path.join(folder, 'service.js');
    writeFileSync(script, `const server = require('node:http').createServer().listen(0, () => console.log('ready'));
setInterval(() => {}, 50_000);
globalThis.more = () => {
  setTimeout(() => {}, 40_000);
};
`);
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: [script] });
    try {
      const { session } = target.attachment;
      const agent = await LiveAgent.install(session, { agentPath });
      await session.send('Runtime.evaluate', { expression: 'more()' });
      const { handles } = await agent.poll();
      const told = handles!.keepingAlive.filter(({ kind }) => ['server', 'timer'].includes(kind)).map(({ kind, at, count, handles: rows }) => [kind, at?.line, count, rows[0]?.timerMs]);
      assert.deepEqual(told.sort(), [['server', undefined, 1, undefined], ['timer', undefined, 1, undefined], ['timer', 4, 1, 40_000]]);
      await agent.remove();
      const again = await LiveAgent.install(session, { agentPath });
      assert.ok((await again.poll()).handles!.keepingAlive.every(({ at }) => at === undefined), 'nothing was noted meanwhile');
    } finally {
      await target.stop();
    }
  });

  it('is told from what is no list of handles', () => {
    const handles: HandleRow[] = [{ id: 7, ageMs: 5, timerMs: 10, dueMs: -1 }];
    const good: HandleData = { hasPlaces: true, sites: [['/app.js', 1, 2, '', 0, 0]], groups: [{ type: 'Timeout', site: 0, marks: 0, count: 1, handles }], unlisted: { Timeout: 1 }, dropped: 0, unread: 0 };
    assert.deepEqual(parseHandleData(good), good);
    const group = good.groups[0]!;
    const damaged: unknown[] = [
      undefined,
      'handles',
      { ...good, hasPlaces: 1 },
      { ...good, sites: [['/app.js']] },
      { ...good, groups: [{ ...group, site: 1 }] },
      { ...good, groups: [{ ...group, handles: [{}] }] },
      { ...good, groups: [{ ...group, handles: [{ id: 1, port: '80' }] }] },
      { ...good, groups: [{ ...group, handles: Array(21).fill(handles[0]) }] },
      { ...good, groups: Array(501).fill(group) },
      { ...good, unlisted: { Timeout: -1 } },
      { ...good, dropped: NaN },
    ];
    for (const value of damaged) assert.throws(() => parseHandleData(value), /The agent’s list of handles is damaged\./, JSON.stringify(value));
  });
});

const WITH_PLACES = [
  'FSEVENTWRAP watcher',
  'FSREQCALLBACK file',
  'MESSAGEPORT port',
  'PIPESERVERWRAP local server',
  'PROCESSWRAP child, of child',
  'STATWATCHER polling watcher',
  'TCPSERVERWRAP server',
  'TCPWRAP server, accepted',
  'TCPWRAP socket',
  'Timeout interval',
  'Timeout timer',
  'UDPWRAP udp',
  'WORKER worker, of child',
];
const WITHOUT_PLACES = ['FSEVENTWRAP', 'FSREQCALLBACK', 'MESSAGEPORT', 'PIPESERVERWRAP', 'PROCESSWRAP', 'STATWATCHER', 'TCPSERVERWRAP', 'TCPWRAP ×2', 'UDPWRAP'];
