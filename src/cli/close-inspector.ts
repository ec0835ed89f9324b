import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { closeWhenOpened } from '../tracer/inspector/open-inspector';

/** Registers `close-inspector`, which only `leaveCloser` calls. */
export function addCloseInspector(program: Command): void {
  program
    .command('close-inspector', { hidden: true })
    .description('close the inspector of a process as soon as it opens')
    .argument('<pid>')
    .action((pid: string) => closeWhenOpened(Number(pid)));
}

/** Leaves a process behind that closes the inspector which `pid` will open when it can: we end before that. */
export function leaveCloser(pid: number): void {
  spawn(process.execPath, [process.argv[1] ?? '', 'close-inspector', String(pid)], { detached: true, stdio: 'ignore' }).unref();
}
