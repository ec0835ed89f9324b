import assert from 'node:assert/strict';
import path from 'node:path';
import { Programs, type Project } from '../../src/analyzer/program';
import { SharedFacts } from '../../src/analyzer/shared';

const file = path.resolve('test/fixtures/rules/no-blocking-call/flagged/direct-call.ts');

describe('knowledge about a whole project', () => {
  let programs: Programs;
  before(() => (programs = new Programs(path.dirname(file))));
  after(() => programs.close());

  /** The program of the next snapshot: an edit makes one. */
  function nextSnapshot(text: string): Project {
    programs.open([file]);
    programs.setText(file, text);
    programs.refresh();
    const unit = programs.unit(file);
    assert.ok(unit);
    return unit.project;
  }

  it('is built once for a snapshot, from what was built for the last one', () => {
    const facts = new SharedFacts(programs);
    const given: unknown[] = [];
    const fact = { build: (_: Programs, __: Project, previous: number | undefined) => given.push(previous) };
    const first = nextSnapshot('let a;');
    assert.equal(facts.get(fact, first), 1);
    assert.equal(facts.get(fact, first), 1);
    assert.equal(facts.get(fact, nextSnapshot('let b;')), 2);
    assert.deepEqual(given, [undefined, 1]);
  });

  it('of all projects is built once for all of them', () => {
    const facts = new SharedFacts(programs);
    const given: unknown[] = [];
    const fact = { isOfAll: true as const, build: (_: Programs, __: Project, previous: number | undefined) => given.push(previous) };
    const first = nextSnapshot('let f;');
    const loose = path.resolve('esbuild.js');
    programs.open([loose]);
    const other = programs.unit(loose)?.project;
    assert.ok(other && other.id !== first.id);
    assert.deepEqual([facts.get(fact, other), facts.get(fact, other)], [1, 1]);
    assert.deepEqual([facts.get(fact, programs.unit(file)!.project), facts.get(fact, nextSnapshot('let g;'))], [1, 2]);
    assert.deepEqual(given, [undefined, 1]);
  });

  it('that cannot be built fails for each file, but is tried once for a snapshot', () => {
    const facts = new SharedFacts(programs);
    const given: unknown[] = [];
    const fact = {
      build(_: Programs, __: Project, previous: string | undefined) {
        if (given.push(previous) % 2 === 0) throw new Error(`attempt ${given.length}`);
        return 'built';
      },
    };
    assert.equal(facts.get(fact, nextSnapshot('let c;')), 'built');
    const failing = nextSnapshot('let d;');
    assert.throws(() => facts.get(fact, failing), /attempt 2/);
    assert.throws(() => facts.get(fact, failing), /attempt 2/);
    // What failed half-way is no ground to build on.
    assert.equal(facts.get(fact, nextSnapshot('let e;')), 'built');
    assert.deepEqual(given, [undefined, 'built', undefined]);
  });
});
