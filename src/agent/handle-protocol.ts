// What the agent's part `handles` says to its client: what keeps the event loop of its thread alive; see protocol.ts.
// Imports nothing but that.
import { isCount } from './protocol';

/** The name of the part. */
export const HANDLES_PART = 'handles';

/** Bits of `HandleGroup.marks`. */
export const HandleMark = {
  /** The place is likely, not certain. */
  unsure: 1,
  /** A connection that a server accepted; the place is where the server was made. */
  accepted: 2,
  /** Made for the input, output or messages of a child process. */
  ofChild: 4,
} as const;

/** One handle or request of Node's that keeps the event loop alive. What is not known is absent. */
export interface HandleRow {
  /** Node's `asyncId`: stays the same from poll to poll; 0 where it has none that can be told. */
  id: number;
  /** Since it was made. */
  ageMs?: number;
  /** A timer's time, and how long until it is due; below 0 where it is late. */
  timerMs?: number;
  dueMs?: number;
  /** The timer is an interval. */
  repeats?: boolean;
  /** Where a server or UDP socket listens; of an accepted connection, the server's port. */
  address?: string;
  port?: number;
  /** The other end of a socket. */
  peerAddress?: string;
  peerPort?: number;
  /** A socket whose other end has not answered. */
  connecting?: boolean;
  /** Of a pipe's server. */
  path?: string;
  /** Of a child process. */
  pid?: number;
  command?: string;
  /** Of a worker thread. */
  threadId?: number;
  /** 0 to 2: standard input, output, errors. */
  fd?: number;
  /** The name that is looked up. */
  host?: string;
}

/** Handles of one type that were made at one place. */
export interface HandleGroup {
  /** As `async_hooks` has it: `Timeout`, `TCPSERVERWRAP`, `FSREQCALLBACK`, … */
  type: string;
  /** Index in `sites`; -1 where the place is not known, or in Node itself. */
  site: number;
  marks: number;
  count: number;
  /** The oldest of them, MOST_ROWS at most. */
  handles: HandleRow[];
}

/** file, line, column, file of the caller, its line and column: who called the package that made it; empty and 0 where nobody did. */
export type HandleSiteRow = [string, number, number, string, number, number];

export interface HandleData {
  /** This version of Node tells where handles are made. */
  hasPlaces: boolean;
  sites: HandleSiteRow[];
  /** MOST_GROUPS at most; the oldest first. */
  groups: HandleGroup[];
  /** How many more there are, by type: made before they were watched, or beyond a limit. */
  unlisted: Record<string, number>;
  /** How many were not noted since too many were there. */
  dropped: number;
  /** How many have no certain place, since they were made too fast. */
  unread: number;
}

export const MOST_GROUPS = 500;
export const MOST_ROWS = 20;

/** The client's side. Throws a one-sentence Error where anything does not fit. */
export function parseHandleData(value: unknown): HandleData {
  const data = value as Partial<HandleData> | null | undefined;
  if (typeof data !== 'object' || data === null) throw damaged();
  const { hasPlaces, sites, groups, unlisted, dropped, unread } = data;
  if (typeof hasPlaces !== 'boolean' || !isCount(dropped) || !isCount(unread)) throw damaged();
  if (!Array.isArray(sites) || !sites.every(isSite)) throw damaged();
  if (!Array.isArray(groups) || groups.length > MOST_GROUPS || !groups.every((group) => isGroup(group, sites.length))) throw damaged();
  if (typeof unlisted !== 'object' || unlisted === null || !Object.values(unlisted).every(isCount)) throw damaged();
  return data as HandleData;
}

const TEXTS = ['address', 'peerAddress', 'path', 'command', 'host'] as const;
const NUMBERS = ['ageMs', 'timerMs', 'dueMs', 'port', 'peerPort', 'pid', 'threadId', 'fd'] as const;
const FLAGS = ['repeats', 'connecting'] as const;

function isSite(site: unknown): boolean {
  const texts = new Set([0, 3]);
  return Array.isArray(site) && site.length === 6 && site.every((cell, index) => (texts.has(index) ? typeof cell === 'string' : isCount(cell)));
}

function isGroup(value: unknown, sites: number): boolean {
  const { type, site, marks, count, handles } = (value ?? {}) as Partial<HandleGroup>;
  const hasSite = site === -1 || (isCount(site) && site < sites);
  return typeof type === 'string' && hasSite && isCount(marks) && isCount(count) && Array.isArray(handles) && handles.length <= MOST_ROWS && handles.every(isRow);
}

function isRow(value: unknown): boolean {
  const row = (value ?? {}) as Partial<HandleRow>;
  return (
    isCount(row.id) &&
    TEXTS.every((name) => row[name] === undefined || typeof row[name] === 'string') &&
    NUMBERS.every((name) => row[name] === undefined || Number.isFinite(row[name])) &&
    FLAGS.every((name) => row[name] === undefined || typeof row[name] === 'boolean')
  );
}

function damaged(): Error {
  return new Error('The agent’s list of handles is damaged.');
}
