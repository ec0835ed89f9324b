// `run`: starts a program with the agent in it, and says what is pending when it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { InvalidArgumentError, type Command } from 'commander';
import { agentConfig, agentEnvironment, newSecret } from '../tracer/live/launch';
import { batchFile, batchLine } from './batch-file';
import { childrenEnded, type EndedProgram, readExitReports } from './exit-reports';
import { indent, pendingLines } from './pending-report';
import { recordSuffixes, writeRecordings } from './record';

interface RunOptions {
  json?: string;
  record?: string;
  blocked: number;
}

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** How often it was asked to end. */
  interrupts: number;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;
/** When a program that was interrupted is said to be blocked. */
const reactionMs = 3_000;
/** How long children that nobody asked to end may outlive a program before they are said to go on. */
const briefMs = 200;

export function addRun(program: Command): void {
  program
    .enablePositionalOptions()
    .command('run')
    .summary('run a Node program and say what is pending when it ends')
    .description('Runs a Node program, its children and worker threads with the agent, and says on stderr which async calls are pending when they end.')
    .usage('[options] [--] node app.js …')
    .argument('<command...>', 'the program and its arguments')
    .option('--json <file>', 'write what is pending as JSON, also where nothing is')
    .option('--record <file>', `write what happened to each task: ${recordSuffixes.join(', ')} (a trace for Perfetto, a table)`, recordFile)
    .option('--blocked <ms>', 'say what blocks the event loop for so long or longer; 0 for never', milliseconds, 50)
    .passThroughOptions()
    .action(async ([command, ...args]: [string, ...string[]], options: RunOptions) => {
      endLike(await run(command, args, options));
    });
}

async function run(command: string, args: string[], options: RunOptions): Promise<Ending> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-')); // readable by its owner only
  try {
    const config = agentConfig({ secret: newSecret(), reportFolder: folder, ...(options.blocked > 0 && { blockedMs: options.blocked }) });
    const own = process.env['NODE_OPTIONS'];
    // After the agent, which it hears of the tasks from.
    const nodeOptions = options.record === undefined ? own : agentEnvironment(path.join(__dirname, 'recorder.js'), config, own)['NODE_OPTIONS'];
    const env = { ...process.env, ...agentEnvironment(path.join(__dirname, 'agent.js'), config, nodeOptions) };
    const child = start(command, args, env);
    const ending = await ended(child, command);
    await lastReports(folder, ending.interrupts > 0 || ending.signal !== null);
    const program = await readExitReports(folder);
    if (options.json !== undefined) await writeJson(options.json, program);
    process.stderr.write(report(command, child.pid, ending, program));
    if (options.record !== undefined) await record(options.record, program);
    return ending;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const batch = process.platform === 'win32' ? batchFile(command, process.env) : undefined;
  return batch === undefined ? spawn(command, args, { stdio: 'inherit', env }) : spawn(batchLine(batch, args), { stdio: 'inherit', env, shell: true });
}

async function record(file: string, { threads }: EndedProgram): Promise<void> {
  try {
    for (const line of await writeRecordings(file, threads)) process.stderr.write(`asyncscope: ${line}\n`);
  } catch (error) {
    process.stderr.write(`asyncscope: the recording could not be written: ${(error as Error).message}. Give --record a file in a folder that exists.\n`);
  }
}

function recordFile(text: string): string {
  if (!recordSuffixes.some((suffix) => text.endsWith(suffix))) throw new InvalidArgumentError(`Give a file that ends with ${recordSuffixes.join(', ')}.`);
  return text;
}

function milliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give a whole number of milliseconds.');
  return Number(text);
}

