import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { handleName } from '../../../src/agent/config';
import { parseAnswer, parseTaskData, PROTOCOL_VERSION } from '../../../src/agent/protocol';
import type { InspectorSession } from '../../../src/tracer/inspector/session';
import { LiveAgent, type LiveLook } from '../../../src/tracer/live/live-agent';
import { agentFixtures, agentPath, secret, withAgent } from '../../agent/agent-process';
import { makeFolder } from '../../folder';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../heap/target-process';

const service = path.join(agentFixtures, 'service.js');

function evaluate(session: InspectorSession, expression: string): Promise<{ result: { value?: unknown } }> {
  return session.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
}

/** Resolves when the service has gone around once more. */
async function nextTurn({ attachment }: TargetProcess): Promise<void> {
  assert.equal((await evaluate(attachment.session, 'nextTurn()')).result.value, true);
}

/** A look at a moment when a call is suspended: a question can also be answered while it runs. */
async function pollWhile(agent: LiveAgent, name: string): Promise<LiveLook> {
  for (;;) {
    const look = await agent.poll();
    if (look.tasks.some((task) => task.name === name)) return look;
  }
}

describe('the agent in a running process', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`comes, tells what began since and what goes on, and leaves on Node ${major}`, async () => {
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: [service] });
      try {
        const { session } = target.attachment;
        const globals = 'JSON.stringify([Reflect.ownKeys(globalThis).map(String), process.eventNames().map((name) => [String(name), process.listenerCount(name)])])';
        const before = await evaluate(session, globals);
        const agent = await LiveAgent.install(session, { agentPath });
        await evaluate(session, 'void (globalThis.again = true)');
        await nextTurn(target);
        await nextTurn(target);
        const first = await pollWhile(agent, 'poll');
        assert.equal(first.pid, target.child.pid);
        assert.deepEqual(
          // The inspector's own waiting for our questions is a `.then`.
          first.tasks.filter(({ kind }) => kind === 'async-function').map(({ name, at, ageIsMinimum }) => [name, at?.line, ageIsMinimum ?? false]).sort(),
          [
            ['poll', 9, true], // began before: its age is a minimum
            ['wait', 17, false],
          ],
        );
        await nextTurn(target);
        const second = await pollWhile(agent, 'poll');
        const age = (look: typeof first) => look.tasks.find(({ name }) => name === 'wait')?.ageMs ?? -1;
        assert.ok(age(second) > age(first), 'ages grow');
        assert.equal(second.tasks.find(({ name }) => name === 'wait')?.id, first.tasks.find(({ name }) => name === 'wait')?.id, 'ids stay');

        assert.equal(await agent.remove(), true);
        assert.equal(await agent.remove(), false);
        await assert.rejects(agent.poll(), /The agent gave no answer: it is not there, or was removed\./);
        assert.deepEqual((await evaluate(session, globals)).result, before.result, 'nothing is left of it');
        await nextTurn(target);
      } finally {
        target.child.stdin!.end();
        const [code] = (await once(target.child, 'exit')) as [number | null];
        await target.attachment.close();
        assert.equal(code, 5, 'the program ends as it would have');
      }
    });
  }

  for (const major of nodeMajors) {
    it(`names what Node is asked for as a program would, on Node ${major}`, async () => {
      const folder = makeFolder({
        'asks.mjs': `import { PassThrough } from 'node:stream';
import { watch } from 'node:fs/promises';
import { createServer as listen } from 'node:net';
globalThis.kept = [];
const keep = (it) => (globalThis.kept.push(it), it);
const port = (server) => new Promise((resolve) => server.listen(0, () => resolve(server.address().port)));
const silent = await port(listen(() => {}));
const stream = () => keep(new ReadableStream({ start: keep }));
async function iterates() { for await (const chunk of keep(new PassThrough())) keep(chunk); }
async function reads() { await stream().getReader().read(); }
async function pipes() { await stream().pipeTo(new WritableStream()); }
async function writes() { await keep(new TransformStream()).writable.getWriter().write(1); }
async function asks() { await fetch('http://127.0.0.1:' + silent); }
async function watches() { for await (const event of watch('.')) keep(event); }
async function imports() { await import('data:text/javascript,await new Promise(() => {})'); }
for (const ask of [iterates, reads, pipes, writes, asks, watches, imports]) keep(ask());
setTimeout(() => console.log('ready'), 100);
`,
      });
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: [folder.file('asks.mjs')], cwd: folder.path, env: withAgent() });
      try {
        const { tasks } = await new LiveAgent(target.attachment.session, secret).poll();
        const asked = tasks.flatMap(({ kind, name, awaits }) => (kind === 'async-function' && name !== '(top level)' && 'resource' in awaits ? [`${name}: ${awaits.resource}`] : []));
        assert.deepEqual(asked.sort(), ['asks: fetch', 'imports: import()', 'iterates: Readable', major > 20 ? 'pipes: pipeTo' : 'pipes: ReadableStream', 'reads: ReadableStream', 'watches: watch', 'writes: WritableStream']);
      } finally {
        await target.stop();
        folder.remove();
      }
    });
  }

  it('answers nonsense, half requests and a flood of them with an error, and goes on', async () => {
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: [service] });
    try {
      const { session } = target.attachment;
      const agent = await LiveAgent.install(session, { agentPath });
      const handle = `globalThis[${JSON.stringify(handleName(agent.secret))}]`;
      const requests = ['', '{', 'null', '[]', '{"version":1}', '{"version":99,"sites":0}', '{"version":1,"sites":-1}', `{"version":1,"sites":0,"x":"${'y'.repeat(20_000)}"}`, '{"version":1,"sites":1e99}'];
      for (const request of requests) {
        const { result } = await evaluate(session, `${handle}.poll(${JSON.stringify(request)})`);
        assert.throws(() => parseAnswer(result.value), /^Error: The agent refused: /, request);
      }
      for (const argument of ['undefined', '{}', 'Symbol()', '1n', 'new Proxy({}, { get() { throw 1; } })']) {
        const { result } = await evaluate(session, `${handle}.poll(${argument})`);
        assert.throws(() => parseAnswer(result.value), /^Error: The agent refused: /, argument);
      }
      await Promise.all(Array.from({ length: 500 }, () => agent.poll()));
      // A client that vanishes in the middle of a question.
      void session.send('Runtime.evaluate', { expression: `${handle}.poll('{"version":1,"sites":0}')` }).catch(() => undefined);
      await target.attachment.close();
      await once(target.child.stdout!, 'data');
      assert.equal(target.child.exitCode, null);
    } finally {
      await target.stop();
    }
  });

  it('is asked without a trace in the memory of the process', async () => {
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: ['--expose-gc', path.join(agentFixtures, 'churn.js')] });
    try {
      const { session } = target.attachment;
      const agent = await LiveAgent.install(session, { agentPath });
      // A call ends with every question, and nobody listens to it: that is asked for, too.
      const used = async (polls: number) => {
        for (let poll = 0; poll < polls; poll++) {
          await evaluate(session, 'void (async () => {})()');
          await agent.poll();
        }
        return Number((await evaluate(session, '(gc(), process.memoryUsage().heapUsed)')).result.value);
      };
      const before = await used(400);
      const grown = (await used(1_000)) - before;
      assert.ok(grown < 200_000, `${grown} bytes for 1,000 questions`);
    } finally {
      await target.stop();
    }
  });

  it('is told from what is no agent', () => {
    const good = { version: PROTOCOL_VERSION, pid: 1, thread: 0, node: 'v24.0.0', parts: {} };
    assert.deepEqual(parseAnswer(JSON.stringify(good)), good);
    for (const [answer, says] of [
      [undefined, /gave no answer/],
      ['', /damaged/],
      [JSON.stringify(good).slice(0, -5), /damaged/],
      [JSON.stringify({ ...good, version: 2 }), /another version/],
      [JSON.stringify({ ...good, pid: 'x' }), /damaged/],
      [JSON.stringify({ version: 1, error: 'no' }), /refused: no/],
    ] as const) {
      assert.throws(() => parseAnswer(answer), says);
    }
    const columns = { id: [1], kind: [0], site: [0], at: [0], born: [0], marks: [0], awaits: [0], ref: [0] };
    const counts = { created: 1, pending: 1, lost: 0, dropped: 0, unread: 0, untold: 0 };
    const tasks = { now: 1, firstSite: 0, sites: [[0, '', '', '', 0, 0, 0, 0, '', 0, 0]], tasks: columns, groups: [], names: [], counts, lost: [], starved: [], unheard: [] };
    assert.deepEqual(parseTaskData(tasks), tasks);
    const damaged: unknown[] = [
      null,
      'tasks',
      { ...tasks, sites: [[0, '']] },
      { ...tasks, tasks: { ...columns, ref: [] } },
      { ...tasks, tasks: { ...columns, ref: [-1] } },
      { ...tasks, groups: [{}] },
      { ...tasks, names: [['x', 'y']] },
      { ...tasks, counts: { ...counts, lost: NaN } },
      { ...tasks, lost: [[1, 2]] },
      { ...tasks, starved: [[1, 2, 3]] },
    ];
    for (const value of damaged) assert.throws(() => parseTaskData(value), /The agent’s list of tasks is damaged\./, JSON.stringify(value));
  });
});
