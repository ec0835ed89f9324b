// What Node's own objects for handles and requests tell of themselves. All reading is guarded by who calls this: the
// program may have replaced or wrapped anything.
import type { HandleRow } from './handle-protocol';

/** The object that `async_hooks` gives for a handle, request or timer; what it has depends on its type. */
export interface Resource {
  hasRef?(): boolean | undefined;
  /** -1 when native code is done with it. */
  getAsyncId?(): number;
  /** Of a timer or immediate that has run for the last time, or was cleared. */
  _destroyed?: boolean;
  _idleTimeout?: number;
  /** Milliseconds on the clock of the event loop when it was started last. */
  _idleStart?: number;
  _repeat?: number | null;
  reading?: boolean;
  fd?: number;
  pid?: number;
  threadId?: number;
  /** Cryptography's work begins with this; */
  run?(): unknown;
  /** and ends with that, where it was not done at once. */
  ondone?: unknown;
  hostname?: unknown;
  /** Of a callback for the next tick. */
  args?: readonly unknown[];
  getsockname?(out: Address): number;
  getpeername?(out: Address): number;
}

interface Address {
  address?: string;
  port?: number;
}

/** What the program has for a handle: a socket, a server, a child process. */
interface Owner {
  connecting?: boolean;
  writableLength?: number;
  spawnfile?: unknown;
  _pipeName?: unknown;
}

const STREAMS = new Set(['TCPWRAP', 'PIPEWRAP', 'TTYWRAP']);
const LONGEST_TEXT = 300;

let ownerSymbol: symbol | undefined;

/** The same object as in `process._getActiveHandles()`. */
export function ownerOf(resource: Resource): object {
  ownerSymbol ??= Object.getOwnPropertySymbols(resource).find(({ description }) => description === 'owner_symbol');
  const owner = ownerSymbol && (resource as Record<symbol, unknown>)[ownerSymbol];
  return typeof owner === 'object' && owner !== null ? owner : resource;
}

/**
 * Node's own object for what the program has; null where that was closed, undefined where it has none. No getter runs:
 * that of a UDP socket's `_handle` writes a warning.
 */
export function handleOf(owner: object): Resource | null | undefined {
  const symbols = Object.getOwnPropertySymbols(owner);
  const key = symbols.find(({ description }) => description === 'kHandle' || description === 'state symbol') ?? '_handle';
  const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
  const isState = typeof key === 'symbol' && key.description === 'state symbol' && typeof value === 'object' && value !== null;
  return (isState ? Object.getOwnPropertyDescriptor(value, 'handle')?.value : value) as Resource | null | undefined;
}

/** It can never keep the loop alive again. `id`: its asyncId when it was made. */
export function isOver(resource: Resource, id: number): boolean {
  if (resource._destroyed || (typeof resource.run === 'function' && resource.ondone === undefined)) return true;
  return id > 0 && typeof resource.getAsyncId === 'function' && resource.getAsyncId() !== id;
}

/** It keeps the event loop alive now. */
export function keepsAlive(resource: Resource, type: string): boolean {
  if (typeof resource.hasRef === 'function' && resource.hasRef() !== true) return false;
  const owner = ownerOf(resource) as Owner;
  if (owner === resource) return true;
  if (handleOf(owner) === null) return false;
  // Node counts each open stream; but nothing comes of one that nobody reads or writes, such as the standard output.
  if (!STREAMS.has(type) || resource.reading === true) return true;
  return owner.connecting === true || (owner.writableLength ?? 0) > 0;
}

/** What tells one from another; `now` on the clock of the event loop. */
export function detailsOf(resource: Resource, type: string, now: number): Omit<HandleRow, 'id'> {
  switch (type) {
    case 'Timeout': {
      const { _idleTimeout: timerMs = 0, _idleStart: start = now, _repeat } = resource;
      return { timerMs, dueMs: Math.round(start + timerMs - now), ...(typeof _repeat === 'number' && { repeats: true }) };
    }
    case 'TCPSERVERWRAP':
    case 'UDPWRAP':
      return addressOf(resource);
    case 'PIPESERVERWRAP':
      return text('path', (ownerOf(resource) as Owner)._pipeName);
    case 'TCPWRAP': {
      const { address: peerAddress, port: peerPort } = addressOf(resource, true);
      const { port } = addressOf(resource);
      const isConnecting = (ownerOf(resource) as Owner).connecting === true;
      return { ...(port !== undefined && { port }), ...(peerAddress !== undefined && { peerAddress }), ...(peerPort !== undefined && { peerPort }), ...(isConnecting && { connecting: true }) };
    }
    case 'PIPEWRAP':
    case 'TTYWRAP':
      return resource.fd !== undefined && resource.fd >= 0 && resource.fd <= 2 ? { fd: resource.fd } : {};
    case 'PROCESSWRAP':
      return { ...(typeof resource.pid === 'number' && { pid: resource.pid }), ...text('command', (ownerOf(resource) as Owner).spawnfile) };
    case 'WORKER':
      return typeof resource.threadId === 'number' ? { threadId: resource.threadId } : {};
    case 'GETADDRINFOREQWRAP':
    case 'QUERYWRAP':
      return text('host', resource.hostname);
    default:
      return {};
  }
}

function addressOf(resource: Resource, ofPeer = false): Address {
  const out: Address = {};
  const failed = ofPeer ? resource.getpeername?.(out) : resource.getsockname?.(out);
  const { address, port } = out;
  return failed === 0 ? { ...(typeof address === 'string' && { address }), ...(typeof port === 'number' && { port }) } : {};
}

function text(name: 'path' | 'command' | 'host', value: unknown): Partial<HandleRow> {
  return typeof value === 'string' ? { [name]: value.slice(0, LONGEST_TEXT) } : {};
}
