// The inspector protocol's bookkeeping for one session: numbered commands, their answers, time limits, events.
// What carries the text (a WebSocket, a worker's parent session) is given from outside.
import { withName } from './own-script';
import type { InspectorSession, SendOptions, SessionEnd, SnapshotChunk } from './session';
import { TargetError } from './target';

/** Enough for anything that does not walk the heap, on a busy machine. */
const defaultTimeoutMs = 8_000;

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

interface PendingCommand {
  method: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export interface ProtocolSessionOptions {
  /** The target as a sentence names it: `process 123`. */
  label: string;
  shared?: boolean;
  write(text: string): void;
}

export class ProtocolSession implements InspectorSession {
  readonly label: string;
  readonly shared: boolean;
  readonly closed: Promise<SessionEnd>;
  private readonly write: (text: string) => void;
  private readonly pending = new Map<number, PendingCommand>();
  private readonly listeners = new Map<string, Set<(params: never) => void>>();
  private lastId = 0;
  private ended: SessionEnd | undefined;
  private resolveClosed!: (end: SessionEnd) => void;

  constructor(options: ProtocolSessionOptions) {
    this.label = options.label;
    this.shared = options.shared ?? false;
    this.write = (text) => options.write(text);
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  send<T = unknown>(method: string, params: object = {}, options: SendOptions = {}): Promise<T> {
    if (this.ended) return Promise.reject(new TargetError(`${sentenceStart(this.ended.reason)}.`));
    const id = ++this.lastId;
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new TargetError(unanswered(this.label, method, timeoutMs)));
      }, timeoutMs);
      this.pending.set(id, { method, resolve: resolve, reject, timer });
      this.write(JSON.stringify({ id, method, params: withName(params) }));
    });
  }

  on<T = unknown>(event: string, listener: (params: T) => void): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Takes one message from the target. */
  receive(received: string | Buffer): void {
    const json = typeof received === 'string' ? undefined : chunkOf(received);
    if (json) return this.emit(chunkEvent, { json } satisfies SnapshotChunk);
    const message = JSON.parse(received.toString()) as Message;
    if (message.id === undefined) return this.emit(message.method ?? '', message.params);
    const command = this.pending.get(message.id);
    if (!command) return; // answered after its time limit
    this.pending.delete(message.id);
    clearTimeout(command.timer);
    if (message.error) command.reject(new TargetError(refused(this.label, command.method, message.error.message)));
    else command.resolve(message.result);
  }

  private emit(event: string, params: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(params as never);
  }

  /** Ends the session: every command under way is rejected with `reason`, a clause like `process 12 exited`. */
  end(reason: string): void {
    if (this.ended) return;
    this.ended = { reason };
    for (const command of this.pending.values()) {
      clearTimeout(command.timer);
      command.reject(new TargetError(`${sentenceStart(reason)}.`));
    }
    this.pending.clear();
    this.resolveClosed(this.ended);
  }
}

const chunkEvent = 'HeapProfiler.addHeapSnapshotChunk';
const chunkStart = Buffer.from(`{"method":"${chunkEvent}","params":{"chunk":"`);
const chunkEnd = Buffer.from('"}}');

/** A piece of a heap snapshot in a message as Node writes it; undefined for any other. */
function chunkOf(message: Buffer): Uint8Array | undefined {
  const end = message.length - chunkEnd.length;
  if (end < chunkStart.length || chunkStart.compare(message, 0, chunkStart.length) !== 0 || chunkEnd.compare(message, end) !== 0) return undefined;
  return message.subarray(chunkStart.length, end);
}

function refused(label: string, method: string, reason: string): string {
  // What js-debug says when the program ends, until it lets go of us.
  if (reason.startsWith('Connection is closed')) return `${sentenceStart(label)} has ended.`;
  return `${sentenceStart(label)} refused ${method}: ${reason}.`;
}

function unanswered(label: string, method: string, timeoutMs: number): string {
  const seconds = Math.round(timeoutMs / 1000);
  return (
    `${sentenceStart(label)} did not answer ${method} within ${seconds} s; ` +
    'it is inside a native call (a synchronous read, a child process it waits for, Atomics.wait) or stopped: try again when that is over.'
  );
}

export function sentenceStart(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}
