// Opens the inspector of a running process by its id, and closes it again.
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inspectorUrl } from './endpoint';
import { readIdentity, type Identity } from './identity';
import { inspectPort } from './inspect-port';
import { inspectorSocket, readListeners, type Listeners } from './listening';
import { childNodeProcesses, findNodeProcess, isAlive, type NodeProcess } from './node-process';
import { isIdle, readBlockedCall, readStatus } from './proc';
import { TargetError } from './target';
import type { Connection } from './websocket';

/** A connection and who answers at its other end. */
interface Contact {
  connection: Connection;
  identity: Identity;
}

export interface OpenedInspector extends Contact {
  /** Closes the inspector again; undefined where it had been open before. Never rejects. */
  restore: (() => Promise<void>) | undefined;
}

interface Address {
  host: string;
  port: number;
}

const linux = process.platform === 'linux';
/** How long a process gets to react to the signal. Within it a busy one may finish what it does. */
const openingMs = 12_000;
/** How long another process may hold the port before this one gets its signal. */
const portFreeMs = 12_000;
const pollMs = 20;
/** How often a port is tried that is about to open: an idle process takes a few milliseconds. */
const knockMs = 2;
/** An idle process reacts at once: one that has slept so long since the signal has not been told of it. */
const idleMs = 3_000;
/** How long it is waited for an inspector to open that is then closed at once, because the user has interrupted us. */
const undoingMs = 3_000;
const closingPollMs = 200;

/** The signal has been sent, but the process can't act on it yet: `closeWhenOpened` keeps the inspector from staying open. */
export class PendingInspectorError extends TargetError {
  constructor(readonly pid: number) {
    super(`Process ${pid} is inside a native call and can't answer; try again when that call is over.`);
  }
}

/** Connects to the process's inspector, which is opened where it is closed. Throws a TargetError; then nothing is left open. */
export async function openInspector(pid: number, abort?: AbortSignal): Promise<OpenedInspector> {
  // The WebSocket library is loaded while the system answers.
  const [target, listeners] = await Promise.all([findNodeProcess(pid).catch((error: unknown) => namingChildren(pid, error)), listenersOf(pid), import('./websocket')]);
  const port = inspectPort(target.argv, target.nodeOptions);
  const open = await openBefore(target, port, listeners);
  if (open) return { ...open, restore: undefined };
  await checkSignalIsSafe(pid, abort).catch((error: unknown) => namingChildren(pid, error));
  return openBySignal(target, port, listeners, abort);
}

/** What was meant is often what the process has started: a shell, npm or `node --watch` runs the program as a child. */
async function namingChildren(pid: number, error: unknown): Promise<never> {
  if (!(error instanceof TargetError) || error instanceof PendingInspectorError) throw error;
  const children = await childNodeProcesses(pid);
  if (children.length === 0) throw error;
  const which = `${children.length > 1 ? 'processes' : 'process'} ${children.map((child) => child.pid).join(', ')}`;
  throw new TargetError(`${error.message.replace(/\.$/, '')}; it has started the Node ${which}, which can be looked at.`);
}

/** Only Linux tells whose sockets they are. */
function listenersOf(pid: number): Promise<Listeners> {
  return linux ? readListeners(pid) : Promise.resolve({ own: [], takenPorts: new Set<number>() });
}

/**
 * Waits until the process opens its inspector, for which it got the signal, and closes it. Ends when the process does, or
 * idles with its inspector closed. Never rejects.
 */
export async function closeWhenOpened(pid: number): Promise<void> {
  for (let idle = 0; idle < 5 && (await isAlive(pid)); idle = (await isIdle(pid)) ? idle + 1 : 0) {
    try {
      const target = await findNodeProcess(pid);
      const open = await openBefore(target, inspectPort(target.argv, target.nodeOptions), await listenersOf(pid));
      if (open) {
        await closeInspector(open.connection);
        return await open.connection.close();
      }
    } catch {
      // Not ready for it yet.
    }
    await delay(closingPollMs);
  }
}

/** Asks only a port that the inspector's thread listens on, or that Node was told to use: a request to the program's own would disturb it. */
async function openBefore(target: NodeProcess, port: number, { own }: Listeners): Promise<Contact | undefined> {
  let address: Address | undefined;
  if (linux) {
    address = (await inspectorSocket(target.pid, own)) ?? own.find((socket) => socket.port === port);
  } else {
    address = { host: '127.0.0.1', port };
  }
  if (!address) return undefined;
  try {
    return await connectTo(target, address);
  } catch (error) {
    if (linux) throw error;
    return undefined; // nothing there, or another process's inspector
  }
}

/** The signal kills a process that does not handle it, and a blocked one would open its inspector when we are long gone. */
async function checkSignalIsSafe(pid: number, abort?: AbortSignal): Promise<void> {
  if (!linux) return;
  if (!(await readStatus(pid))?.catchesSigusr1) {
    throw new TargetError(
      `Process ${pid} does not react to SIGUSR1 (started with --disable-sigusr1, or just starting); restart it with --inspect to look into it.`,
    );
  }
  let blocked = await readBlockedCall(pid);
  // A second of the same wait: a short read that happens often is no reason to refuse.
  for (let tries = 0; blocked !== undefined && tries < 20; tries++) {
    await delay(50, undefined, { signal: abort });
    const again = await readBlockedCall(pid);
    blocked = again === blocked ? again : undefined;
  }
  if (blocked !== undefined) {
    throw new TargetError(`Process ${pid} is blocked in a native call (${blocked}) and can't answer; try again when that call is over.`);
  }
}

