import assert from 'node:assert/strict';
import path from 'node:path';
import { Programs, type Asking, type Job, type SourceUnit } from '../../../src/analyzer/program';
import { Memo } from '../../../src/analyzer/types/memo';

describe('a memo', () => {
  const file = path.resolve('src/analyzer/suppressions.ts');
  let programs: Programs;
  let unit: SourceUnit;
  let computed: string[];
  before(() => {
    programs = new Programs(process.cwd());
    programs.open([file]);
    const found = programs.unit(file);
    assert.ok(found);
    unit = found;
  });
  beforeEach(() => (computed = []));
  after(() => programs.close());

  /** The type of a statement's expression or name; takes a question to answer. */
  function* typeText(index: number): Asking<string> {
    const { checker } = unit.project;
    const node = unit.sourceFile.statements[index];
    assert.ok(node);
    return yield* checker.typeToString.gen(yield* checker.getTypeAtLocation.gen(node));
  }

  function* compute(key: string): Asking<string> {
    computed.push(key);
    return `${key}: ${yield* typeText(0)}`;
  }

  function* one(asking: Asking<string>): Job<string> {
    const [result] = yield [asking];
    return result as string;
  }

  it('has one answer worked out for all that ask for it side by side', () => {
    const memo = new Memo<string, string>(compute);
    const answers = programs.ask(['a', 'b', 'a', 'a'].map((key) => memo.get(key)));
    assert.deepEqual(computed, ['a', 'b']);
    assert.deepEqual(answers.map((answer) => answer.slice(0, 2)), ['a:', 'b:', 'a:', 'a:']);
    programs.ask([memo.get('a')]);
    assert.deepEqual(computed, ['a', 'b']);
  });

  it('keeps an answer that is undefined', () => {
    const memo = new Memo<string, undefined>(function* (key) {
      computed.push(key);
      yield* typeText(0);
      return undefined;
    });
    assert.deepEqual(programs.ask([memo.get('a'), memo.get('a')]), [undefined, undefined]);
    assert.deepEqual(computed, ['a']);
  });

  it('lets no job wait for what another one began', () => {
    const memo = new Memo<string, string>(compute);
    const results = [...programs.run(['a', 'a', 'a', 'a', 'b'].map((key) => () => one(memo.get(key))))];
    assert.deepEqual(results.map((result) => result.slice(0, 2)), ['a:', 'a:', 'a:', 'a:', 'b:']);
  });

  it('lets nobody wait for what waits for him', () => {
    const seen: string[] = [];
    const memo: Memo<string, string> = new Memo<string, string>(function* (key) {
      yield* typeText(0);
      seen.push(key);
      return seen.length > 4 ? 'enough' : yield* memo.get(key === 'a' ? 'b' : 'a');
    });
    assert.deepEqual(programs.ask([memo.get('a'), memo.get('b')]), ['enough', 'enough']);
  });

  it('gives the error to all, and tries again the next time', () => {
    const memo = new Memo<string, string>(function* (key) {
      computed.push(key);
      yield* typeText(0);
      throw new Error('no answer');
    });
    function* careful(): Asking<string> {
      try {
        return yield* memo.get('a');
      } catch (error) {
        return (error as Error).message;
      }
    }
    assert.deepEqual(programs.ask([careful(), careful()]), ['no answer', 'no answer']);
    assert.deepEqual(programs.ask([careful()]), ['no answer']);
    assert.deepEqual(computed, ['a', 'a', 'a']);
  });
});
