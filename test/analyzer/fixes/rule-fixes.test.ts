import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import type { CodeFix } from '../../../src/analyzer/diagnostics';
import type { Finding } from '../../../src/analyzer/finding';
import { Fixer } from '../../../src/analyzer/fixes';
import { applyEdits, editsByFile } from '../../../src/analyzer/fixes/edits';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';
import type { Rule } from '../../../src/analyzer/rules/rule';

/*
 * Every fix that is offered for a flagged fixture is made, compiled and linted again: it adds no compile error, the
 * finding is gone and no other of its rule has come. `--fix` on the fixture, run twice, changes nothing the second time.
 */
const root = path.resolve('test/fixtures/rules');

function sources(entry: string): string[] {
  if (statSync(entry).isFile()) return [entry];
  return readdirSync(entry, { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(entry, file))
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file));
}

/** The configuration that the fixture itself asks for: this rule alone, with the options of its first line. */
function configsFor(rule: Rule, files: readonly string[]): ConfigFinder {
  const given = /^\/\/ options: (\{.*\})$/m.exec(readFileSync(files[0] ?? '', 'utf8').split('\n', 1)[0] ?? '');
  const options = given && (JSON.parse(given[1] ?? '{}') as Record<string, unknown>);
  const others = Object.fromEntries(rules.filter((other) => other !== rule).map((other) => [other.id, 'off' as const]));
  return new ConfigFinder({ preset: 'all', rules: { ...others, ...(options && { [rule.id]: [rule.severity, options] as const }) } });
}

for (const rule of rules as readonly Rule[]) {
  describe(`fixes of ${rule.id}`, () => {
    let programs: Programs;
    before(() => (programs = new Programs(root)));
    after(() => programs.close());

    for (const entry of readdirSync(path.join(root, rule.id, 'flagged'), { encoding: 'utf8' })) {
      const files = sources(path.join(root, rule.id, 'flagged', entry));

      it(entry, () => {
        const linter = new Linter(programs, configsFor(rule, files));
        const lint = (): Finding[] => [...linter.check(files)].flatMap((report) => report.findings);
        const errors = (): string[] =>
          files.flatMap((file) => {
            const unit = programs.unit(file);
            return unit ? programs.compilerErrors(unit).map((error) => `${error.code} ${error.text}`) : [`${file} is gone`];
          });
        const findings = lint();
        const errorsBefore = errors();
        const offers = new Fixer(programs).offered(findings);
        offers.forEach(({ fixes }) => {
          assert.ok(fixes.filter(({ preferred }) => preferred).length <= 1, 'only one fix is preferred');
          for (const fix of fixes) {
            const text = texts(programs, fix);
            assert.ok(isInOrder(fix), `the edits of ${fix.title} are in order`);
            for (const [file, after] of text) programs.setText(file, after);
            programs.refresh();
            const shown = `${fix.title}:\n${[...text.values()].join('\n')}`;
            assert.deepEqual(errors().filter((error) => !errorsBefore.includes(error)), [], shown);
            const left = lint();
            assert.ok(left.length < findings.length, `the finding is still there after ${shown}`);
            for (const file of text.keys()) programs.setText(file, undefined);
            programs.refresh();
          }
        });
      });

      it(`${entry} with --fix`, () => {
        const linter = new Linter(programs, configsFor(rule, files));
        const fixer = new Fixer(programs);
        const { texts } = fixer.applySafe(linter, files);
        for (const [file, text] of texts) programs.setText(file, text);
        programs.refresh();
        assert.deepEqual(fixer.applySafe(linter, files).texts, new Map());
        for (const file of texts.keys()) programs.setText(file, undefined);
        programs.refresh();
      });
    }
  });
}

/** An editor that makes the edits one after the other relies on their order where two begin at one place. */
function isInOrder({ edits }: CodeFix): boolean {
  return edits.every((edit, index) => edits.slice(index + 1).every((later) => later.path !== edit.path || edit.start < later.start || (edit.start === later.start && edit.end < later.end)));
}

function texts(programs: Programs, fix: CodeFix): Map<string, string> {
  return new Map([...editsByFile(fix.edits)].map(([file, edits]) => [file, applyEdits(programs.unit(file)?.text ?? '', edits)]));
}
