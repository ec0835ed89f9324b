import assert from 'node:assert/strict';
import { Memory } from '../../../src/analyzer/blocking/memory';
import type { Asking } from '../../../src/analyzer/program';

/** Runs an asking that asks nothing. */
function run<T>(asking: Asking<T>): T {
  const step = asking.next();
  assert.ok(step.done, 'it asks something');
  return step.value;
}

/** An asking of a rule may fail before its first question. */
function* failing(message: string): Asking<string> {
  throw new Error(message);
}

function* finding(): Asking<string> {
  return 'found';
}

describe('what is known of a project', () => {
  it('keeps the failure of a place with its file, until the file is another', () => {
    const memory = new Memory();
    assert.equal(run(memory.tried('/a.ts', finding())), 'found');
    assert.equal(run(memory.tried('/a.ts', failing('panic: no alias'))), undefined);
    assert.equal(run(memory.tried('/b.ts', failing('panic: no type'))), undefined);
    const known = (): unknown[] => [...memory.failures].map(([path, error]) => [path, String(error)]);
    assert.deepEqual(known(), [
      ['/a.ts', 'Error: panic: no alias'],
      ['/b.ts', 'Error: panic: no type'],
    ]);
    memory.forget(new Set(['/a.ts']));
    assert.deepEqual(known(), [['/b.ts', 'Error: panic: no type']]);
  });

  it('lets the end of the compiler through: that is no failure of one place', () => {
    const memory = new Memory();
    assert.throws(() => run(memory.tried('/a.ts', failing('SyncRpcChannel is closed'))), /SyncRpcChannel is closed/);
    assert.equal(memory.failures.size, 0);
  });
});
