import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ConfigFinder } from '../../src/analyzer/config/config';
import type { Finding } from '../../src/analyzer/finding';
import { Linter, type FileReport } from '../../src/analyzer/linter';
import { Programs } from '../../src/analyzer/program';
import { rules } from '../../src/analyzer/rules';

/*
 * Fixtures: test/fixtures/rules/RULE/{flagged,clean}/CASE.ts, or a folder CASE with several files. In flagged ones a
 * comment line marks what the rule must mark in the line above it, column by column (`//   ^^^^^ part of the message`;
 * `//   ^^^^^ [hint] …` also names the severity). Everything that is not marked must not be reported. An options
 * object for the rule can stand in the first line: `// options: {"ignoreVoid": false}`.
 */
const root = path.resolve('test/fixtures/rules');

interface Mark {
  line: number;
  start: number;
  end: number;
  text: string;
}

function sources(entry: string): string[] {
  if (statSync(entry).isFile()) return [entry];
  return readdirSync(entry, { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(entry, file))
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file));
}

/** The marks of a fixture: a mark line refers to the nearest line above that is not one itself. */
function marks(text: string): Mark[] {
  const found: Mark[] = [];
  let target = 0;
  text.split(/\r?\n/).forEach((content, index) => {
    const mark = /^(\s*\/\/\s*)(\^+)(.*)$/.exec(content);
    if (!mark) target = index;
    else {
      const [, lead = '', carets = '', rest = ''] = mark;
      found.push({ line: target + 1, start: lead.length, end: lead.length + carets.length, text: rest.trim() });
    }
  });
  return found;
}

/** A finding as a mark; one that goes on over several lines ends with its first. */
function markOf(finding: Finding, report: FileReport): Mark {
  const text = report.unit?.text ?? '';
  const lineStart = text.lastIndexOf('\n', finding.start - 1) + 1;
  const lineEnd = (text.indexOf('\n', finding.start) + text.length + 1) % (text.length + 1);
  const line = text.slice(0, finding.start).split('\n').length;
  return { line, start: finding.start - lineStart, end: Math.min(finding.end, lineEnd) - lineStart, text: `[${finding.severity}] ${finding.message}` };
}

function optionsOf(text: string): Record<string, unknown> {
  const given = /^\/\/ options: (\{.*\})$/m.exec(text.split('\n', 1)[0] ?? '');
  return given ? (JSON.parse(given[1] ?? '{}') as Record<string, unknown>) : {};
}

const show = ({ line, start, end, text }: Mark): string => `${line}:${start + 1}-${end} ${text}`;

for (const rule of rules) {
  describe(`rule ${rule.id}`, () => {
    let programs: Programs;
    before(() => (programs = new Programs(root)));
    after(() => programs.close());

    for (const kind of ['flagged', 'clean'] as const) {
      const folder = path.join(root, rule.id, kind);
      const entries = readdirSync(folder, { encoding: 'utf8' });

      it(`has at least 15 ${kind} fixtures`, () => assert.ok(entries.length >= 15, `there are ${entries.length}`));

      for (const entry of entries) {
        it(`${kind}: ${entry}`, () => {
          const files = sources(path.join(folder, entry));
          const options = optionsOf(readFileSync(files[0] ?? '', 'utf8'));
          const others = Object.fromEntries(rules.filter((other) => other !== rule).map((other) => [other.id, 'off' as const]));
          const setting = Object.keys(options).length > 0 ? ([rule.severity, options] as const) : undefined;
          const configs = new ConfigFinder({ preset: 'all', rules: { ...others, ...(setting && { [rule.id]: setting }) } });
          for (const report of new Linter(programs, configs).check(files)) {
            assert.deepEqual(report.errors, []);
            const text = report.unit?.text ?? '';
            const expected = marks(text);
            const actual = report.findings.map((finding) => markOf(finding, report));
            const same = (a: Mark, b: Mark): boolean => a.line === b.line && a.start === b.start && a.end === b.end && b.text.includes(a.text);
            const missing = expected.filter((mark) => !actual.some((one) => same(mark, one)));
            const wrong = actual.filter((one) => !expected.some((mark) => same(mark, one)));
            assert.deepEqual({ missing: missing.map(show), wrong: wrong.map(show) }, { missing: [], wrong: [] }, report.path);
            const shown = actual.map(show);
            assert.deepEqual(shown, [...new Set(shown)], `${report.path}: each is told once`);
            if (kind === 'clean') assert.deepEqual(expected, [], 'a clean fixture has no marks');
          }
          if (kind === 'flagged') assert.ok(files.some((file) => marks(readFileSync(file, 'utf8')).length > 0), 'nothing is marked');
        });
      }
    }
  });
}
