import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { makeFolder, type Folder } from '../folder';
import { checkJson, asyncscope } from './command';

const flagged = 'export const ready = new Promise<void>(async (resolve) => {\n  resolve();\n});\n';

/** Runs in the process of the command line before anything else, and does something when its compiler is started. */
const whenCompilerStarts = (action: string): string => `
const childProcess = require('node:child_process');
const fs = require('node:fs');
const { spawn } = childProcess;
let starts = 0;
childProcess.spawn = (...args) => {
  const compiler = spawn(...args);
  starts++;
  ${action}
  return compiler;
};
`;

describe('a check that is disturbed', () => {
  let folder: Folder;
  let hooks: Folder;
  afterEach(() => {
    folder.remove();
    hooks.remove();
  });

  const hooked = (action: string): { cwd: string; env: NodeJS.ProcessEnv } => {
    hooks = makeFolder({ 'hook.js': whenCompilerStarts(action) });
    return { cwd: folder.path, env: { NODE_OPTIONS: `--require "${hooks.file('hook.js')}"`, HOOK_FOLDER: hooks.path } };
  };

  it('by a file that is deleted: the others are checked', async () => {
    folder = makeFolder({ 'a.ts': flagged, 'gone.ts': flagged, 'good.ts': flagged });
    const { code, stderr, report } = await checkJson([], hooked(`fs.rmSync(${JSON.stringify(folder.file('gone.ts'))});`));
    assert.equal(stderr, 'gone.ts: no such file.\n');
    assert.deepEqual(report.diagnostics.map((one) => one.file), ['a.ts', 'good.ts']);
    assert.equal(code, 2);
  });

  it('by the death of its compiler: another one finishes the work', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `f${String(index).padStart(3, '0')}.ts`);
    folder = makeFolder(Object.fromEntries(names.map((name) => [name, flagged])));
    // The requests go through fs.writeSync: after some hundred of them the first compiler is killed.
    const { code, stderr, report } = await checkJson([], hooked(`
      if (starts > 1) return fs.writeFileSync(process.env.HOOK_FOLDER + '/restarted', ''), compiler;
      const { writeSync } = fs;
      let requests = 0;
      fs.writeSync = (...args) => {
        if (++requests === 100) process.kill(compiler.pid, 'SIGKILL');
        return writeSync(...args);
      };
    `));
    assert.ok(existsSync(hooks.file('restarted')), 'the compiler was not killed');
    assert.equal(stderr, '');
    assert.deepEqual(report.diagnostics.map((one) => one.file), names);
    assert.equal(code, 1);
  });

  it('by a compiler that always dies: one sentence', async () => {
    folder = makeFolder({ 'a.ts': flagged });
    const { code, stdout, stderr } = await asyncscope(['check'], hooked(`compiler.kill('SIGKILL');`));
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: 'asyncscope: The TypeScript compiler process ended unexpectedly.\n' });
  });

  it('by Ctrl-C: it ends at once with its compiler', async () => {
    folder = makeFolder({ 'a.ts': flagged });
    const { code, stdout, stderr } = await asyncscope(['check'], hooked(`
      fs.writeFileSync(process.env.HOOK_FOLDER + '/pid', String(compiler.pid));
      process.kill(process.pid, 'SIGINT');
    `));
    assert.deepEqual({ code, stdout, stderr }, { code: 130, stdout: '', stderr: '' });
    const pid = Number(readFileSync(hooks.file('pid'), 'utf8'));
    assert.ok(pid > 0 && !running(pid), `the compiler ${pid} still runs`);
  });

  it('by a reader that wants no more', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `f${index}.ts`);
    folder = makeFolder(Object.fromEntries(names.map((name) => [name, flagged])));
    hooks = makeFolder();
    const { code, stderr } = await asyncscope(['check', '--format', 'json'], { cwd: folder.path, closeStdout: true });
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  });
});

/** Whether a process runs; one that has ended but was not waited for does not. */
function running(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}
