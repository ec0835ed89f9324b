// What Linux's /proc tells about a process, without disturbing it. proc(5), proc_pid_status(5), proc_pid_stat(5).
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

const sigusr1 = 1n << 9n; // signal 10, counted from 0

export interface ProcStatus {
  /** The user the process runs as (its effective id). */
  uid: number;
  parent: number;
  /** `R`, `S`, `D`, `T` (stopped), `t` (stopped by a tracer), `Z` (exited, not yet collected). */
  state: string;
  /** Its id as it sees it itself: another one inside a container. */
  ownPid: number;
  catchesSigusr1: boolean;
}

/** Undefined where there is no such process. */
export async function readStatus(pid: number): Promise<ProcStatus | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => undefined);
  // A zombie's file can be there and be empty while it is being collected.
  if (!text) return undefined;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.split(/\s+/) ?? [];
  // /proc/PID answers for the id of a thread too; only the id of the group leader is a process.
  if (Number(field('Tgid')[0]) !== pid) return undefined;
  return {
    uid: Number(field('Uid')[1]),
    parent: Number(field('PPid')[0]),
    state: field('State')[0] ?? '?',
    ownPid: Number(field('NSpid').at(-1) ?? pid),
    catchesSigusr1: (BigInt(`0x${field('SigCgt')[0] ?? '0'}`) & sigusr1) !== 0n,
  };
}

/** The executable's path; undefined where we may not read it (another user's process) or it is a kernel thread. */
export async function readExecutable(pid: number): Promise<string | undefined> {
  const link = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
  return link?.replace(/ \(deleted\)$/, '');
}

/** The command line; a program that sets `process.title` replaces it. */
export function readArguments(pid: number): Promise<string[]> {
  return readZeroSeparated(`/proc/${pid}/cmdline`);
}

/** Its working directory; undefined where we may not know. */
export function readFolder(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

/** Linux counts for readers of /proc in hundredths of a second (USER_HZ), on every architecture. */
const millisecondsOfTick = 10;

/** When it began, in milliseconds since the system was started; undefined once it has gone. */
export async function readStart(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name before may hold spaces and brackets; field 22 is the 20th after it.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined ? undefined : Number(ticks) * millisecondsOfTick;
}

/** NODE_OPTIONS as the process was started with them. */
export async function readNodeOptions(pid: number): Promise<string> {
  const variable = (await readZeroSeparated(`/proc/${pid}/environ`)).find((each) => each.startsWith('NODE_OPTIONS='));
  return variable?.slice('NODE_OPTIONS='.length) ?? '';
}

async function readZeroSeparated(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\0').filter((part, index, parts) => part !== '' || index < parts.length - 1);
}

/** Names a program's network namespace; equal names see the same loopback addresses. */
export function networkNamespace(pid: number | 'self'): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => undefined);
}

/** The parent of every process. */
export async function parents(): Promise<Map<number, number>> {
  const statuses = await Promise.all((await processIds()).map(async (pid) => [pid, (await readStatus(pid))?.parent ?? 0] as const));
  return new Map(statuses);
}

export async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Node under any name (Electron, a single executable) has this text; nothing else that handles SIGUSR1 was seen to. */
const nodeMark = Buffer.from('Starting inspector on %s:%d failed');

/** True where the executable contains a Node runtime. */
export async function isNodeExecutable(pid: number, executable: string): Promise<boolean> {
  if (/^node(js)?(-?v?\d[\d.]*)?$/.test(path.basename(executable))) return true;
  const file = await open(`/proc/${pid}/exe`).catch(() => undefined);
  if (!file) return false;
  try {
    const block = Buffer.allocUnsafe(1 << 22);
    let kept = 0; // bytes of the block before that may begin the mark
    for (;;) {
      const { bytesRead } = await file.read(block, kept, block.length - kept);
      if (bytesRead === 0) return false;
      const end = kept + bytesRead;
      if (block.subarray(0, end).includes(nodeMark)) return true;
      kept = Math.min(nodeMark.length - 1, end);
      block.copy(block, 0, end - kept, end);
    }
  } finally {
    await file.close();
  }
}

