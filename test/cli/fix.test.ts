import assert from 'node:assert/strict';
import { chmodSync, cpSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { applyEdits } from '../../src/analyzer/fixes/edits';
import { makeFolder, type Folder } from '../folder';
import { asyncscope, checkJson, compilerFolder, copyCli } from './command';

/** An executor that need not be async, which `--fix` mends; and one that awaits, for which there is a fix to choose. */
const idle = 'export const ready = new Promise<void>(async (resolve) => {\n  resolve();\n});\n';
const mended = 'export const ready = new Promise<void>((resolve) => {\n  resolve();\n});\n';
const awaiting = [
  "import { readFile } from 'node:fs/promises';",
  'export function load(): Promise<string> {',
  '  return new Promise(async (resolve) => {',
  "    resolve(await readFile('a', 'utf8'));",
  '  });',
  '}',
  '',
].join('\n');

describe('check --fix', () => {
  let folder: Folder;
  afterEach(() => folder.remove());

  const fix = (...args: string[]): ReturnType<typeof asyncscope> => asyncscope(['check', '--fix', ...args], { cwd: folder.path });

  it('writes what it mends, says so, and shows what remains', async () => {
    folder = makeFolder({ 'idle.ts': idle, 'awaiting.ts': awaiting });
    const { code, stdout, stderr } = await fix();
    assert.equal(readFileSync(folder.file('idle.ts'), 'utf8'), mended);
    assert.equal(readFileSync(folder.file('awaiting.ts'), 'utf8'), awaiting);
    assert.match(stdout, /^awaiting\.ts:3:22 error .+\n[^]+\n1 finding mended in 1 file\. 1 error in 1 file; 2 files checked in .+\.\n$/);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  });

  it('changes nothing more the second time', async () => {
    folder = makeFolder({ 'idle.ts': idle });
    const first = await fix();
    assert.match(first.stdout, /^1 finding mended in 1 file\. Nothing remains; 1 file checked in .+\.\n$/);
    assert.equal(first.code, 0);
    const before = statSync(folder.file('idle.ts')).mtimeMs;
    assert.match((await fix()).stdout, /^No findings; 1 file checked in .+\.\n$/);
    assert.equal(statSync(folder.file('idle.ts')).mtimeMs, before);
  });

  it('does nothing to what is silenced or switched off', async () => {
    const silenced = `// asyncscope-disable-next-line no-async-promise-executor -- on purpose\n${idle}`;
    folder = makeFolder({ 'silenced.ts': silenced, 'off/asyncscope.json': '{"rules": {"no-async-promise-executor": "off"}}', 'off/a.ts': idle });
    assert.equal((await fix()).code, 0);
    assert.equal(readFileSync(folder.file('silenced.ts'), 'utf8'), silenced);
    assert.equal(readFileSync(folder.file('off/a.ts'), 'utf8'), idle);
  });

  it('keeps byte order mark, line ends and permissions, and leaves nothing beside', async () => {
    const crlf = (text: string): string => `\uFEFF${text.replace(/\n/g, '\r\n')}`;
    folder = makeFolder({ 'idle.ts': crlf(idle) });
    chmodSync(folder.file('idle.ts'), 0o754);
    assert.equal((await fix()).code, 0);
    assert.equal(readFileSync(folder.file('idle.ts'), 'utf8'), crlf(mended));
    assert.equal(statSync(folder.file('idle.ts')).mode & 0o777, 0o754);
    assert.deepEqual(readdirSync(folder.path), ['idle.ts']);
  });

  it('writes through a symbolic link', async () => {
    folder = makeFolder({ 'real/idle.ts': idle });
    symlinkSync('real/idle.ts', folder.file('link.ts'));
    assert.equal((await fix('link.ts')).code, 0);
    assert.ok(lstatSync(folder.file('link.ts')).isSymbolicLink());
    assert.equal(readFileSync(folder.file('real/idle.ts'), 'utf8'), mended);
  });

  it('says which files it may not write', async () => {
    folder = makeFolder({ 'idle.ts': idle, 'locked.ts': idle });
    const tool = makeFolder();
    try {
      copyCli(tool);
      cpSync(compilerFolder(), tool.file('typescript'), { recursive: true });
      chmodSync(tool.path, 0o755);
      chmodSync(folder.path, 0o777);
      chmodSync(folder.file('idle.ts'), 0o666);
      chmodSync(folder.file('locked.ts'), 0o444);
      const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
      const { code, stdout, stderr } = await asyncscope(['check', '--fix'], { cwd: folder.path, cli: tool.file('cli.js'), ...uid });
      assert.equal(stderr, 'locked.ts: no permission to write it; its fixes were not written.\n');
      assert.match(stdout, /\n1 finding mended in 1 file\. 1 error in 1 file; /);
      assert.equal(readFileSync(folder.file('idle.ts'), 'utf8'), mended);
      assert.equal(readFileSync(folder.file('locked.ts'), 'utf8'), idle);
      assert.equal(code, 2);
    } finally {
      tool.remove();
    }
  });

  it('does not overwrite what was changed in the meantime', async () => {
    folder = makeFolder({ 'idle.ts': idle });
    const hook = makeFolder({
      // Before it writes a file the command asks for its real path: this is where somebody else saves it.
      'hook.js': `
        const fs = require('node:fs');
        const { realpathSync } = fs;
        fs.realpathSync = (file) => {
          if (file.endsWith('idle.ts')) fs.appendFileSync(file, '// saved by an editor\\n');
          return realpathSync(file);
        };
      `,
    });
    try {
      const env = { NODE_OPTIONS: `--require "${hook.file('hook.js')}"` };
      const { code, stderr } = await asyncscope(['check', '--fix'], { cwd: folder.path, env });
      assert.equal(stderr, 'idle.ts: it changed while it was checked; its fixes were not written.\n');
      assert.equal(code, 2);
      assert.equal(readFileSync(folder.file('idle.ts'), 'utf8'), `${idle}// saved by an editor\n`);
    } finally {
      hook.remove();
    }
  });

  it('is told of in JSON: every fix with its edits, in lines and columns', async () => {
    folder = makeFolder({ 'idle.ts': idle });
    const { report } = await checkJson([], { cwd: folder.path });
    const [fix] = report.diagnostics.flatMap((one) => one.fixes);
    assert.deepEqual([fix?.title, fix?.kind, fix?.preferred], ["Remove 'async': the executor awaits nothing", 'quickfix', true]);
    const edits = fix?.edits ?? [];
    const offset = ({ line, column }: { line: number; column: number }): number =>
      idle.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0) + column - 1;
    const byOffset = edits.map(({ file, range, newText }) => ({ path: file, start: offset(range.start), end: offset(range.end), newText }));
    assert.equal(applyEdits(idle, byOffset), mended);
  });
});
