// Runs a suite inside a real VS Code: the desktop one where it can be had, its server build in Chromium otherwise.
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Locator, Page } from 'playwright-core';
import { desktopVsCode, installInDesktop, runInDesktop } from './desktop';
import { filesVariable, grepVariable, inWebview, portVariable, type SuiteMessage, type TestResult, type WindowAnswer, type WindowRequest } from './link';
import { writeSettings } from './settings';
import { installInServer, startServer } from './vscode-server';
import { openWorkbench, screenshot, type WorkbenchOptions } from './workbench';

export interface SuiteOptions {
  /** Test files in test/host/suite/, such as "activation". */
  files: string[];
  /** Folder that is copied and opened as the workspace. */
  workspace: string;
  /** Called with the copy before it is opened. */
  prepare?: (folder: string) => Promise<void>;
  /** A .code-workspace file in that folder, to open it instead of the folder. */
  workspaceFile?: string;
  /** Folder of the extension that runs from source; the repository itself unless given. */
  extension?: string;
  workspaceTrust?: boolean;
  settings?: Record<string, unknown>;
  /** Builds a VSIX at that path, which is installed before VS Code starts. */
  vsix?: (file: string) => Promise<void>;
}

export interface SuiteRun {
  /** Such as "desktop 1.139.1" or "server 1.139.1: there is no display". */
  where: string;
  results: TestResult[];
}

/** A suite that takes longer has hung; the tests in it have limits of their own. Milliseconds. */
export const suiteLimit = 600_000;

/** Rejects when the suite could not be run to its end; failed tests are results. */
export async function runSuite(options: SuiteOptions): Promise<SuiteRun> {
  const temporary = await realpath(await mkdtemp(path.join(os.tmpdir(), 'asyncscope-host-')));
  const received = new Received();
  try {
    const workspace = path.join(temporary, 'workspace');
    await cp(path.resolve(options.workspace), workspace, { recursive: true });
    await options.prepare?.(workspace);
    const dataDir = path.join(temporary, 'data');
    await writeSettings(dataDir, options.workspaceTrust ?? false, options.settings);
    const launch = {
      workspace: path.join(workspace, options.workspaceFile ?? ''),
      extension: path.resolve(options.extension ?? '.'),
      tests: path.resolve('out/test/host/suite/index.js'),
      dataDir,
      workspaceTrust: options.workspaceTrust ?? false,
      env: {
        [portVariable]: String(await received.listen()),
        [filesVariable]: options.files.map((name) => path.resolve('out/test/host/suite', `${name}.test.js`)).join(path.delimiter),
        [grepVariable]: process.env[grepVariable],
      },
    };
    const vsix = options.vsix && path.join(temporary, 'extension.vsix');
    if (vsix) await options.vsix?.(vsix);
    const desktop = await desktopVsCode();
    if ('executable' in desktop) {
      if (vsix) await installInDesktop(desktop.executable, vsix, dataDir);
      await runInDesktop({ ...launch, executable: desktop.executable });
    } else {
      if (vsix) await installInServer(vsix, dataDir);
      await runInServer(launch, received);
    }
    await received.allSaid();
    const { vscode, broken, results } = received;
    if (!vscode) throw new Error("VS Code's test runner ended without having started the suite.");
    if (broken) throw new Error(`The suite broke in the extension host: ${broken}`);
    return { where: 'executable' in desktop ? `desktop ${vscode}` : `server ${vscode}: ${desktop.unavailable}`, results };
  } finally {
    received.hangUp();
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

interface Launch extends WorkbenchOptions {
  dataDir: string;
  workspaceTrust: boolean;
  env: NodeJS.ProcessEnv;
}

async function runInServer(launch: Launch, received: Received): Promise<void> {
  const server = await startServer(launch);
  let late: NodeJS.Timeout | undefined;
  try {
    const workbench = await openWorkbench(server, launch);
    received.page = workbench.page;
    try {
      const limit = new Promise<never>((_resolve, reject) => {
        late = setTimeout(() => reject(new Error(`The suite did not end within ${suiteLimit / 1000} s.`)), suiteLimit);
      });
      await Promise.race([workbench.testsEnded, limit]);
    } catch (error) {
      await screenshot(workbench.page, 'broken').catch(() => undefined);
      throw error;
    } finally {
      await workbench.close();
    }
  } finally {
    clearTimeout(late);
    await server.stop();
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
    // The extension host may end without closing it; the reader of lines passes the error on.
    socket.on('error', () => undefined);
    const lines = createInterface(socket).on('line', (line) => void this.receive(JSON.parse(line) as SuiteMessage, socket));
    lines.on('error', () => undefined);
  });

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', () => resolve((this.server.address() as net.AddressInfo).port));
    });
  }

  /** Settles when every connection has ended, as they do with VS Code, and so everything sent has been read. */
  allSaid(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
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
      default:
        socket.write(`${JSON.stringify(await answer(this.page, message))}\n`);
    }
  }
}

/** VS Code puts a webview's page into a frame within a frame. */
function locate(page: Page, selector: string): Locator {
  if (!selector.startsWith(inWebview)) return page.locator(selector);
  return page.frameLocator('iframe.webview.ready').last().frameLocator('#active-frame').locator(selector.slice(inWebview.length));
}

async function answer(page: Page | undefined, request: WindowRequest): Promise<WindowAnswer> {
  if (!page) return {};
  try {
    switch (request.kind) {
      case 'screenshot':
        return { file: await screenshot(page, request.name) };
      case 'texts':
        return { texts: await locate(page, request.selector).allInnerTexts() };
      case 'click':
        await locate(page, request.selector).first().click({ timeout: 20_000 });
        return { texts: [] };
      case 'type':
        if (request.text !== undefined) await locate(page, request.selector).fill(request.text, { timeout: 20_000 });
        if (request.key !== undefined) await locate(page, request.selector).press(request.key, { timeout: 20_000 });
        return { texts: [] };
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
