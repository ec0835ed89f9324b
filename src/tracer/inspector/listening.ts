// The listening sockets of a process, and which of them is the inspector's, without a byte sent to any of them (Linux).
import { readFile } from 'node:fs/promises';
import { descriptors, epollSets, inspectorLoop, threads, waitingEpoll } from './proc';

export interface ListeningSocket {
  host: string;
  port: number;
  inode: number;
  fd: number;
}

/** One look at the system's tables of sockets, each of which takes milliseconds to read. */
export interface Listeners {
  /** The TCP sockets that the process listens on, in the order of their descriptors: those made at its start come first. */
  own: ListeningSocket[];
  /** The ports that anybody in its network namespace listens on, at the loopback or all addresses. */
  takenPorts: ReadonlySet<number>;
}

export async function readListeners(pid: number): Promise<Listeners> {
  const [links, v4, v6] = await Promise.all([descriptors(pid), listeningIn(pid, 'tcp'), listeningIn(pid, 'tcp6')]);
  const byInode = new Map([...v4, ...v6].map((socket) => [socket.inode, socket]));
  const found = new Map<number, ListeningSocket>();
  for (const [fd, link] of links) {
    const socket = byInode.get(Number(/^socket:\[(\d+)\]$/.exec(link)?.[1]));
    if (socket) found.set(socket.inode, { ...socket, fd });
  }
  const own = [...found.values()].sort((a, b) => a.fd - b.fd);
  const local = v4.filter(({ host }) => host === '0.0.0.0' || host.startsWith('127.'));
  return { own, takenPorts: new Set(local.map(({ port }) => port)) };
}

/** The one of its sockets that the inspector's thread listens on; undefined where it is closed, or can't be told from the program's own. */
export async function inspectorSocket(pid: number, sockets: readonly ListeningSocket[]): Promise<ListeningSocket | undefined> {
  if (sockets.length === 0) return undefined;
  const sets = await epollSets(pid);
  const socketsOf = (fd: number | undefined) => {
    const watched = new Set(sets.find((set) => set.fd === fd)?.watched);
    return sockets.filter((socket) => watched.has(socket.fd));
  };
  // Node 24 and later name the thread.
  const thread = (await threads(pid)).find(({ name }) => name.endsWith('InspectorIo'));
  if (thread) {
    const [socket] = socketsOf(await waitingEpoll(pid, thread.id));
    if (socket) return socket;
  }
  // Started with --inspect: the socket was made before any that the program makes.
  const [first] = sockets;
  return first && socketsOf(sets[inspectorLoop]?.fd).includes(first) ? first : undefined;
}

interface TableSocket {
  host: string;
  port: number;
  inode: number;
}

async function listeningIn(pid: number, table: 'tcp' | 'tcp6'): Promise<TableSocket[]> {
  const text = await readFile(`/proc/${pid}/net/${table}`, 'latin1').catch(() => '');
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A') // TCP_LISTEN
    .map((fields) => {
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      return { host: formatHexAddress(address), port: parseInt(port, 16), inode: Number(fields[9]) };
    });
}

/** The kernel prints an address as words of its own byte order (little-endian on every platform that Node supports here). */
function formatHexAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse();
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const address = groups.join(':');
  if (address === '0:0:0:0:0:0:0:0') return '::';
  return address === '0:0:0:0:0:0:0:1' ? '::1' : address;
}
