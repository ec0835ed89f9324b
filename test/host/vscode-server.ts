// VS Code's server build on a loopback port, with every folder that it writes to under one of ours.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { vsCodeServer } from './provision';

export interface ServerOptions {
  /** Environment of the extension host, on top of ours. */
  env?: NodeJS.ProcessEnv;
  /** Ask whether a folder is trusted, as VS Code does for its users; off for tests that are not about it. */
  workspaceTrust?: boolean;
  /** User settings, on top of those that keep the window quiet. */
  settings?: Record<string, unknown>;
  /** Secret that the page's address has to carry; without it any local user could open the page. */
  connectionToken?: string;
  /** Where user data, server data and extensions go; a temporary folder, removed at the end, unless given. */
  dataDir?: string;
}

export interface RunningServer {
  /** Port on 127.0.0.1. */
  port: number;
  dataDir: string;
  /** Folder of installed extensions. */
  extensionsDir: string;
  /** Settles when the server has ended. */
  ended: Promise<void>;
  /** Ends the server and everything it started. */
  stop(): Promise<void>;
}

const quiet = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'git.openRepositoryInParentFolders': 'never',
};

export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { node, dir } = await vsCodeServer();
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(os.tmpdir(), 'asyncscope-vscode-')));
  const extensionsDir = path.join(dataDir, 'extensions');
  const settings = { ...quiet, 'security.workspace.trust.enabled': options.workspaceTrust ?? false, ...options.settings };
  await mkdir(path.join(dataDir, 'user/User'), { recursive: true });
  await mkdir(extensionsDir, { recursive: true });
  const settingsFile = path.join(dataDir, 'user/User/settings.json');
  // A folder that is used again keeps what its user has set.
  if (!existsSync(settingsFile)) await writeFile(settingsFile, JSON.stringify(settings, undefined, 2));

  const child = spawn(node, serverArguments(dir, dataDir, extensionsDir, options), {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that extension hosts and what they started can be ended with it.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killGroup = () => signalGroup(child, 'SIGKILL');
  process.once('exit', killGroup);
  const stop = async () => {
    process.off('exit', killGroup);
    signalGroup(child, 'SIGTERM');
    const late = setTimeout(killGroup, 5000);
    await ended;
    clearTimeout(late);
    killGroup();
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    return { port: await portOf(child), dataDir, extensionsDir, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function serverArguments(dir: string, dataDir: string, extensionsDir: string, options: ServerOptions): string[] {
  return [
    path.join(dir, 'out/server-main.js'),
    '--host', '127.0.0.1',
    '--port', '0',
    ...(options.connectionToken ? ['--connection-token', options.connectionToken] : ['--without-connection-token']),
    '--accept-server-license-terms',
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
    // What makes the page honour the extension paths in its address.
    '--enable-smoke-test-driver',
    '--telemetry-level', 'off',
    '--user-data-dir', path.join(dataDir, 'user'),
    '--server-data-dir', path.join(dataDir, 'server'),
    '--extensions-dir', extensionsDir,
  ];
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // The whole group has ended already.
  }
}

/** The port it says it listens on; rejects with its output when it ends first. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      const found = /agent listening on (\d+)/.exec(output);
      if (found) resolve(Number(found[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`VS Code's server ended with exit code ${code}:\n${output}`)));
  });
}
