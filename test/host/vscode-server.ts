// VS Code's server build on a loopback port, with every folder that it writes to under one of ours.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { vsCodeServer } from './provision';

export interface ServerOptions {
  /** Where user data, server data and extensions go; `writeSettings` gives it its settings. */
  dataDir: string;
  /** Environment of the extension host, on top of ours. */
  env?: NodeJS.ProcessEnv;
  /** Folders are not trusted until the user says so. Without it every folder is. */
  workspaceTrust?: boolean;
  /** Secret that the page's address has to carry; without it any local user could open the page. */
  connectionToken?: string;
}

export interface RunningServer {
  /** Port on 127.0.0.1. */
  port: number;
  /** Settles when the server has ended. */
  ended: Promise<void>;
  /** Ends the server and everything it started. */
  stop(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { node, dir } = await vsCodeServer();
  await mkdir(path.join(options.dataDir, 'extensions'), { recursive: true });
  const child = spawn(node, serverArguments(dir, options), {
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
  };
  try {
    return { port: await portOf(child), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Installs a VSIX for the servers with that data folder. */
export async function installInServer(vsix: string, dataDir: string): Promise<void> {
  const { node, dir } = await vsCodeServer();
  const main = path.join(dir, 'out/server-main.js');
  await promisify(execFile)(node, [main, '--accept-server-license-terms', ...folders(dataDir), '--install-extension', vsix]);
}

/** Installed as a link, the extension is there in every folder that is opened, and is what was built last. */
export async function linkExtension(extension: string, dataDir: string): Promise<void> {
  const extensionsDir = path.join(dataDir, 'extensions');
  await mkdir(extensionsDir, { recursive: true });
  await symlink(extension, path.join(extensionsDir, 'asyncscope.asyncscope'), 'junction');
}

function folders(dataDir: string): string[] {
  return [
    '--user-data-dir', path.join(dataDir, 'user'),
    '--server-data-dir', path.join(dataDir, 'server'),
    '--extensions-dir', path.join(dataDir, 'extensions'),
  ];
}

function serverArguments(dir: string, options: ServerOptions): string[] {
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
    ...folders(options.dataDir),
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
