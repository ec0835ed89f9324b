// The worker threads of a process, each a session of its own, carried by the main thread's session (NodeWorker domain).
import { watchThreadName } from '../../agent/blocked-loop';
import { ProtocolSession } from './protocol-session';

export interface AttachedWorker {
  /** `worker_threads.threadId`. */
  id: string;
  name: string;
  session: ProtocolSession;
}

interface WorkerInfo {
  workerId: string;
  title: string;
}

export class WorkerThreads {
  private readonly attached = new Map<string, AttachedWorker>();
  private readonly listeners = new Set<(worker: AttachedWorker) => void>();

  constructor(private readonly parent: ProtocolSession) {
    parent.on<{ sessionId: string; workerInfo: WorkerInfo }>('NodeWorker.attachedToWorker', (event) => {
      const worker = this.attach(event.sessionId, event.workerInfo);
      this.attached.set(event.sessionId, worker);
      if (isOfProgram(worker)) for (const listener of this.listeners) listener(worker);
    });
    parent.on<{ sessionId: string; message: string }>('NodeWorker.receivedMessageFromWorker', (event) =>
      this.attached.get(event.sessionId)?.session.receive(event.message),
    );
    parent.on<{ sessionId: string }>('NodeWorker.detachedFromWorker', (event) => {
      const worker = this.attached.get(event.sessionId);
      worker?.session.end(`${worker.session.label} ended`);
      this.attached.delete(event.sessionId);
    });
    void parent.closed.then(({ reason }) => {
      for (const worker of this.attached.values()) worker.session.end(reason);
    });
  }

  /** Those of the program that run now, in the order of their ids. */
  async list(): Promise<AttachedWorker[]> {
    // Node announces every running worker before it answers.
    await this.parent.send('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return [...this.attached.values()].filter(isOfProgram).sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** Calls `listener` with each that begins after the first `list`; returns what stops that. */
  onStart(listener: (worker: AttachedWorker) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private attach(sessionId: string, info: WorkerInfo): AttachedWorker {
    // Titles are `[worker 1] name`.
    const [, id = info.workerId, name = ''] = /^\[worker (\d+)\]\s*(.*)$/.exec(info.title) ?? [];
    const session = new ProtocolSession({
      label: `worker thread ${id} of ${this.parent.label}`,
      write: (message) => {
        // Its own answer says nothing; a failure shows in the worker's time limit.
        this.parent.send('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => undefined);
      },
    });
    // Node 24 calls those without a name so.
    return { id, name: name === '' || name === 'WorkerThread' ? `worker ${id}` : name, session };
  }
}

/** The agent has a thread of its own in the process. */
function isOfProgram({ name }: AttachedWorker): boolean {
  return name !== watchThreadName;
}
