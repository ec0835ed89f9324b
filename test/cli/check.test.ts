import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { makeFolder, type Folder } from '../folder';
import { asyncscope, checkJson } from './command';

/** A promise whose executor is async: one finding, of severity error. */
const flagged = 'export const ready = new Promise<void>(async (resolve) => {\n  resolve();\n});\n';
const clean = 'export const answer = 42;\n';
const rule = 'no-async-promise-executor';

describe('asyncscope check', () => {
  let folder: Folder;
  afterEach(() => folder.remove());

  describe('exit code', () => {
    it('is 0 when nothing is found', async () => {
      folder = makeFolder({ 'a.ts': clean });
      const { code, stdout, stderr } = await asyncscope(['check'], { cwd: folder.path });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(stdout, /^No findings; 1 file checked in [\d.]+ m?s\.\n$/);
    });

    it('is 1 when an error is found', async () => {
      folder = makeFolder({ 'a.ts': flagged });
      assert.equal((await asyncscope(['check'], { cwd: folder.path })).code, 1);
    });

    it('is 0 when only warnings are found, 1 when they are more than allowed', async () => {
      folder = makeFolder({ 'a.ts': flagged, 'b.ts': flagged });
      const warn = ['check', '--rule', `${rule}=warning`];
      assert.equal((await asyncscope(warn, { cwd: folder.path })).code, 0);
      assert.equal((await asyncscope([...warn, '--max-warnings', '2'], { cwd: folder.path })).code, 0);
      const over = await asyncscope([...warn, '--max-warnings', '1'], { cwd: folder.path });
      assert.equal(over.code, 1);
      assert.equal(over.stderr, '2 warnings are more than the 1 allowed.\n');
    });
  });

  describe('which files', () => {
    const files = async (args: string[], cwd = folder.path): Promise<string[]> => {
      const { report } = await checkJson(args, { cwd });
      return report.diagnostics.map((one) => one.file);
    };

    it('takes every kind of source below a folder, but no declarations, minified files, node_modules or hidden folders', async () => {
      const names = ['a.ts', 'b.tsx', 'c.mts', 'd.cts', 'e.js', 'f.jsx', 'g.mjs', 'h.cjs', 'deep/er/i.ts'];
      const others = ['j.min.js', 'node_modules/k/index.ts', 'deep/node_modules/l.ts', '.hidden/m.ts', '.n.ts', 'o.txt', 'p.d.ts'];
      const untyped = flagged.replace('<void>', '');
      folder = makeFolder(Object.fromEntries([...names, ...others].map((name) => [name, untyped])));
      assert.deepEqual(await files([]), [...names].sort());
    });

    it('skips what .gitignore files exclude, up to the top of the repository', async () => {
      folder = makeFolder({
        '.git/HEAD': 'ref: refs/heads/main\n',
        '.gitignore': 'dist/\n*.gen.ts\n/top.ts\n',
        'top.ts': flagged,
        'app/.gitignore': '!kept.gen.ts\nlocal\n',
        'app/top.ts': flagged,
        'app/dist/a.ts': flagged,
        'app/some.gen.ts': flagged,
        'app/kept.gen.ts': flagged,
        'app/local/b.ts': flagged,
        'app/src/c.ts': flagged,
      });
      const expected = ['app/kept.gen.ts', 'app/src/c.ts', 'app/top.ts'];
      assert.deepEqual(await files([]), expected);
      assert.deepEqual(await files(['app']), expected, 'from a folder below');
      assert.deepEqual(await files(['app/**/*.ts']), expected, 'by a glob');
      assert.deepEqual(await files(['.'], folder.file('app')), ['kept.gen.ts', 'src/c.ts', 'top.ts'], 'in a folder below');
    });

    it('checks ignored files and folders that are named', async () => {
      folder = makeFolder({ '.git/HEAD': '', '.gitignore': 'dist/\n*.gen.ts\n', 'dist/a.ts': flagged, 'b.gen.ts': flagged });
      assert.deepEqual(await files(['dist', 'b.gen.ts']), ['b.gen.ts', 'dist/a.ts']);
    });

    it('checks a file once, however often it is named', async () => {
      folder = makeFolder({ 'src/a.ts': flagged });
      assert.deepEqual(await files(['.', 'src', 'src/a.ts', 'src/*.ts']), ['src/a.ts']);
    });

    it('tells places in files that are not among those it was given', async () => {
      folder = makeFolder({
        'tsconfig.json': '{"include": ["."]}',
        'lib/read.ts': "import { readFileSync } from 'node:fs';\n\nexport const read = (file: string) => readFileSync(file, 'utf8');\n",
        'src/page.ts': "import { read } from '../lib/read';\nexport async function page() {\n  return read('page.html');\n}\n",
      });
      const { report } = await checkJson(['src'], { cwd: folder.path });
      assert.deepEqual(report.diagnostics.map(({ related }) => related.map(({ file, range }) => [file, range.start])), [[['lib/read.ts', { line: 3, column: 39 }]]]);
    });

    it('leaves out what the configuration excludes', async () => {
      folder = makeFolder({ 'asyncscope.json': '{"exclude": ["old/**"]}', 'old/a.ts': flagged, 'new/b.ts': flagged });
      assert.deepEqual(await files([]), ['new/b.ts']);
    });

    it('names files relative to the working directory', async () => {
      folder = makeFolder({ 'src/a.ts': flagged, 'tools/b.ts': clean });
      assert.deepEqual(await files(['../src'], folder.file('tools')), ['../src/a.ts']);
    });
  });

  describe('settings', () => {
    it('--rule sets one rule, over the configuration', async () => {
      folder = makeFolder({ 'a.ts': flagged, 'asyncscope.json': `{"rules": {"${rule}": "hint"}}` });
      const hint = await checkJson([], { cwd: folder.path });
      assert.deepEqual(hint.report.diagnostics.map((one) => one.severity), ['hint']);
      const info = await checkJson(['--rule', `${rule}=info`], { cwd: folder.path });
      assert.deepEqual(info.report.diagnostics.map((one) => one.severity), ['info']);
      const off = await checkJson(['--rule', `${rule}=off`], { cwd: folder.path });
      assert.deepEqual(off.report.diagnostics, []);
    });

    it('--config replaces the nearest configuration', async () => {
      folder = makeFolder({ 'a.ts': flagged, 'asyncscope.json': `{"rules": {"${rule}": "off"}}`, 'ci/strict.json': '{}' });
      assert.deepEqual((await checkJson([], { cwd: folder.path })).report.diagnostics, []);
      assert.equal((await checkJson(['--config', 'ci/strict.json'], { cwd: folder.path })).report.diagnostics.length, 1);
    });

    it('"asyncscope" in package.json counts, and the nearest configuration wins', async () => {
      folder = makeFolder({
        'package.json': `{"asyncscope": {"rules": {"${rule}": "off"}}}`,
        'a.ts': flagged,
        'inner/asyncscope.jsonc': '{\n  // own rules\n}\n',
        'inner/b.ts': flagged,
      });
      assert.deepEqual((await checkJson([], { cwd: folder.path })).report.diagnostics.map((one) => one.file), ['inner/b.ts']);
    });
  });

  it('--version prints the version', async () => {
    folder = makeFolder();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { code, stdout } = await asyncscope(['--version'], { cwd: folder.path });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `${version}\n` });
  });

  it('rules lists every rule', async () => {
    folder = makeFolder();
    const { code, stdout } = await asyncscope(['rules'], { cwd: folder.path });
    assert.equal(code, 0);
    assert.match(stdout, /^no-async-promise-executor +error +recommended +\S/m);
  });
});
