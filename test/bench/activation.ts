// How long VS Code waits for the extension when a JavaScript file is opened, as its own list of running extensions says.
// node out/test/bench/activation.js [RUNS]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { writeSettings } from '../host/settings';
import { startServer } from '../host/vscode-server';
import { openWorkbench } from '../host/workbench';

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 5);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await activationTime());
  const median = times.toSorted((a, b) => a - b)[Math.floor(runs / 2)];
  process.stdout.write(`activation: ${times.map((time) => `${time} ms`).join(', ')}; median ${median} ms\n`);
}

/** Milliseconds, in a new VS Code. */
async function activationTime(): Promise<number> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-bench-'));
  await writeSettings(dataDir, false);
  const server = await startServer({ dataDir });
  try {
    const workspace = path.resolve('examples');
    const workbench = await openWorkbench(server, { workspace, extension: path.resolve('.'), file: path.join(workspace, 'src/report.js') });
    try {
      return await readActivationTime(workbench.page);
    } finally {
      await workbench.close();
    }
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
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

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
