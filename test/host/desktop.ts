// The desktop VS Code, downloaded by Microsoft's own package. Not everywhere: it needs its download host and a display.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests, SilentReporter } from '@vscode/test-electron';

export type Desktop = { executable: string } | { unavailable: string };

let found: Promise<Desktop> | undefined;

/** Looks once; the answer for want of it says why. */
export function desktopVsCode(): Promise<Desktop> {
  found ??= download();
  return found;
}

async function download(): Promise<Desktop> {
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return { unavailable: 'there is no display' };
  }
  try {
    const executable = await downloadAndUnzipVSCode({
      version: 'stable',
      cachePath: path.resolve('.cache/vscode-desktop'),
      reporter: new SilentReporter(),
      timeout: 5000,
    });
    return { executable };
  } catch (error) {
    return { unavailable: `it could not be downloaded (${error instanceof Error ? error.message : String(error)})` };
  }
}

export interface DesktopRun {
  executable: string;
  workspace: string;
  extension: string;
  tests: string;
  dataDir: string;
  workspaceTrust: boolean;
  env: NodeJS.ProcessEnv;
}

/** Runs the suite to its end; returns the test runner's exit code. */
export function runInDesktop(run: DesktopRun): Promise<number> {
  return runTests({
    vscodeExecutablePath: run.executable,
    extensionDevelopmentPath: run.extension,
    extensionTestsPath: run.tests,
    extensionTestsEnv: run.env,
    launchArgs: [
      run.workspace,
      ...folders(run.dataDir),
      '--skip-welcome', '--skip-release-notes', '--disable-telemetry', '--disable-gpu',
      ...(run.workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  });
}

/** Installs a VSIX for the runs with that data folder. */
export async function installInDesktop(executable: string, vsix: string, dataDir: string): Promise<void> {
  const [cli, ...args] = resolveCliArgsFromVSCodeExecutablePath(executable, { reuseMachineInstall: true });
  if (!cli) throw new Error(`${executable} has no command line.`);
  const shell = process.platform === 'win32';
  await promisify(execFile)(cli, [...args, ...folders(dataDir), '--install-extension', vsix], { shell });
}

function folders(dataDir: string): string[] {
  return ['--user-data-dir', path.join(dataDir, 'user'), '--extensions-dir', path.join(dataDir, 'extensions')];
}
