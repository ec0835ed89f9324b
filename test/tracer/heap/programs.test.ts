// Every task of each program in test/fixtures/tracer, on every Node version: name, place, what it waits for, who awaits it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { captureTasks } from '../../../src/tracer/heap/capture';
import type { TaskCapture } from '../../../src/tracer/task';
import { nodeBinary, nodeMajors, type NodeMajor } from '../../host/provision';
import { describeFound, readExpectations, unmatched, type FoundTask } from './expectation';
import { TargetProcess } from './target-process';

const folder = path.resolve('test/fixtures/tracer');
const files = readdirSync(folder).filter((file) => /^[\w-]+\.[cm]?js$/.test(file));

/** Of the tasks that are not stuck and wait for no other task: how many there were, and of how many it is known what they wait for. */
const leaves = { all: 0, known: 0 };

describe('tasks of programs', () => {
  after('what leaves wait for is known of at least 90 % of them', () => assert.ok(leaves.known >= leaves.all * 0.9, `${leaves.known} of ${leaves.all}`));

  for (const file of files) {
    const program = path.join(folder, file);
    const text = readFileSync(program, 'utf8');
    const oldest = Number(/^\/\/! node >= (\d+)$/m.exec(text)?.[1] ?? 0);
    // Parts of the program that run elsewhere (worker threads) lie beside it, as NAME.PART.mjs.
    const parts = readdirSync(folder).filter((other) => other.startsWith(`${path.parse(file).name}.`));
    const expected = parts.flatMap((part) => readExpectations(path.join(folder, part)));
    const versions = nodeMajors.filter((major) => major >= oldest);

    it(`${file} on Node ${versions.join(', ')}`, async () => {
      assert.ok(expected.length, 'the program says what is pending in it');
      const failures = await Promise.all(versions.map((major) => check(major, program, text, expected)));
      assert.equal(failures.filter(Boolean).join('\n'), '');
    });
  }
});

/** Empty where everything is as expected. */
async function check(major: NodeMajor, program: string, text: string, expected: ReturnType<typeof readExpectations>): Promise<string> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'asyncscope-'));
  const target = await TargetProcess.start({ node: await nodeBinary(major), args: [program], cwd });
  try {
    const workers = await target.attachment.workerThreads();
    const captures: TaskCapture[] = [];
    for (const [index, session] of [target.attachment.session, ...workers.map((worker) => worker.session)].entries()) {
      captures.push(await captureTasks(session, { idPrefix: index ? `w${index}.t` : 't', inspectMs: 20_000 }));
    }
    const namesWithLocals = new Set(expected.filter((one) => one.locals.length).map((one) => one.name));
    const found: FoundTask[] = [];
    for (const capture of captures) {
      const byId = new Map(capture.tasks.map((task) => [task.id, task]));
      for (const task of capture.tasks) {
        const details = namesWithLocals.has(task.name) ? await capture.inspect(task.id) : undefined;
        const locals = details?.locals.map(({ name, value }) => `${name}=${value}`) ?? [];
        found.push({ task, capture, nameOf: (id) => byId.get(id)?.name ?? `no task ${id}`, locals });
      }
      await capture.release();
    }
    for (const { task } of found) {
      if (task.stuck || 'task' in task.awaits || 'group' in task.awaits) continue;
      leaves.all++;
      if ('resource' in task.awaits) leaves.known++;
    }
    const { missing, extra } = unmatched(expected, found);
    if (!missing.length && !extra.length) return '';
    return [`Node ${major}:`, ...missing.map((one) => `  missing  ${one.text}`), ...extra.map((one) => `  found    ${describeFound(one)}`)].join('\n');
  } finally {
    await target.stop(text.includes('//! exits when its input ends'));
    await rm(cwd, { recursive: true });
  }
}
