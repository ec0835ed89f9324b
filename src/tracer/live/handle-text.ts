// The words for what keeps an event loop alive, which the command line and the explorer share.
import path from 'node:path';
import type { HandleRow } from '../../agent/handle-protocol';
import { ageText, positionText, times } from '../task-text';
import type { HandleReport, KeepingAlive } from './handles';

const STANDARD_STREAMS = ['standard input', 'standard output', 'standard errors'];

/** Those to show: the pipes of a child process that is there itself tell nothing more. */
export function shownHandles({ keepingAlive }: HandleReport): KeepingAlive[] {
  const placesOfChildren = new Set(keepingAlive.flatMap(({ kind, at }) => (kind === 'child-process' && at ? [positionText(at)] : [])));
  return keepingAlive.filter(({ ofChild, at }) => !ofChild || !at || !placesOfChildren.has(positionText(at)));
}

/** `Timer every 30.0 s`, `Server on port 8080`, `Child process 4711 (sleep)`, `Connection ×20`. */
export function handleText(group: KeepingAlive): string {
  const [only] = group.handles;
  return oneHandleText(group, group.count === 1 || group.kind === 'timer' || group.kind === 'interval' ? (only ?? { id: 0 }) : { id: 0 }) + times(group.count);
}

/** `due in 4.2 s`; nothing for what is no timer. */
export function dueText({ dueMs }: HandleRow): string {
  if (dueMs === undefined) return '';
  return dueMs > 0 ? `due in ${ageText(dueMs)}` : 'due now';
}

/** The verb for the place of such a handle: timers are set, others made. */
export function madeText({ kind }: KeepingAlive): string {
  if (kind === 'timer' || kind === 'interval' || kind === 'immediate') return 'set';
  return kind === 'connection' ? 'to the server made' : kind.endsWith('-request') ? 'asked for' : 'made';
}

/** The same for one handle of several. */
export function oneHandleText({ kind, resource, ofChild }: KeepingAlive, row: HandleRow): string {
  switch (kind) {
    case 'timer':
      return row.timerMs === undefined ? 'Timer' : `Timer of ${ageText(row.timerMs)}`;
    case 'interval':
      return row.timerMs === undefined ? 'Timer' : `Timer every ${ageText(row.timerMs)}`;
    case 'immediate':
      return 'Immediate';
    case 'server':
      return `Server${row.path ? ` on ${row.path}` : listening(row)}`;
    case 'connection':
      return `Connection${row.peerAddress ? ` from ${address(row.peerAddress, row.peerPort)}` : ''}${row.port === undefined ? '' : ` to port ${row.port}`}`;
    case 'socket':
      return `Socket${row.peerAddress ? ` to ${address(row.peerAddress, row.peerPort)}` : row.connecting ? ', connecting' : ''}`;
    case 'pipe':
      return row.fd !== undefined ? `Pipe as ${STANDARD_STREAMS[row.fd]}` : ofChild ? 'Pipe of a child process' : 'Pipe';
    case 'terminal':
      return row.fd !== undefined ? `Terminal as ${STANDARD_STREAMS[row.fd]}` : 'Terminal';
    case 'udp-socket':
      return `UDP socket${listening(row)}`;
    case 'file-watcher':
      return 'File watcher';
    case 'child-process':
      return `Child process${row.pid === undefined ? '' : ` ${row.pid}`}${row.command ? ` (${path.basename(row.command)})` : ''}`;
    case 'worker-thread':
      return `Worker thread${row.threadId === undefined ? '' : ` ${row.threadId}`}`;
    case 'message-port':
      return 'Message port';
    case 'file-request':
      return 'File operation under way';
    case 'dns-request':
      return `DNS lookup${row.host ? ` of ${row.host}` : ''}`;
    case 'crypto-request':
      return 'Cryptographic operation under way';
    case 'other':
      return resource;
  }
}

function listening({ address: local, port }: HandleRow): string {
  if (port === undefined) return '';
  return local === undefined || local === '::' || local === '0.0.0.0' ? ` on port ${port}` : ` on ${address(local, port)}`;
}

function address(host: string, port: number | undefined): string {
  // An IPv4 address as an IPv6 socket has it.
  const plain = host.replace(/^::ffff:(?=\d+\.)/, '');
  return port === undefined ? plain : `${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
}
