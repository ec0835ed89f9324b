// A Node process as the system shows it: may we look at it, how was it started, which Node processes are there.
import { execFile } from 'node:child_process';
import os from 'node:os';
import { promisify } from 'node:util';
import * as proc from './proc';
import { TargetError } from './target';
import { runsNode, windowsProcesses } from './windows-processes';

export interface NodeProcess {
  pid: number;
  /** Its id as it sees it itself: another one inside a container. */
  ownPid: number;
  /** As the system shows it: a program that sets `process.title` replaces it. */
  argv: string[];
  nodeOptions: string;
}

const linux = process.platform === 'linux';
const windows = process.platform === 'win32';

/** Throws a TargetError where that is no Node process that we may open the inspector of. */
export async function findNodeProcess(pid: number): Promise<NodeProcess> {
  if (pid === process.pid) throw new TargetError(`Process ${pid} is asyncscope itself; give the id of another Node process.`);
  return linux ? findByProc(pid) : findBySignal(pid);
}

/** False once the process has exited (or exists no more but for its entry in the process table). */
export async function isAlive(pid: number): Promise<boolean> {
  if (linux) {
    const status = await proc.readStatus(pid);
    return status !== undefined && status.state !== 'Z' && status.state !== 'X';
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function findByProc(pid: number): Promise<NodeProcess> {
  const status = await proc.readStatus(pid);
  if (!status) throw new TargetError(noSuchProcess(pid));
  if (status.state === 'Z' || status.state === 'X') throw new TargetError(`Process ${pid} has exited.`);
  const user = process.geteuid?.();
  if (user !== undefined && user !== 0 && user !== status.uid) throw new TargetError(notPermitted(pid));
  const executable = await proc.readExecutable(pid);
  if (executable === undefined) throw new TargetError(`Process ${pid} is not a Node process (it has no executable that we may read).`);
  if (!(await proc.isNodeExecutable(pid, executable))) {
    throw new TargetError(`Process ${pid} is not a Node process: it runs ${executable}.`);
  }
  if (status.state === 'T' || status.state === 't') {
    throw new TargetError(`Process ${pid} is stopped; continue it first (kill -CONT ${pid}).`);
  }
  const [mine, its, argv, nodeOptions] = await Promise.all([
    proc.networkNamespace('self'),
    proc.networkNamespace(pid),
    proc.readArguments(pid),
    proc.readNodeOptions(pid),
  ]);
  if (mine !== undefined && its !== undefined && mine !== its) {
    throw new TargetError(`Process ${pid} runs in a container with a network of its own; run asyncscope inside that container.`);
  }
  return { pid, ownPid: status.ownPid, argv, nodeOptions };
}

/** Elsewhere `ps` tells what runs; Windows needs no check, since opening the inspector there fails for any other program. */
async function findBySignal(pid: number): Promise<NodeProcess> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    throw new TargetError((error as NodeJS.ErrnoException).code === 'EPERM' ? notPermitted(pid) : noSuchProcess(pid));
  }
  if (windows) return { pid, ownPid: pid, argv: [], nodeOptions: '' };
  const row = (await posixProcesses()).find((each) => each.pid === pid);
  if (!row) throw new TargetError(noSuchProcess(pid));
  if (!/(^|\/)node(js)?(\s|$)/.test(row.command)) throw new TargetError(`Process ${pid} is not a Node process: it runs ${row.command}.`);
  return { pid, ownPid: pid, argv: row.command.split(' '), nodeOptions: '' };
}

const noSuchProcess = (pid: number) => `There is no process ${pid}.`;
const notPermitted = (pid: number) => `Process ${pid} belongs to another user; run asyncscope as that user.`;

export interface ListedProcess {
  pid: number;
  parent: number;
  /** The command line; in one word where the system tells it so. */
  argv: string[];
  /** Its working directory; undefined where the system does not tell. */
  folder?: string | undefined;
  /** Since it began, in milliseconds; undefined where the system does not tell. */
  ageMs?: number | undefined;
}

/** The Node processes that we may look at, in the order of their ids; without ourselves. */
export async function nodeProcesses(): Promise<ListedProcess[]> {
  const all = await (linux ? linuxProcesses() : otherProcesses());
  return all.filter((row) => row.pid !== process.pid).sort((a, b) => a.pid - b.pid);
}

async function otherProcesses(): Promise<ListedProcess[]> {
  if (windows) return (await windowsProcesses()).filter(runsNode);
  const rows = (await posixProcesses()).filter((row) => /(^|\/)node(js)?(\s|$)/.test(row.command));
  return rows.map(({ command, ...row }) => ({ ...row, argv: command.split(' ') }));
}

/** The Node processes that a process started, directly or through others (a shell, npm); without ourselves. */
export async function childNodeProcesses(pid: number): Promise<ListedProcess[]> {
  const parents = linux ? await proc.parents() : new Map((await (windows ? windowsProcesses() : posixProcesses())).map((row) => [row.pid, row.parent]));
  const descends = (child: number): boolean => {
    for (let parent = parents.get(child); parent !== undefined && parent > 1; parent = parents.get(parent)) {
      if (parent === pid) return true;
      if (parent === process.pid) return false;
    }
    return false;
  };
  return (await nodeProcesses()).filter((each) => descends(each.pid));
}

async function linuxProcesses(): Promise<ListedProcess[]> {
  const user = process.geteuid?.();
  const upMs = os.uptime() * 1000;
  const rows = await Promise.all(
    (await proc.processIds()).map(async (pid) => {
      const status = await proc.readStatus(pid);
      // Every Node handles SIGUSR1; the check spares reading the executables of all the others.
      if (!status?.catchesSigusr1 || (user !== 0 && user !== status.uid)) return undefined;
      const executable = await proc.readExecutable(pid);
      if (executable === undefined || !(await proc.isNodeExecutable(pid, executable))) return undefined;
      const [argv, folder, startedMs] = await Promise.all([proc.readArguments(pid), proc.readFolder(pid), proc.readStart(pid)]);
      return { pid, parent: status.parent, argv, folder, ageMs: startedMs === undefined ? undefined : Math.max(0, upMs - startedMs) };
    }),
  );
  return rows.filter((row) => row !== undefined);
}

async function posixProcesses(): Promise<{ pid: number; parent: number; ageMs: number; command: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,etime=,command='], { maxBuffer: 1 << 24 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)\s+(.*)$/.exec(line);
    if (!match) return [];
    const [, pid, parent, days = 0, hours = 0, minutes, seconds, command = ''] = match;
    const age = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
    return [{ pid: Number(pid), parent: Number(parent), ageMs: age * 1000, command }];
  });
}