/** Resolves when the program has ended; until then it gets the signals that we get. */
function ended(child: ChildProcess, command: string): Promise<Ending> {
  let notice: NodeJS.Timeout | undefined;
  let interrupts = 0;
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to the program itself as well.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    if (signal !== 'SIGINT' && signal !== 'SIGTERM') return;
    if (++interrupts > 1 && notice === undefined) child.kill('SIGKILL');
    else notice ??= setTimeout(() => {
      process.stderr.write(`asyncscope: ${command} has not ended yet; once more to kill it.\n`);
      notice = undefined;
    }, reactionMs);
  };
  for (const signal of forwarded) process.on(signal, forward);
  return new Promise<Ending>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(new Error(startError(command, error))));
    child.on('exit', (code, signal) => resolve({ code, signal, interrupts }));
  }).finally(() => {
    clearTimeout(notice);
    for (const signal of forwarded) process.removeListener(signal, forward);
  });
}

/** Children that are to end with the program may take a moment more; others may run on for good. Another Ctrl-C ends the wait. */
async function lastReports(folder: string, areToEnd: boolean): Promise<void> {
  const impatience = new AbortController();
  const stop = (): void => impatience.abort();
  process.on('SIGINT', stop);
  await childrenEnded(folder, areToEnd ? reactionMs : briefMs, impatience.signal);
  process.removeListener('SIGINT', stop);
}

function startError(command: string, { code, message }: NodeJS.ErrnoException): string {
  const hint = /\.[cm]?[jt]s$/.test(command) ? ` For a script, write: asyncscope run node ${command}` : ' Check its name and the PATH.';
  if (code === 'ENOENT') return `${command} was not found.${hint}`;
  if (code === 'EACCES') return `${command} is no program that can be run.${hint}`;
  return `${command} could not be started: ${message}.`;
}

/** The scripts of those that run the program of a package. */
const PACKAGE_MANAGER = /[\\/](?:npm|npx|yarn|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$/;

function report(command: string, pid: number | undefined, { signal }: Ending, program: EndedProgram): string {
  // What starts the program is not what is asked about.
  const own = program.threads.filter(({ command: [script = ''] }) => !PACKAGE_MANAGER.test(script));
  const threads = own.length > 0 ? own : program.threads;
  const lines = threads.flatMap((thread) => pendingLines(thread, threads.length > 1));
  lines.push(...program.damaged);
  for (const { target, reason } of threads) {
    const silent = program.silentWorkers.get(target.pid ?? 0);
    if (!silent || (reason !== 'SIGINT' && reason !== 'SIGTERM')) continue;
    lines.push(`${silent.length > 1 ? 'Worker threads' : 'Worker thread'} ${silent.join(', ')} of process ${target.pid} could not tell what was pending; asyncscope ps does, while it runs.`);
  }
  const { killed, running } = program;
  const isPlainly = (id: number): boolean => id !== pid || signal === null;
  if (pid !== undefined && !killed.every(isPlainly)) lines.push(`Process ${pid} ended by ${signal} before it could tell what was pending.`);
  const silent = killed.filter(isPlainly);
  if (silent.length > 0) lines.push(`${processes(silent)} ended before ${silent.length > 1 ? 'they' : 'it'} could tell what was pending.`);
  if (running.length > 0) lines.push(`${processes(running)} still ${running.length > 1 ? 'run' : 'runs'}.`);
  if (killed.length + running.length + program.threads.length + program.damaged.length === 0) {
    lines.push(`No Node process told what was pending: "${command}" started none, or took NODE_OPTIONS away from it.`);
  }
  const text = lines.map((line) => `${line.startsWith(indent) ? '' : 'asyncscope: '}${line}\n`).join('');
  return process.stderr.isTTY ? text : stripVTControlCharacters(text);
}

function processes(pids: readonly number[]): string {
  return `${pids.length > 1 ? 'Processes' : 'Process'} ${pids.join(', ')}`;
}

async function writeJson(file: string, { threads, killed, running, damaged }: EndedProgram): Promise<void> {
  try {
    const ended = threads.map(({ recorder: _recorder, scripts: _scripts, ...thread }) => thread);
    await writeFile(file, `${JSON.stringify({ version: 1, processes: ended, killed, running, warnings: damaged })}\n`);
  } catch (error) {
    process.stderr.write(`asyncscope: the report could not be written: ${(error as Error).message}. Give --json a file in a folder that exists.\n`);
  }
}

/** Ends as the program did. */
function endLike({ code, signal }: Ending): void {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}
