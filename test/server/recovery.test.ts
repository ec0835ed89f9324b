import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { makeFolder, type Folder } from '../folder';
import { Editor } from './editor';

const executor = 'export const pending = new Promise(async (resolve) => resolve(1));\n';

const flagged = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 1;
const clean = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 0;

/** Process ids of a process' children; the only child of a server is its compiler. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

/** Waits until a process has ended, whether or not anybody has asked how. */
async function ended(pid: number): Promise<void> {
  const state = (): string => {
    try {
      return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  };
  while (!/^(Z.*)?$/.test(state())) await new Promise(setImmediate);
}

describe('server: a compiler that dies or hangs', () => {
  let folder: Folder;
  let editor: Editor;
  let file: string;

  beforeEach(() => {
    folder = makeFolder({ 'tsconfig.json': '{ "compilerOptions": { "strict": true } }', 'main.ts': executor, 'other.ts': 'export {};\n' });
    file = folder.file('main.ts');
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  async function start(compilerTimeLimit?: number): Promise<void> {
    editor = await Editor.start({ folders: [folder.path], initializationOptions: { compilerTimeLimit } });
    editor.open(file);
    await editor.diagnostics(file, flagged);
  }

  function compiler(): number {
    const [pid, ...others] = childrenOf(editor.process.pid);
    assert.ok(pid !== undefined && others.length === 0);
    return pid;
  }

  it('has the diagnostics of the next edit after the compiler was killed', async () => {
    await start();
    const before = compiler();
    process.kill(before, 'SIGKILL');
    const version = editor.change(file, `\n${executor}`);
    const [found] = await editor.diagnostics(file, (shown) => shown.version === version);
    assert.equal(found?.range.start.line, 1);
    assert.notEqual(compiler(), before);
    assert.deepEqual(editor.messages, []);
  });

  it('keeps the unsaved text of other documents', async () => {
    await start();
    const other = folder.file('other.ts');
    editor.open(other, 'export async function save(): Promise<void> {\n  await fetch("https://example.org");\n}\n');
    await editor.diagnostics(other);
    process.kill(compiler(), 'SIGKILL');
    editor.change(file, "import { save } from './other';\n\nsave();\n");
    const [found] = await editor.diagnostics(file, (shown) => shown.version === 2);
    assert.equal(found?.code, 'no-floating-promises');
  });

  it('rests after a series of crashes, says so once, and goes on by itself', async () => {
    await start();
    for (let version = 2; version <= 4; version++) {
      process.kill(compiler(), 'SIGKILL');
      editor.change(file, `${'\n'.repeat(version)}${executor}`);
      await editor.diagnostics(file, (shown) => shown.version === version);
    }
    assert.deepEqual(editor.messages, []);
    process.kill(compiler(), 'SIGKILL');
    editor.change(file, 'export {};\n');
    await editor.until(() => editor.messages.length > 0);
    await editor.diagnostics(file, (shown) => shown.version === 5 && clean(shown));
    assert.equal(editor.messages.length, 1);
    assert.match(editor.messages[0] ?? '', /compiler keeps ending unexpectedly/);
  });

  it('ends a compiler that hangs, leaves the file alone that it hung on, and takes it again once it has changed', async () => {
    await start(2000);
    process.kill(compiler(), 'SIGSTOP');
    editor.change(file, `\n${executor}`);
    await editor.diagnostics(file, (shown) => shown.version === 2 && clean(shown));
    await editor.until(() => editor.statuses.at(-1)?.notes.some((note) => note.includes('main.ts') && note.includes('left alone')) === true);
    const other = folder.file('other.ts');
    editor.open(other, executor);
    await editor.diagnostics(other, flagged);
    editor.change(file, `\n\n${executor}`);
    await editor.diagnostics(file, (shown) => shown.version === 3 && flagged(shown));
    await editor.until(() => editor.statuses.at(-1)?.notes.length === 0);
  });

  it('leaves no compiler behind when it ends', async () => {
    await start();
    const pid = compiler();
    await editor.stop();
    await ended(pid);
  });

  it('ends with its compiler when the editor is gone without a word', async () => {
    await start();
    const pid = compiler();
    const exited = new Promise((resolve) => editor.process.once('exit', resolve));
    editor.process.stdin?.destroy();
    await exited;
    await ended(pid);
  });
});
