// Runs a suite inside a real VS Code: the desktop one where it can be had, its server build in Chromium otherwise.
import { cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { desktopVsCode, runInDesktop } from './desktop';
import { grepVariable, portVariable, suiteVariable, type SuiteMessage, type TestResult } from './link';
import { startServer } from './vscode-server';
import { openWorkbench, screenshot } from './workbench';

export interface SuiteOptions {
  /** Folder under test/host/suite/ whose test files are run; that folder itself when empty. */
  suite?: string;
  /** Folder that is copied and opened as the workspace; a .code-workspace file in it is opened when there is one. */
  workspace: string;
  /** The workspace file in that folder, to open it instead of the folder. */
  workspaceFile?: string;
  /** Folder of the extension that runs from source; the repository itself unless given. */
  extension?: string;
  workspaceTrust?: boolean;
  settings?: Record<string, unknown>;
  /** Called with the folder of installed extensions before VS Code starts. */
  install?: (extensionsDir: string) => Promise<void>;
}

export interface SuiteRun {
  /** Such as "desktop 1.139.1" or "server 1.139.1: there is no display". */
  where: string;
  results: TestResult[];
}

/** Rejects when the suite could not be run to its end; failed tests are results. */
export async function runSuite(options: SuiteOptions): Promise<SuiteRun> {
  const temporary = await realpath(await mkdtemp(path.join(os.tmpdir(), 'asyncscope-host-')));
  const received = new Received();
  const port = await received.listen();
  try {
    const folder = path.join(temporary, 'workspace');
    await cp(path.resolve(options.workspace), folder, { recursive: true });
    const launch = {
      workspace: options.workspaceFile ? path.join(folder, options.workspaceFile) : folder,
      extension: path.resolve(options.extension ?? '.'),
      tests: path.resolve('out/test/host/suite/index.js'),
    };
    const env = {
      [portVariable]: String(port),
      [suiteVariable]: path.resolve('out/test/host/suite', options.suite ?? ''),
      [grepVariable]: process.env[grepVariable],
    };
    const desktop = await desktopVsCode();
    if ('executable' in desktop) {
      const dataDir = path.join(temporary, 'data');
      await mkdir(path.join(dataDir, 'extensions'), { recursive: true });
      await options.install?.(path.join(dataDir, 'extensions'));
      const { executable } = desktop;
      await runInDesktop({ ...launch, executable, dataDir, env, workspaceTrust: options.workspaceTrust ?? false });
    } else {
      await runInServer(launch, env, options, received);
    }
    const { vscode, broken, results } = received;
    if (!vscode) throw new Error("VS Code's test runner ended without having started the suite.");
    if (broken) throw new Error(`The suite broke in the extension host: ${broken}`);
    return { where: 'executable' in desktop ? `desktop ${vscode}` : `server ${vscode}: ${desktop.unavailable}`, results };
  } finally {
    await received.close();
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

interface Launch {
  workspace: string;
  extension: string;
  tests: string;
}

async function runInServer(launch: Launch, env: NodeJS.ProcessEnv, options: SuiteOptions, received: Received): Promise<void> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-vscode-'));
  await mkdir(path.join(dataDir, 'extensions'));
  await options.install?.(path.join(dataDir, 'extensions'));
  const { workspaceTrust, settings } = options;
  const server = await startServer({ env, dataDir, workspaceTrust, settings });
  try {
    const workbench = await openWorkbench(server, launch);
    received.page = workbench.page;
    try {
      await workbench.testsEnded;
    } catch (error) {
      await screenshot(workbench.page, 'broken').catch(() => undefined);
      throw error;
    } finally {
      await workbench.close();
    }
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The outer end of the link: gathers what the suite says. */
class Received {
  readonly results: TestResult[] = [];
  vscode: string | undefined;
  broken: string | undefined;
  page: Page | undefined;
  private readonly sockets = new Set<net.Socket>();
  private readonly server = net.createServer((socket) => {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    createInterface(socket).on('line', (line) => void this.receive(JSON.parse(line) as SuiteMessage, socket));
  });

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', () => resolve((this.server.address() as net.AddressInfo).port));
    });
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async receive(message: SuiteMessage, socket: net.Socket): Promise<void> {
    switch (message.kind) {
      case 'started':
        this.vscode = message.vscode;
        break;
      case 'test':
        this.results.push(message.result);
        break;
      case 'broken':
        this.broken = message.message;
        break;
      case 'screenshot': {
        const file = this.page && (await screenshot(this.page, message.name));
        socket.write(`${JSON.stringify({ file })}\n`);
      }
    }
  }
}
