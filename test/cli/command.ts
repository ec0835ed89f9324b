import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { DiagnosticJson } from '../../src/analyzer/diagnostics';
import type { Folder } from '../folder';

/** The built command line. */
export const cliPath = path.resolve('dist/cli.js');

/** Puts a copy of it into a folder, as `cli.js`. */
export function copyCli(folder: Folder): void {
  for (const bundle of ['cli.js', 'main.js', 'code-commands.js']) cpSync(path.join(path.dirname(cliPath), bundle), folder.file(bundle));
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  /** The bundle to run; the built one unless given. */
  cli?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  /** Stops reading what is printed after its first piece. */
  closeStdout?: boolean;
  /** Kills it after so long. */
  timeoutMs?: number;
}

/** Runs the real command line and waits until it has ended. */
export function asyncscope(args: readonly string[], { cwd, cli = cliPath, env, uid, closeStdout, timeoutMs }: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', GITHUB_WORKSPACE: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(timeoutMs !== undefined && { timeout: timeoutMs, killSignal: 'SIGKILL' }),
      ...(uid !== undefined && { uid, gid: uid }),
    });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outcome.stdout += text;
      if (closeStdout) child.stdout.destroy();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...outcome }));
  });
}

/** What `--format json` prints. */
export interface CheckJson {
  version: 1;
  files: number;
  durationMs: number;
  diagnostics: DiagnosticJson[];
  errors: { file: string; message: string }[];
}

/** Runs `check --format json`. */
export async function checkJson(args: readonly string[], options: RunOptions): Promise<Outcome & { report: CheckJson }> {
  const outcome = await asyncscope(['check', '--format', 'json', ...args], options);
  return { ...outcome, report: JSON.parse(outcome.stdout) as CheckJson };
}

/** The folder of this platform's compiler and its declarations. */
export function compilerFolder(): string {
  const resolve = createRequire(path.resolve('package.json')).resolve;
  return path.join(path.dirname(resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`)), 'lib');
}
