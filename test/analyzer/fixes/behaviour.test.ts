import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer } from '../../../src/analyzer/fixes';
import { applyEdits, editsByFile } from '../../../src/analyzer/fixes/edits';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';

/*
 * Programs that are run by Node as they are, and again with a fix made. What they print is in their head: `// prints:`
 * the lines before and, where the mistake itself shows, `// then prints:` those after; otherwise they are the same.
 */
const root = path.resolve('test/fixtures/fix-behaviour');

const run = promisify(execFile);

async function printed(file: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [file]);
  return stdout.trim().split('\n');
}

describe('programs before and after a fix', () => {
  for (const entry of readdirSync(root)) {
    const isFolder = statSync(path.join(root, entry)).isDirectory();
    const name = isFolder ? 'main.mjs' : entry;
    const head = readFileSync(isFolder ? path.join(root, entry, name) : path.join(root, entry), 'utf8');
    const [, rule = '', title = '', before = '', after = before] =
      /^\/\/ rule: (.*)\n\/\/ fix: (.*)\n\/\/ prints: (.*)\n(?:\/\/ then prints: (.*)\n)?/.exec(head) ?? [];

    it(entry, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'asyncscope-behaviour-'));
      const programs = new Programs(folder);
      try {
        cpSync(path.join(root, entry), isFolder ? folder : path.join(folder, entry), { recursive: true });
        const files = readdirSync(folder).map((file) => path.join(folder, file));
        symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
        const others = Object.fromEntries(rules.filter(({ id }) => id !== rule).map(({ id }) => [id, 'off' as const]));
        const reports = [...new Linter(programs, new ConfigFinder({ preset: 'all', rules: others })).check(files)];
        const fixes = new Fixer(programs).offered(reports.flatMap(({ findings }) => findings)).flatMap((offer) => offer.fixes);
        const fix = fixes.find((one) => one.title.startsWith(title));
        assert.ok(fix, `offered are: ${fixes.map((one) => one.title).join(' / ') || 'none'}`);

        assert.deepEqual(await printed(path.join(folder, name)), before.split(' / '));
        for (const [file, edits] of editsByFile(fix.edits)) writeFileSync(file, applyEdits(programs.unit(file)?.text ?? '', edits));
        assert.deepEqual(await printed(path.join(folder, name)), after.split(' / '), readFileSync(path.join(folder, name), 'utf8'));
      } finally {
        programs.close();
        rmSync(folder, { recursive: true });
      }
    });
  }
});
