import assert from 'node:assert/strict';
import { asyncscope, type CheckJson } from '../cli/command';
import { makeFolder, type Folder } from '../folder';
import { mutants } from './mutants';

/** What may be said of a broken file: anything else is a rule or the compiler that failed on it. */
const expected = [/^\d+:\d+: syntax error: /, /^binary content; the file was skipped\.$/];
const count = 2000;
const seed = 20_260;

describe('damaged sources', function () {
  this.timeout(180_000);
  let folder: Folder;
  afterEach(() => folder.remove());

  it(`${count} of them: no rule fails, no fix fails, the compiler lives`, async () => {
    folder = makeFolder(mutants(count, seed));
    // In a process of its own, which can be ended if it hangs.
    const { code, stdout, stderr } = await asyncscope(['check', '--preset', 'all', '--format', 'json'], { cwd: folder.path, timeoutMs: 150_000 });
    assert.equal(code, 2, stderr.slice(-2000));
    const report = JSON.parse(stdout) as CheckJson;
    assert.equal(report.files, count);
    const failures = report.errors.filter(({ message }) => !expected.some((pattern) => pattern.test(message)));
    assert.deepEqual(failures, []);
    // Those that many files share are counted.
    const told = stderr.trimEnd().split('\n').map((line) => Number(/^(\d+) more files: /.exec(line)?.[1] ?? 1));
    assert.equal(told.reduce((sum, some) => sum + some, 0), report.errors.length, 'nothing else on stderr');
    // The damage leaves something to find and to mend, so that rules and fixes have really run on it.
    assert.ok(report.diagnostics.length >= 50, `${report.diagnostics.length} findings`);
    assert.ok(report.diagnostics.filter(({ fixes }) => fixes.length > 0).length >= 30);
  });

  it('nested as deep as no person would: a word on it', async () => {
    const deep = (open: string, inside: string, close: string): string => `export const deep = ${open.repeat(20_000)}${inside}${close.repeat(20_000)};\n`;
    const files = {
      'arrays.ts': deep('[', '1', ']'),
      'arrows.ts': deep('async () => ', '1', ''),
      'calls.ts': deep('', 'Promise.resolve()', '.then(async () => {})'),
      'parentheses.ts': deep('(', '1', ')'),
      'sums.ts': deep('1 + ', '1', ''),
    };
    folder = makeFolder({ ...files, 'good.ts': 'export const ready = new Promise<void>(async (resolve) => resolve());\n' });
    const { code, stdout } = await asyncscope(['check', '--format', 'json'], { cwd: folder.path, timeoutMs: 150_000 });
    const { diagnostics, errors } = JSON.parse(stdout) as CheckJson;
    for (const { file, message } of errors) {
      assert.ok(file in files, file);
      assert.match(message, /^its code is nested too deeply (for [a-z-]+ to check all of it\.|to be checked; it was skipped\.)$/);
    }
    assert.ok(errors.length > 0);
    assert.deepEqual(diagnostics.map(({ file }) => file), ['good.ts']);
    assert.equal(code, 2);
  });
});
