// A page of VS Code's workbench in a headless Chromium, served by the server build.
import path from 'node:path';
import { chromium as playwright, type Page } from 'playwright-core';
import { chromium } from './provision';
import type { RunningServer } from './vscode-server';

export interface WorkbenchOptions {
  /** Absolute path of a folder, or of a .code-workspace file. */
  workspace: string;
  /** Absolute path of the extension to run from its source folder. */
  extension?: string;
  /** Absolute path of a file that is opened at once, at a line where one is given: "/a/b.ts:12". */
  file?: string;
  /** Absolute path of the test runner that the extension host loads. */
  tests?: string;
}

export interface Workbench {
  page: Page;
  /** Exit code of the test runner: 0 when it settled well. */
  testsEnded: Promise<number>;
  close(): Promise<void>;
}

/** A workbench that is not there by then never comes, however busy the machine is. Milliseconds. */
const openingLimit = 180_000;

const browserArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

/** Address of the page; loopback, as the server listens nowhere else. */
export function workbenchUrl(server: RunningServer, options: WorkbenchOptions, connectionToken?: string): string {
  const authority = `127.0.0.1:${server.port}`;
  const remote = (file: string) => `vscode-remote://${authority}${file}`;
  const payload: [string, string][] = [];
  if (options.extension) payload.push(['extensionDevelopmentPath', remote(options.extension)]);
  if (options.file) payload.push(['openFile', remote(options.file)], ['gotoLineMode', 'true']);
  if (options.tests) payload.push(['extensionTestsPath', remote(options.tests)]);
  const url = new URL(`http://${authority}/`);
  if (connectionToken) url.searchParams.set('tkn', connectionToken);
  url.searchParams.set(options.workspace.endsWith('.code-workspace') ? 'workspace' : 'folder', options.workspace);
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

export function openWorkbench(server: RunningServer, options: WorkbenchOptions): Promise<Workbench> {
  return openPage(workbenchUrl(server, options));
}

/** Opens an address of {@link workbenchUrl}; settles when the workbench is drawn. */
export async function openPage(url: string): Promise<Workbench> {
  const browser = await playwright.launch({ executablePath: await chromium(), args: browserArguments });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const testsEnded = new Promise<number>((resolve, reject) => {
      browser.once('disconnected', () => reject(new Error('The browser ended before the tests did.')));
      page.once('crash', () => reject(new Error("The browser's page crashed.")));
      void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    });
    // Whoever does not run tests does not look at it.
    testsEnded.catch(() => undefined);
    await page.exposeFunction('codeAutomationLog', () => undefined);
    await page.goto(url, { timeout: openingLimit });
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: openingLimit });
    return { page, testsEnded, close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Takes a picture of the page; returns its path under .cache/screenshots/. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const file = path.resolve('.cache/screenshots', `${name}.png`);
  await page.screenshot({ path: file });
  return file;
}
