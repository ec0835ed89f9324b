// How long VS Code waits for the extension when a JavaScript file is opened, as its own list of running extensions says.
import { setTimeout as pause } from 'node:timers/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { writeSettings } from '../host/settings';
import { startServer } from '../host/vscode-server';
import { openWorkbench } from '../host/workbench';
import { goalTable, type Goal } from './table';

/** Each in a new VS Code; the best counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env['ASYNCSCOPE_BENCH_ROUNDS'] ?? 5);

/** Until what VS Code starts by itself has started. Milliseconds. */
const settlingMs = 10_000;

/** Prints the times; the goal, with what was reached. */
export async function benchActivation(): Promise<Goal[]> {
  const atStart: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < rounds; round++) {
    atStart.push(await activationTime('at start'));
    later.push(await activationTime('later'));
  }
  const list = (times: number[]) => times.map((time) => `${time} ms`).join(', ');
  const goals = [{ what: 'activation of the extension in VS Code, ms', value: Math.min(...later), limit: 50 }];
  process.stdout.write(`activation by a file that is opened in a VS Code that runs: ${list(later)}\n`);
  process.stdout.write(`by one that VS Code starts with, beside everything else that starts then: ${list(atStart)}\n${goalTable(goals)}\n`);
  return goals;
}

/** Milliseconds, in a new VS Code. */
async function activationTime(opened: 'at start' | 'later'): Promise<number> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-bench-'));
  await writeSettings(dataDir, false);
  const server = await startServer({ dataDir });
  try {
    const workspace = path.resolve('examples');
    const file = path.join(workspace, 'src/report.js');
    const workbench = await openWorkbench(server, { workspace, extension: path.resolve('.'), ...(opened === 'at start' && { file }) });
    try {
      if (opened === 'later') await openLater(workbench.page, path.basename(file));
      return await readActivationTime(workbench.page);
    } finally {
      await workbench.close();
    }
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function openLater(page: Page, name: string): Promise<void> {
  await pause(settlingMs);
  await page.keyboard.press('Control+P');
  await page.keyboard.type(name);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click();
}

async function readActivationTime(page: Page): Promise<number> {
  // A finding is shown: the extension is active and everything it starts has started.
  await page.waitForSelector('.squiggly-error', { timeout: 60_000 });
  // High enough for every row of the list to be drawn.
  await page.setViewportSize({ width: 1280, height: 3000 });
  await page.keyboard.press('F1');
  await page.keyboard.type('Show Running Extensions');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Show Running Extensions' }).first().click();
  const row = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'asyncscope' });
  const text = await row.innerText();
  const time = /Activation: (\d+)ms/.exec(text)?.[1];
  if (time === undefined) throw new Error(`no activation time in: ${text}`);
  return Number(time);
}
