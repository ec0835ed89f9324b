// The agent's list and a heap snapshot of the same moment must tell of the same calls, in every program of test/fixtures/tracer.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONFIG_VARIABLE } from '../../../src/agent/config';
import { captureTasks } from '../../../src/tracer/heap/capture';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { joinSnapshot, type JoinedSnapshot } from '../../../src/tracer/live/snapshot-join';
import type { InspectorSession } from '../../../src/tracer/inspector/session';
import type { Task } from '../../../src/tracer/task';
import { agentPath, secret, withAgent } from '../../agent/agent-process';
import { nodeBinary, nodeMajors, type NodeMajor } from '../../host/provision';
import { randomProgram } from '../heap/random-waits';
import { TargetProcess } from '../heap/target-process';

const folder = path.resolve('test/fixtures/tracer');
const programs = readdirSync(folder).filter((file) => /^[\w-]+\.[cm]?js$/.test(file));

/** Programs that are compared on every version; the others on Node 24 only. */
const EVERYWHERE = ['async-generators.mjs', 'async-local-storage.mjs', 'class-methods.mjs', 'http-server.mjs', 'mutex.mjs', 'promise-all.mjs', 'queue-of-500.mjs', 'recursive-generators.mjs', 'return-promise.mjs', 'top-level-await.mjs'];

/** Who waits for whom is not compared here, and why. */
const EDGES_DIFFER: Record<string, string> = {
  'async-mutex.mjs': 'an async function that was compiled to a generator: the heap sees the call',
  'clients.mjs': 'a resolver that is handed from call to call: the heap sees who holds it',
  'driven-generators.mjs': 'async functions that are generators: the heap sees the calls',
  'dynamic-import.mjs': 'the promise of import() is made by V8',
  'explicit-resources.mjs': 'Array.fromAsync waits for the generator in native code',
  'promise-race.mjs': 'a race made by hand with .then(resolve, reject): the heap sees the resolver',
  'promise-subclass.mjs': 'a subclass is constructed by V8 for every .then',
  'p-limit.mjs': 'new Promise(enqueue).then(run): the heap sees the resolver in the queue',
  'stuck-lock.mjs': 'resolvers in an array: the heap sees who holds them',
  'vm-scripts.cjs': 'code without a file',
};

/** Code that is in no file has no text to find the await in. */
const PLACES_DIFFER = new Set(['vm-scripts.cjs']);

describe('the agent and a heap snapshot', function () {
  this.timeout(120_000);
  before(() => (process.env[CONFIG_VARIABLE] = withAgent()[CONFIG_VARIABLE]));
  after(() => delete process.env[CONFIG_VARIABLE]);

  for (const program of programs) {
    const text = readFileSync(path.join(folder, program), 'utf8');
    const oldest = Number(/^\/\/! node >= (\d+)$/m.exec(text)?.[1] ?? 0);
    const versions = (EVERYWHERE.includes(program) ? nodeMajors : ([24] as const)).filter((major) => major >= oldest);
    it(`agree on ${program} on Node ${versions.join(', ')}`, async () => {
      for (const major of versions) await compare(major, program, text);
    });
  }

  for (const major of nodeMajors) {
    it(`agree on programs made at random on Node ${major}`, async () => {
      const cwd = await mkdtemp(path.join(tmpdir(), 'asyncscope-test-'));
      try {
        for (const seed of [major, major + 100]) {
          const program = path.join(cwd, `random-${seed}.js`);
          await writeFile(program, randomProgram(seed, 60));
          const target = await TargetProcess.start({ node: await nodeBinary(major), args: ['--require', agentPath, program], cwd });
          try {
            const { session } = target.attachment;
            const agent = new LiveAgent(session, secret);
            const joined = await joinSnapshot(agent, session, capture);
            const heap = joined.capture;
            const { tasks } = await agent.poll();
            assert.equal(sameCalls(joined, tasks, program), functionsOf(heap.tasks).length, 'every call is found in the heap');
            assert.ok(functionsOf(heap.tasks).length >= 60);
            assert.deepEqual(calls(tasks, program), calls(heap.tasks, program), `seed ${seed}`);
          } finally {
            await target.stop();
          }
        }
      } finally {
        await rm(cwd, { recursive: true });
      }
    });
  }
});

async function compare(major: NodeMajor, program: string, text: string): Promise<void> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'asyncscope-test-'));
  const target = await TargetProcess.start({ node: await nodeBinary(major), args: ['--require', agentPath, path.join(folder, program)], cwd });
  try {
    const { session } = target.attachment;
    const agent = new LiveAgent(session, secret);
    const joined = await joinSnapshot(agent, session, capture);
    const heap = joined.capture;
    const { tasks, warnings } = await agent.poll();
    assert.deepEqual(warnings, []);
    assert.ok(heap.tasks.length > 0);
    // Of calls that a compiler or a helper made generators of, which wait at a `yield`, only the heap tells.
    assert.deepEqual(calls(tasks, program), calls(heap.tasks.filter((task) => task.kind !== 'async-function' || textAt(task) !== 'yield'), program), `calls on Node ${major}`);
    if (!(program in EDGES_DIFFER)) assert.deepEqual(edges(tasks), edges(heap.tasks), `who waits for whom on Node ${major}`);
    sameCalls(joined, tasks, program);
    for (const task of tasks) assert.ok(task.ageMs !== undefined && task.ageMs >= 0);
  } finally {
    await target.stop(text.includes('//! exits when its input ends'));
    await rm(cwd, { recursive: true });
  }
}

const capture = (session: InspectorSession) => captureTasks(session, { inspectMs: 20_000 });

/** How many calls of the live list were found in the heap; those that were are the same. */
function sameCalls({ capture: heap, inSnapshot }: JoinedSnapshot, tasks: readonly Task[], program: string): number {
  const inHeap = new Map(heap.tasks.map((task) => [task.id, task]));
  const pairs = tasks.flatMap((task) => {
    const id = inSnapshot.get(task.id);
    return id === undefined ? [] : [{ task, same: inHeap.get(id)! }];
  });
  for (const { task, same } of pairs) assert.deepEqual(calls([task], program), calls([same], program));
  return pairs.length;
}

/** Calls of functions; the snapshot tells of fewer `.then`s: those whose handlers are known. What runs right now, only it sees. */
function functionsOf(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ kind, state }) => kind !== 'promise' && state !== 'running');
}

/** The word at the place where a call waits; empty where it is in no file. */
function textAt({ at }: Task): string {
  const line = at && existsSync(at.file) ? readFileSync(at.file, 'utf8').split('\n')[at.line - 1] : undefined;
  return /^\w*/.exec(line?.slice(at!.column - 1) ?? '')![0];
}

function placeOf({ at }: Task): string {
  return at ? `${path.basename(at.file)}:${at.line}:${at.column}` : 'nowhere';
}

function calls(tasks: readonly Task[], program: string): string[] {
  return functionsOf(tasks)
    .map((task) => (PLACES_DIFFER.has(program) ? task.kind : `${task.kind} ${placeOf(task)}`))
    .sort();
}

function edges(tasks: readonly Task[]): string[] {
  const functions = functionsOf(tasks);
  const byId = new Map(functions.map((task) => [task.id, task]));
  return functions
    .flatMap((task) => {
      const awaited = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
      return awaited.flatMap((id) => (byId.has(id) ? [`${placeOf(task)} > ${placeOf(byId.get(id)!)}`] : []));
    })
    .sort();
}
