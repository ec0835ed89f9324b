// What `ps` and `tree` share: look at a target, let go of it, print what was found.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { PendingInspectorError } from '../tracer/inspector/open-inspector';
import type { Task, TaskReport, TaskThread } from '../tracer/task';
import { colors } from './colors';
import { leaveCloser } from './close-inspector';
import { look, type ProcessReport } from './look';
import { formatDuration, formatMegabytes, type PauseEstimate } from '../tracer/pause-estimate';
import { plural } from '../tracer/task-text';
import { outputWidth } from './terminal-width';

interface LookOptions {
  json?: boolean;
  stuck?: boolean;
  locals?: boolean;
  threads?: boolean;
  yes?: boolean;
}

/** Lines for the tasks of one thread, each at most `width` characters wide. */
type Render = (tasks: readonly Task[], width: number) => string[];

/** A longer pause is announced, and on a terminal asked for. */
const shortPauseMs = 2_000;

export function addLook(command: Command, render: Render): void {
  command
    .argument('<target>', 'process id, host:port or ws:// URL of an inspector, or a .heapsnapshot file')
    .option('--stuck', 'only tasks that nothing can ever resume')
    .option('--locals', 'also the local variables of each task')
    .option('--threads', 'also the Node processes that it started; every thread under a heading of its own')
    .option('--json', 'print JSON')
    .option('-y, --yes', 'do not ask before a long pause')
    .action(async (target: string, options: LookOptions) => {
      process.exitCode = await lookAndPrint(target, options, render);
    });
}

async function lookAndPrint(target: string, options: LookOptions, render: Render): Promise<number> {
  const interrupted = new AbortController();
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let exitCode = 0;
  for (const [signal, code] of Object.entries(signals)) {
    process.once(signal, () => {
      exitCode = code;
      interrupted.abort(new Error(`Interrupted by ${signal}.`));
    });
  }
  try {
    const report = await look(target, {
      locals: options.locals ?? false,
      children: options.threads ?? false,
      mayPause: (name, estimate) => mayPause(name, estimate, options.yes ?? false, interrupted.signal),
      abort: interrupted.signal,
    });
    if (!report) return 1;
    print(options.stuck ? onlyStuck(report) : report, options, render);
    return 0;
  } catch (error) {
    if (error instanceof PendingInspectorError) leaveCloser(error.pid);
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write(`asyncscope: ${(interrupted.signal.reason as Error).message}\n`);
    return exitCode;
  }
}

async function mayPause(name: string, { heapBytes, ms }: PauseEstimate, yes: boolean, abort: AbortSignal): Promise<boolean> {
  if (ms < shortPauseMs) return true;
  const notice = `${name} will stand still for about ${formatDuration(ms)} (its heap is ${formatMegabytes(heapBytes)}).`;
  if (yes || !process.stdin.isTTY || !process.stderr.isTTY) {
    process.stderr.write(`asyncscope: ${notice}\n`);
    return true;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`asyncscope: ${notice} Go on? [y/N] `, { signal: abort });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function onlyStuck(report: ProcessReport): ProcessReport {
  const threads = report.threads.map((thread) => ({ ...thread, tasks: thread.tasks.filter((task) => task.stuck) }));
  return { ...report, threads, ...(report.children && { children: report.children.map(onlyStuck) }) };
}

function print(report: ProcessReport, options: LookOptions, render: Render): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const width = outputWidth();
  const lines = [report, ...(report.children ?? [])].flatMap((each, index) => [
    ...(index > 0 ? [''] : []),
    colors.bold(`${targetName(each)}: ${summary(each.threads, options)}`),
    ...each.threads.flatMap((thread) => threadLines(thread, each.threads.length > 1 || (options.threads ?? false) ? (options.stuck ? 'stuck' : 'pending') : undefined, width, render)),
  ]);
  process.stdout.write(`${lines.join('\n')}\n`);
  for (const { warnings } of [report, ...(report.children ?? [])]) {
    for (const warning of warnings) process.stderr.write(`asyncscope: ${warning}\n`);
  }
}

/** `shown`: what a heading calls the tasks; none where it is not given. */
function threadLines(thread: TaskThread, shown: string | undefined, width: number, render: Render): string[] {
  const lines = shown ? ['', `${colors.bold(thread.name)}: ${thread.tasks.length} ${shown}`] : [];
  return thread.tasks.length > 0 ? [...lines, ...render(thread.tasks, width)] : lines;
}

function targetName({ target }: TaskReport): string {
  if (target.pid === undefined) return target.file ?? 'snapshot';
  return `Process ${target.pid}, Node ${target.node ?? ''}`;
}

function summary(threads: TaskThread[], options: LookOptions): string {
  const tasks = threads.flatMap((thread) => thread.tasks);
  if (options.stuck) return tasks.length > 0 ? plural(tasks.length, 'stuck task') : 'no stuck tasks';
  if (tasks.length === 0) return 'no pending tasks';
  const stuck = tasks.filter((task) => task.stuck).length;
  return `${plural(tasks.length, 'pending task')}${stuck > 0 ? `, ${stuck} stuck` : ''}`;
}
