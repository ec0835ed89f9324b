import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Programs, SyntaxKind, forEachOfKind, kindSet, type Asking, type Job, type Node, type SourceUnit } from '../../../src/analyzer/program';

describe('jobs', () => {
  const files = ['src/analyzer/linter.ts', 'src/analyzer/suppressions.ts', 'src/analyzer/rules/void-return.ts', 'src/cli/check.ts', 'src/cli/main.ts'].map((file) =>
    path.resolve(file),
  );
  let programs: Programs;
  beforeEach(() => {
    programs = new Programs(process.cwd());
    programs.open(files);
  });
  afterEach(() => programs.close());

  function unitOf(file: string): SourceUnit {
    const unit = programs.unit(file);
    assert.ok(unit, file);
    return unit;
  }

  function namesOf({ sourceFile }: SourceUnit): Node[] {
    const found: Node[] = [];
    forEachOfKind(sourceFile, kindSet([SyntaxKind.Identifier]), (node) => void found.push(node));
    return found;
  }

  function* typeText({ project: { checker } }: SourceUnit, node: Node): Asking<string> {
    const type = yield* checker.getTypeAtLocation.gen(node);
    return yield* checker.typeToString.gen(type);
  }

  function* readFile(file: string, next: string | undefined): Job<string[]> {
    const unit = unitOf(file);
    if (next !== undefined) programs.prefetch([next]);
    return (yield namesOf(unit).map((name) => typeText(unit, name))) as string[];
  }

  /** The same, one question after the other. */
  function expected(file: string): string[] {
    const unit = unitOf(file);
    const { checker } = unit.project;
    return namesOf(unit).map((name) => checker.typeToString(checker.getTypeAtLocation(name)));
  }

  it('give the same answers side by side as one by one, in order, while the event loop turns', async () => {
    const results: string[][] = [];
    for (const result of programs.run(files.map((file, index) => () => readFile(file, files[index + 1])))) {
      results.push(result);
      // Responses that arrive now belong to the jobs.
      for (let i = 0; i < 20; i++) await turn();
    }
    assert.deepEqual(results, files.map(expected));
    assert.ok(results.flat().length > 1_000);
  });

  it('may ask other questions in between', () => {
    function* mixed(file: string): Job<number> {
      const unit = unitOf(file);
      const [first] = namesOf(unit);
      assert.ok(first);
      const [whole = ''] = (yield [typeText(unit, first)]) as string[];
      const [inner] = programs.ask([typeText(unit, first)]);
      assert.equal(inner, whole);
      return programs.compilerErrors(unit).length;
    }
    assert.deepEqual([...programs.run(files.map((file) => () => mixed(file)))], files.map(() => 0));
  });

  it('get files that were asked for ahead, however many, needed or not', () => {
    const all = programs.ownFiles(unitOf(files[0] ?? '').project);
    assert.ok(all.length > 300);
    programs.open(all);
    programs.prefetch(all);
    programs.prefetch(all.slice(0, 3));
    const last = all.slice(-20);
    function* read(file: string): Job<string> {
      const unit = unitOf(file);
      const [type] = (yield [typeText(unit, unit.sourceFile)]) as string[];
      return `${unit.text}${type}`;
    }
    const ahead = [...programs.run(last.map((file) => () => read(file)))];
    assert.deepEqual(ahead, last.map((file) => `${readFileSync(file, 'utf8')}${programs.ask([typeText(unitOf(file), unitOf(file).sourceFile)])[0]}`));
  });

  it('can be left half-way', () => {
    for (const result of programs.run(files.map((file) => () => readFile(file, undefined)))) {
      assert.ok(result.length > 0);
      break;
    }
    const [file = ''] = files;
    assert.deepEqual([...programs.run([() => readFile(file, undefined)])], [expected(file)]);
  });

  it('get the error of an asking, and their own errors come out', () => {
    function* failing(): Asking<string> {
      const unit = unitOf(files[0] ?? '');
      yield* unit.project.checker.getTypeAtLocation.gen(unit.sourceFile.statements[0] as Node);
      throw new Error('no answer');
    }
    function* careful(): Job<string> {
      try {
        yield [failing()];
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing was thrown';
    }
    function* careless(): Job<string> {
      yield [failing()];
      return 'nothing was thrown';
    }
    assert.deepEqual([...programs.run([careful])], ['no answer']);
    assert.throws(() => [...programs.run([careful, careless, careful])], { message: 'no answer' });
    assert.throws(() => programs.ask([failing()]), { message: 'no answer' });
  });
});
