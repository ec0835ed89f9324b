// Runs mocha in the extension host, as VS Code's extensionTestsPath asks, and sends each result out over the link.
import path from 'node:path';
import * as vscode from 'vscode';
import type { TestResult } from '../link';
import { filesVariable, grepVariable } from '../link';
import { screenshot, send } from './outside';

/** Settles when the suite has ended, failed tests or not: their results have been sent. */
export async function run(): Promise<void> {
  await send({ kind: 'started', vscode: vscode.version, desktop: vscode.env.uiKind === vscode.UIKind.Desktop });
  try {
    await runMocha((process.env[filesVariable] ?? '').split(path.delimiter));
  } catch (error) {
    await send({ kind: 'broken', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function runMocha(files: string[]): Promise<void> {
  const { default: Mocha } = await import('mocha');
  // The base of all reporters prints nothing: the results go over the link alone.
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, reporter: Mocha.reporters.Base });
  if (process.env[grepVariable]) mocha.grep(process.env[grepVariable]);
  for (const file of files) mocha.addFile(file);
  const sent: Promise<void>[] = [];
  const report = (test: Mocha.Runnable, state: TestResult['state'], error?: Error) => {
    const failure = error && { message: error.message, stack: error.stack };
    sent.push(send({ kind: 'test', result: { titles: test.titlePath(), state, duration: test.duration ?? 0, error: failure } }));
  };
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', (test) => report(test, 'passed'))
      .on('pending', (test) => report(test, 'pending'))
      // A hook that failed is reported here too, under its own title.
      .on('fail', (test, error: Error) => {
        report(test, 'failed', error);
        sent.push(screenshot(`failed ${test.fullTitle().replace(/[^\w ]/g, '')}`).then(() => undefined));
      });
  });
  await Promise.all(sent);
}
