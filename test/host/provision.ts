// What the tests need and npm's dependencies cannot give: other Node versions, a VS Code, a browser.
// Each is installed once into .cache/ (ignored by git), from the npm registry and Debian's packages alone.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const cache = path.resolve('.cache');
export const nodeMajors = [20, 22, 24, 26] as const;
export type NodeMajor = (typeof nodeMajors)[number];

/** code-server's package carries VS Code's own server build; its version pins VS Code 1.139.1. */
const codeServer = '4.139.1';
const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog', 'node-pty', '@parcel/watcher', '@vscode/fs-copyfile'];

/** Path of a Node binary of that major version. */
export async function nodeBinary(major: NodeMajor): Promise<string> {
  const dir = await installOnce(`node-${major}`, (target) => npm(['install', `node@${major}`, '--prefix', target, '--no-save']));
  return path.join(dir, 'node_modules/node/bin/node');
}

/** Paths of all Node binaries that we support, by major version. */
export async function nodeBinaries(): Promise<Map<NodeMajor, string>> {
  const found = new Map<NodeMajor, string>();
  for (const major of nodeMajors) found.set(major, await nodeBinary(major));
  return found;
}

/**
 * A folder with npm packages in its node_modules, and whatever `layOut` makes of them. The name must change with what
 * is wanted.
 */
export function npmPackages(name: string, packages: readonly string[], layOut: (folder: string) => void): Promise<string> {
  return installOnce(name, async (target) => {
    await npm(['install', ...packages, '--prefix', target, '--no-save', '--ignore-scripts', '--no-package-lock']);
    layOut(target);
  });
}

export interface VsCodeServer {
  /** The Node that runs it. */
  node: string;
  /** VS Code's folder: out/server-main.js, extensions/, package.json. */
  dir: string;
}

/** VS Code's server build with its native modules compiled for the Node that runs it. */
export async function vsCodeServer(): Promise<VsCodeServer> {
  const node = await nodeBinary(24);
  const dir = await installOnce(`vscode-server-${codeServer}`, async (target) => {
    // code-server's own postinstall compiles modules that its wrapper needs and VS Code does not.
    await npm(['install', `code-server@${codeServer}`, '--prefix', target, '--no-save', '--ignore-scripts', '--force']);
    const vscode = path.join(target, 'node_modules/code-server/lib/vscode');
    await npm(['install', '--omit=dev', '--ignore-scripts'], vscode);
    await compiler();
    await npm(['rebuild', '--foreground-scripts', ...nativeModules], vscode, compileFor(node));
    // TypeScript for the built-in language features.
    await npm(['install', '--omit=dev', '--ignore-scripts'], path.join(vscode, 'extensions'));
  });
  return { node, dir: path.join(dir, 'node_modules/code-server/lib/vscode') };
}

/** Path of a Chromium or Chrome; installs Debian's where we may. */
export async function chromium(): Promise<string> {
  const found = installedChromium();
  if (found) return found;
  await debianPackages(['chromium', 'fonts-dejavu-core'], 'No Chromium found. Install it (Debian: sudo apt-get install chromium) or set CHROMIUM to its path.');
  const installed = installedChromium();
  if (!installed) throw new Error('apt-get installed chromium, yet no chromium is on the PATH.');
  return installed;
}

function installedChromium(): string | undefined {
  return process.env['CHROMIUM'] ?? onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
}

/** What VS Code's native modules are compiled with. */
async function compiler(): Promise<void> {
  const missing = [['make'], ['g++', 'c++'], ['python3']].filter((names) => !onPath(...names));
  if (missing.length === 0 || process.platform === 'win32') return;
  await debianPackages(['make', 'g++', 'python3'], "VS Code's server is compiled with make, g++ and python3. Install them (Debian: sudo apt-get install make g++ python3).");
}

/** The first of these programs that is on the PATH. */
function onPath(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => existsSync(file));
}

/** Installs Debian's packages where we may; `otherwise` says what the user is to do elsewhere. */
async function debianPackages(names: string[], otherwise: string): Promise<void> {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new Error(otherwise);
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], undefined, { DEBIAN_FRONTEND: 'noninteractive' });
}

const underWay = new Map<string, Promise<string>>();

/** Installs into a folder of its own and renames it into place: whole or absent, whoever else installs the same. */
function installOnce(name: string, install: (target: string) => Promise<void>): Promise<string> {
  const done = underWay.get(name) ?? installNow(name, install);
  underWay.set(name, done);
  return done;
}

async function installNow(name: string, install: (target: string) => Promise<void>): Promise<string> {
  const final = path.join(cache, name);
  if (existsSync(final)) return final;
  process.stderr.write(`Installing ${name} into .cache (once)\n`);
  const target = path.join(cache, `${name}.${process.pid}`);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  try {
    await install(target);
    await rename(target, final).catch((error: unknown) => {
      if (!existsSync(final)) throw error;
    });
  } finally {
    await rm(target, { recursive: true, force: true });
  }
  return final;
}

/** Environment in which npm compiles native modules for that Node, with the headers from the same package. */
function compileFor(node: string): NodeJS.ProcessEnv {
  const platformPackage = path.join(path.dirname(node), '..', 'node_modules', `node-${process.platform}-${process.arch}`);
  return {
    PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    ...(existsSync(path.join(platformPackage, 'include')) ? { npm_config_nodedir: platformPackage } : {}),
  };
}

function npm(args: string[], cwd?: string, env?: NodeJS.ProcessEnv): Promise<void> {
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, cwd, env);
}

/** Runs to the end; rejects with the command and the end of its output when it fails. */
function run(command: string, args: string[], cwd?: string, env?: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} failed with exit code ${code}:\n${output}`));
    });
  });
}
