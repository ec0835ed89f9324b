// A process that we are connected to: its threads, and the way back to how it was.
import { inspectorUrl } from './endpoint';
import { readIdentity, type Identity } from './identity';
import { openInspector } from './open-inspector';
import type { InspectorSession } from './session';
import { formatAddress, type LiveTarget } from './target';
import type { Connection } from './websocket';
import { type AttachedWorker, WorkerThreads } from './worker-threads';

/** Connects to a running Node process. Throws a TargetError where that can't be done; nothing is left open then. */
export async function attach(target: LiveTarget, abort?: AbortSignal): Promise<Attachment> {
  if (target.kind === 'process') {
    const { connection, identity, restore } = await openInspector(target.pid, abort);
    return new Attachment(connection, identity, restore);
  }
  const { connect } = await import('./websocket');
  switch (target.kind) {
    case 'address': {
      const url = await inspectorUrl(target.host, target.port);
      return begin(await connect(url, { label: `the process at ${formatAddress(target.host, target.port)}` }));
    }
    case 'url':
      return begin(await connect(target.url, { label: `the process at ${target.url}` }));
    case 'proxy': {
      const url = `ws://${formatAddress(target.host, target.port)}${target.path}`;
      const connection = await connect(url, { label: 'the debugged process', shared: true });
      await connection.session.send('JsDebug.subscribe', { events: ['HeapProfiler.*', 'Debugger.*', 'Runtime.*'] });
      return begin(connection);
    }
  }
}

async function begin(connection: Connection): Promise<Attachment> {
  try {
    return new Attachment(connection, await readIdentity(connection.session));
  } catch (error) {
    await connection.close();
    throw error;
  }
}

export class Attachment {
  /** The process's own id and version (`v24.1.0`). */
  readonly pid: number;
  readonly node: string;
  private workers: WorkerThreads | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    { pid, node }: Identity,
    private readonly restore?: () => Promise<void>,
  ) {
    this.pid = pid;
    this.node = node;
  }

  /** The main thread's session. */
  get session(): InspectorSession {
    return this.connection.session;
  }

  /** The worker threads that run now, in the order of their ids. None through a debugger's proxy: there each is a session of its own. */
  async workerThreads(): Promise<AttachedWorker[]> {
    if (this.session.shared) return [];
    this.workers ??= new WorkerThreads(this.connection.session);
    return this.workers.list();
  }

  /** Calls `listener` with each worker thread that begins after those of `workerThreads()`; returns what stops that. */
  onWorkerThread(listener: (worker: AttachedWorker) => void): () => void {
    return this.workers?.onStart(listener) ?? (() => undefined);
  }

  /**
   * Leaves the process as it was found: the inspector is closed again if we opened it, and if we had paused it, it goes on
   * (a session that ends lets it go). Never rejects; may be called again.
   */
  close(): Promise<void> {
    this.closing ??= this.letGo();
    return this.closing;
  }

  private async letGo(): Promise<void> {
    await this.restore?.();
    await this.connection.close();
  }
}
