// `npm test [-- OPTIONS OF MOCHA]`: all tests, in two runs of mocha side by side, since each waits half of its time for
// the processes that it has started. What the second one prints comes after the first.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { nodeBinaries } from '../test/host/provision';

/** Folders whose programs open the inspector at its usual port, which one process can hold: they are in one run. */
const second = 'out/test/{agent,cli,tracer}/**/*.test.js';

function mocha(...args: string[]): ChildProcess {
  const color = process.stdout.isTTY ? ['--color'] : [];
  return spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...color, ...args, ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function onOutput(child: ChildProcess, listener: (text: Buffer) => void): void {
  child.stdout?.on('data', listener);
  child.stderr?.on('data', listener);
}

async function main(): Promise<void> {
  // Both runs want them. Where they cannot be had, the tests say so.
  await nodeBinaries().catch(() => undefined);
  const runs = [mocha('out/test/**/*.test.js', '--ignore', second), mocha(second)] as const;
  const ended = runs.map((run) => once(run, 'close') as Promise<[number | null]>);
  const held: Buffer[] = [];
  let isFirstOver = false;
  onOutput(runs[0], (text) => process.stdout.write(text));
  onOutput(runs[1], (text) => void (isFirstOver ? process.stdout.write(text) : held.push(text)));
  await ended[0];
  isFirstOver = true;
  process.stdout.write(Buffer.concat(held));
  const codes = (await Promise.all(ended)).map(([code]) => code);
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
