// The proof of stuck tasks against what really happens, in programs made at random: no task that can still go on is
// called stuck, and once all that can be woken has been woken, every task that is left is.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { captureTasks } from '../../../src/tracer/heap/capture';
import type { Task } from '../../../src/tracer/task';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { randomProgram } from './random-waits';
import { TargetProcess } from './target-process';

const TASKS = 80;
const SEEDS = [1, 2, 3];
const indexOf = (task: Task): number => Number(task.name.slice(1));

describe('proof of stuck tasks', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'))));
  after(() => rm(folder, { recursive: true }));

  for (const major of nodeMajors) {
    for (const seed of SEEDS) {
      it(`holds on Node ${major} (seed ${seed})`, async () => {
        const program = path.join(folder, `${major}-${seed}.js`);
        await writeFile(program, randomProgram(seed, TASKS));
        const target = await TargetProcess.start({ node: await nodeBinary(major), args: [program] });
        try {
          const { session } = target.attachment;
          const evaluate = async (expression: string): Promise<number[]> =>
            (await session.send<{ result: { value: number[] } }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })).result.value;
          const pending = async (): Promise<Task[]> => (await captureTasks(session, { inspectMs: 0 })).tasks.filter((task) => /^t\d+$/.test(task.name));

          const first = await pending();
          const before = await evaluate('progress');
          const after = await evaluate('wakeAll()');
          const wentOn = first.filter((task) => after[indexOf(task)]! > before[indexOf(task)]!);
          assert.ok(wentOn.length >= 10, `only ${wentOn.length} tasks went on`);
          assert.deepEqual(wentOn.filter((task) => task.stuck).map((task) => `${task.name}: ${task.stuckReason}`), []);

          const left = await pending();
          assert.ok(left.length >= 5, `only ${left.length} tasks are left`);
          assert.deepEqual(left.filter((task) => !task.stuck).map((task) => `${task.name}: ${JSON.stringify(task.awaits)}`), []);
          for (const task of left) assert.match(task.stuckReason!, /^Waits for [^\n]+\.$/);
        } finally {
          await target.stop();
        }
      });
    }
  }
});
