import assert from 'node:assert/strict';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer } from '../../../src/analyzer/fixes';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { realProjects, type RealProject } from '../real-projects';

/** The compiler's errors by file. */
function errorsOf(programs: Programs, files: readonly string[]): Map<string, string[]> {
  return new Map(
    files.map((file) => {
      const unit = programs.unit(file);
      return [file, unit ? programs.compilerErrors(unit).map(({ code, text }) => `${code} ${text}`) : ['not in the program']];
    }),
  );
}

describe('--fix on real projects', function () {
  this.timeout(600_000);
  let projects: RealProject[];
  before(async () => (projects = await realProjects()));

  it('adds no compile error with all its edits together, and changes nothing when run again', () => {
    let mended = 0;
    for (const { root, files, name } of projects) {
      const programs = new Programs(root);
      try {
        const linter = new Linter(programs, new ConfigFinder({ preset: 'all' }));
        const fixer = new Fixer(programs);
        const { texts, counts } = fixer.applySafe(linter, files);
        mended += [...counts.values()].reduce((sum, count) => sum + count, 0);
        const before = errorsOf(programs, files);
        for (const [file, text] of texts) programs.setText(file, text);
        programs.refresh();
        const after = errorsOf(programs, files);
        for (const file of files) assert.deepEqual(after.get(file), before.get(file), `${name}: ${file}`);
        assert.deepEqual(fixer.applySafe(linter, files).texts, new Map(), name);
      } finally {
        programs.close();
      }
    }
    assert.ok(mended > 0, 'something was mended');
  });
});