async function openBySignal(target: NodeProcess, port: number, before: Listeners, abort?: AbortSignal): Promise<OpenedInspector> {
  const { pid } = target;
  const known = new Set(before.own.map((socket) => socket.inode));
  const started = Date.now();
  let listeners = before;
  let deadline = started + portFreeMs;
  let signalled = Infinity; // when it was last sent
  let taken = false;
  while (Date.now() < deadline) {
    if (!(await isAlive(pid))) throw new TargetError(`Process ${pid} exited while its inspector was being opened.`);
    // Two processes share the default port: the inspector of the second can't open as long as the first one's is.
    const nowTaken = port !== 0 && listeners.takenPorts.has(port);
    if (abort?.aborted) {
      if (signalled === Infinity) throw abort.reason;
      deadline = Math.min(deadline, signalled + undoingMs);
    } else if (!nowTaken && (taken || signalled === Infinity)) {
      sendSignal(pid);
      signalled = Date.now();
      deadline = Math.min(signalled, started + portFreeMs) + openingMs;
    }
    taken = nowTaken;
    const waited = Date.now() - signalled;
    if (waited > idleMs && (await isIdle(pid))) break;
    let contact: Contact | undefined;
    if (nowTaken || port === 0 || waited > 1_000) {
      await delay(waited < 1_000 ? pollMs : 5 * pollMs);
    } else if (await portOpens(port)) {
      // Nobody listened there before, so most likely it is this inspector; which process answers is checked.
      contact = await connectTo(target, { host: '127.0.0.1', port }).catch(() => undefined);
    }
    if (!contact) {
      listeners = await listenersOf(pid);
      contact = await connectToNew(target, port, listeners, known);
    }
    if (contact) {
      const { connection } = contact;
      if (!abort?.aborted) return { ...contact, restore: () => closeInspector(connection) };
      await closeInspector(connection);
      await connection.close();
      throw abort.reason;
    }
    // A process that has just started with --inspect may not have looked like it before.
    const open = await openBefore(target, port, before);
    if (open) return { ...open, restore: undefined };
  }
  abort?.throwIfAborted();
  if (signalled === Infinity) {
    throw new TargetError(
      `Port ${port}, where the inspector of process ${pid} would open, is taken by another process (a debugger's, perhaps); free it and try again.`,
    );
  }
  if (linux && !(await isIdle(pid))) throw new PendingInspectorError(pid);
  throw new TargetError(
    `Process ${pid} did not open its inspector: it handles SIGUSR1 itself, or has it open at a port of its own; ` +
      'give that as host:port, or restart the process with --inspect.',
  );
}

/** Connects to the inspector if it has opened meanwhile; `known` are the sockets that are not asked (any more). */
async function connectToNew(target: NodeProcess, port: number, { own }: Listeners, known: Set<number>): Promise<Contact | undefined> {
  if (!linux) return connectTo(target, { host: '127.0.0.1', port }).catch(() => undefined);
  const fresh = own.filter((socket) => !known.has(socket.inode));
  // The program may open a port of its own at the very moment.
  const socket = fresh.find((socket) => socket.port === port) ?? fresh[0];
  if (!socket) return undefined;
  known.add(socket.inode);
  return connectTo(target, socket, closeInspector).catch(() => undefined);
}

/** Waits until somebody listens at a port of the loopback, but no longer than to the next look at the tables. */
async function portOpens(port: number): Promise<boolean> {
  for (let waited = 0; waited < pollMs; waited += knockMs) {
    if (await accepts(port)) return true;
    await delay(knockMs);
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true));
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
  });
}

function sendSignal(pid: number): void {
  try {
    // Node's own way; it is SIGUSR1, or on Windows a thread started in the process.
    (process as typeof process & { _debugProcess(pid: number): void })._debugProcess(pid);
  } catch (error) {
    throw new TargetError(`Cannot open the inspector of process ${pid}: ${(error as Error).message}.`);
  }
}

/** Connects, and makes sure that it is the right process that answers; otherwise `undo` gets the connection before it is dropped. */
async function connectTo(target: NodeProcess, address: Address, undo?: (connection: Connection) => Promise<void>): Promise<Contact> {
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  const label = `process ${target.pid}`;
  const [{ connect }, url] = await Promise.all([import('./websocket'), inspectorUrl(host, address.port)]);
  const connection = await connect(url, { label, whyEnded: (unwanted) => whyEnded(target.pid, unwanted) });
  try {
    const identity = await readIdentity(connection.session);
    if (identity.pid !== target.ownPid) {
      throw new TargetError(`The inspector at port ${address.port} belongs to process ${identity.pid}, not to ${target.pid}.`);
    }
    return { connection, identity };
  } catch (error) {
    await undo?.(connection);
    await connection.close();
    throw error;
  }
}

/** The connection ends a moment before the process is gone. */
async function whyEnded(pid: number, unwanted: AbortSignal): Promise<string> {
  for (let tries = 0; tries < 25 && !unwanted.aborted; tries++) {
    if (!(await isAlive(pid))) return `process ${pid} exited while we looked at it`;
    await delay(pollMs, undefined, { signal: unwanted }).catch(() => undefined);
  }
  return `process ${pid} closed its inspector`;
}

async function closeInspector(connection: Connection): Promise<void> {
  const closing = connection.session
    .send('Runtime.evaluate', { expression: "require('inspector').close()", includeCommandLineAPI: true, silent: true }, { timeoutMs: 3_000 })
    // It closes the very connection that would bring the answer. A blocked process does it when it goes on: the command stays queued.
    .catch(() => undefined);
  await Promise.race([closing, connection.gone]);
}