/** What a thread waits in that has nothing to do: Node's event loop, or Electron's. */
const loopWaits = /epoll|do_(sys_)?poll|do_select|io_cqring/;

/** Where the main thread sleeps in the kernel; undefined where it runs, or the kernel does not tell. */
async function readWait(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/task/${pid}/stat`, 'latin1').catch(() => '');
  const [state] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state !== 'S' && state !== 'D') return undefined;
  const wait = (await readFile(`/proc/${pid}/wchan`, 'latin1').catch(() => '')).trim();
  return wait === '' || wait === '0' ? undefined : wait;
}

/** True where the main thread sleeps in its event loop. */
export async function isIdle(pid: number): Promise<boolean> {
  const wait = await readWait(pid);
  return wait !== undefined && loopWaits.test(wait) && !(await waitsForChild(pid));
}

/** The call that the main thread sleeps in, other than its event loop; undefined where it runs or idles. */
export async function readBlockedCall(pid: number): Promise<string | undefined> {
  const wait = await readWait(pid);
  if (wait === undefined || !loopWaits.test(wait)) return wait;
  return (await waitsForChild(pid)) ? 'waiting for a child process' : undefined;
}

/** execSync and spawnSync run an event loop of their own, whose epoll set is not the one that Node made at its start. */
async function waitsForChild(pid: number): Promise<boolean> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  if (children.trim() === '') return false;
  const [current, sets] = await Promise.all([waitingEpoll(pid, pid), epollSets(pid)]);
  const main = sets[mainLoop]?.fd;
  return current !== undefined && main !== undefined && current !== main;
}

const epollCalls = new Set(process.arch === 'x64' ? ['232', '281', '441'] : process.arch === 'arm64' ? ['22', '441'] : []);

/** The epoll descriptor that a thread waits on right now; undefined where it does not, or we may not know. */
export async function waitingEpoll(pid: number, thread: number): Promise<number | undefined> {
  const [call, first] = (await readFile(`/proc/${pid}/task/${thread}/syscall`, 'latin1').catch(() => '')).split(' ');
  return call !== undefined && epollCalls.has(call) ? Number(first) : undefined;
}

export interface EpollSet {
  fd: number;
  /** The descriptors that it watches. */
  watched: number[];
}

/** The order in which Node makes its loops (the same in Node 20 to 26), after an unused one and the platform's timer thread's. */
export const mainLoop = 2;
/** Only where the process was started with --inspect. */
export const inspectorLoop = 3;

/** The epoll sets in the order of their descriptors, which is the order in which they were made. */
export async function epollSets(pid: number): Promise<EpollSet[]> {
  const sets: EpollSet[] = [];
  for (const [fd, link] of await descriptors(pid)) {
    if (link !== 'anon_inode:[eventpoll]') continue;
    const text = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'latin1').catch(() => '');
    const watched = [...text.matchAll(/^tfd:\s*(\d+)/gm)].map((match) => Number(match[1]));
    sets.push({ fd, watched });
  }
  return sets;
}

/** Descriptor and what it leads to, in ascending order. */
export async function descriptors(pid: number): Promise<[fd: number, link: string][]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(
    names.map(async (name): Promise<[number, string]> => [Number(name), await readlink(`/proc/${pid}/fd/${name}`).catch(() => '')]),
  );
  return links.sort(([a], [b]) => a - b);
}

/** Threads of a process with their names. */
export async function threads(pid: number): Promise<{ id: number; name: string }[]> {
  const ids = await readdir(`/proc/${pid}/task`).catch(() => []);
  return Promise.all(
    ids.map(async (id) => ({ id: Number(id), name: (await readFile(`/proc/${pid}/task/${id}/comm`, 'utf8').catch(() => '')).trim() })),
  );
}
