import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer, type Offer } from '../../../src/analyzer/fixes';
import { applyEdits, editsByFile } from '../../../src/analyzer/fixes/edits';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';

/*
 * test/fixtures/fixes/RULE/CASE/before: the files, of which `main` begins with `// fix: TITLE…` and has the finding;
 * CASE/after: the same files when that fix is made, to the letter. Cases that begin with `// refused: REASON` have a
 * finding whose fix is refused with that reason. Each case is run with both line endings.
 */
const root = path.resolve('test/fixtures/fixes');

const isSource = (file: string): boolean => /\.[cm]?[jt]sx?$/.test(file);

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isSource).sort();
}

for (const rule of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  describe(`text of the fixes of ${rule.name}`, () => {
    let programs: Programs;
    before(() => (programs = new Programs(root)));
    after(() => programs.close());

    const others = Object.fromEntries(rules.filter(({ id }) => id !== rule.name).map(({ id }) => [id, 'off' as const]));
    const configs = new ConfigFinder({ preset: 'all', rules: others });

    /** The offers for the findings of a case's main file. */
    function offers(folder: string, main: string): Offer[] {
      const files = sources(folder).map((file) => path.join(folder, file));
      const reports = [...new Linter(programs, configs).check(files)];
      assert.deepEqual(reports.flatMap(({ errors }) => errors), []);
      const findings = reports.filter((report) => report.path === path.join(folder, main)).flatMap((report) => report.findings);
      return new Fixer(programs).offered(findings);
    }

    for (const name of readdirSync(path.join(root, rule.name), { encoding: 'utf8' })) {
      const before = path.join(root, rule.name, name, 'before');
      const after = path.join(root, rule.name, name, 'after');
      const main = sources(before).find((file) => file.startsWith('main.')) ?? 'main';
      const [, kind, wanted = ''] = /^\/\/ (fix|refused): (.*)/.exec(readFileSync(path.join(before, main), 'utf8')) ?? [];

      if (kind === 'refused') {
        it(`${name}: ${wanted}`, () => {
          const reasons = offers(before, main).flatMap(({ refused }) => refused.map(({ reason }) => reason));
          assert.ok(reasons.some((reason) => reason.includes(wanted)), `the reasons are: ${reasons.join(' / ') || 'none'}`);
          assert.ok(!existsSync(after));
        });
        continue;
      }

      for (const newline of ['\n', '\r\n']) {
        it(`${name}${newline === '\n' ? '' : ' with CRLF'}`, () => {
          const ending = (text: string): string => text.replace(/\r?\n/g, newline);
          for (const file of sources(before)) programs.setText(path.join(before, file), ending(readFileSync(path.join(before, file), 'utf8')));
          programs.refresh();
          const fixes = offers(before, main).flatMap((offer) => offer.fixes);
          const fix = fixes.find(({ title }) => title.startsWith(wanted));
          assert.ok(fix, `offered are: ${fixes.map(({ title }) => title).join(' / ') || 'none'}`);
          const edits = editsByFile(fix.edits);
          for (const file of sources(before)) {
            const own = path.join(before, file);
            const text = applyEdits(programs.unit(own)?.text ?? '', edits.get(own) ?? []);
            assert.equal(text, ending(readFileSync(path.join(after, file), 'utf8')), file);
          }
        });
      }

      it(`${name} compiles`, () => {
        for (const folder of [before, after]) {
          const files = sources(folder).map((file) => path.join(folder, file));
          programs.open(files);
          for (const file of files) {
            const unit = programs.unit(file);
            assert.ok(unit);
            assert.deepEqual(programs.compilerErrors(unit).map(({ text }) => text), [], file);
          }
        }
      });
    }
  });
}
