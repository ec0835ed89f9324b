// How the explorer reaches a process.
// A bundle of its own, loaded when first needed: it holds the reader of heap snapshots.
import type * as vscode from 'vscode';
import { CallControl } from '../../tracer/control/call-control';
import { captureTasks } from '../../tracer/heap/capture';
import { attach, type Attachment } from '../../tracer/inspector/attachment';
import { RelaySession } from '../../tracer/inspector/relay-session';
import { closeWhenOpened, PendingInspectorError } from '../../tracer/inspector/open-inspector';
import type { InspectorSession } from '../../tracer/inspector/session';
import type { AddressTarget, LiveTarget, ProcessTarget } from '../../tracer/inspector/target';
import { LiveAgent } from '../../tracer/live/live-agent';
import type { Task, TaskCapture, TaskDetails, TaskReport } from '../../tracer/task';
import { estimatePause, type PauseEstimate } from '../../tracer/pause-estimate';
import { lentConnection } from './debugged';
import { LiveWatch, type WatchOptions } from './live-watch';
import type { LiveProbe, TaskProbe } from './task-source';

export { blockedProbe } from '../blocked/blocked-probe';
export { nodeProcesses } from '../../tracer/inspector/node-process';
export { parseTarget } from '../../tracer/inspector/target';

/**
 * A program that is being debugged, over the connection of its debugger: borrowed for one look or question at a time.
 * `secret`: of the agent that it was started with.
 */
export function debugProbe(session: vscode.DebugSession, secret: string | undefined): TaskProbe {
  return new Probe(async () => ({ kind: 'proxy', ...(await lentConnection(session)) }), false, secret);
}

/**
 * Any process of this machine. Its inspector stays open until it is let go of: what a snapshot found can be asked about
 * (locals) only over the session that took it.
 */
export function processProbe(target: ProcessTarget | AddressTarget): TaskProbe {
  return new Probe(() => Promise.resolve(target), true);
}

interface LookedAtThread {
  readonly id: string;
  readonly relay: RelaySession;
  readonly capture: TaskCapture;
}

class Probe implements TaskProbe {
  private threads: LookedAtThread[] = [];
  /** One connection at a time: the end of what goes on now. */
  private busy: Promise<unknown> = Promise.resolve();

  private kept: Attachment | undefined;

  constructor(
    private readonly target: () => Promise<LiveTarget>,
    private readonly keep: boolean,
    private readonly secret?: string,
  ) {}

  look(): Promise<TaskReport> {
    return this.connected(async (attachment) => {
      const { pid, node } = attachment;
      const report: TaskReport = { version: 1, target: { pid, node, source: 'heap' }, threads: [], warnings: [] };
      const threads: LookedAtThread[] = [];
      for (const { id, name, session } of await threadsOf(attachment)) {
        const relay = new RelaySession(session);
        const capture = await captureTasks(relay, { idPrefix: id === '0' ? 't' : `w${id}.t` });
        threads.push({ id, relay, capture });
        report.threads.push({ id, name, tasks: capture.tasks });
        report.warnings.push(...capture.warnings);
      }
      this.threads = threads;
      return report;
    });
  }

  inspect(task: Task): Promise<TaskDetails | undefined> {
    const looked = this.threads.find(({ capture }) => capture.tasks.includes(task));
    if (!looked) return Promise.resolve(undefined);
    return this.connected(async (attachment) => {
      const thread = (await threadsOf(attachment)).find(({ id }) => id === looked.id);
      if (!thread) return undefined;
      looked.relay.connect(thread.session);
      return looked.capture.inspect(task.id);
    });
  }

  withCall<T>(task: Task, use: (call: CallControl) => Promise<T>): Promise<T> {
    return this.connected(async (attachment) => {
      const looked = this.threads.find(({ capture }) => capture.tasks.includes(task));
      const inHeap = looked?.capture.inHeap(task.id);
      if (!looked) throw new Error('The tasks were looked at again since: choose the task anew.');
      if (!inHeap) throw new Error('This is a chain of handlers, not a call: it has no variables, and nothing that it could be known by.');
      const thread = (await threadsOf(attachment)).find(({ id }) => id === looked.id);
      if (!thread) throw new Error('The thread of this task has ended.');
      return use(new CallControl(thread.session, inHeap));
    });
  }

  pause(): Promise<PauseEstimate> {
    return this.connected((attachment) => estimatePause(attachment.session, attachment.node));
  }

  /** Over a connection of its own: a snapshot may be taken meanwhile. */
  async watch(blockedMs: number, isNew: boolean): Promise<LiveProbe> {
    const attachment = this.keep ? await this.connected((kept) => Promise.resolve(kept)) : await this.attach();
    const letGo = () => (attachment === this.kept ? Promise.resolve() : attachment.close());
    const { pid, node } = attachment;
    const threads = await threadsOf(attachment);
    const onThread: WatchOptions['onThread'] = (listener) => attachment.onWorkerThread(listener);
    return LiveWatch.start({ threads, onThread, isNew, pid, node, secret: this.secret, blockedMs, letGo });
  }

  async untrack(): Promise<void> {
    const { secret } = this;
    if (secret === undefined) return;
    await this.connected(async (attachment) => {
      for (const { session } of await threadsOf(attachment)) await new LiveAgent(session, secret).remove();
    });
  }

  async close(): Promise<void> {
    this.threads = [];
    await this.busy;
    await this.kept?.close();
  }

  private connected<T>(use: (attachment: Attachment) => Promise<T>): Promise<T> {
    const turn = this.busy.then(async () => {
      const attachment = this.kept ?? (await this.attach());
      try {
        return await use(attachment);
      } finally {
        if (attachment !== this.kept) await attachment.close();
      }
    });
    this.busy = turn.catch(() => undefined);
    return turn;
  }

  private async attach(): Promise<Attachment> {
    const attachment = await attach(await this.target()).catch((error: unknown) => {
      if (error instanceof PendingInspectorError) void closeWhenOpened(error.pid);
      throw error;
    });
    if (!this.keep) return attachment;
    this.kept = attachment;
    void attachment.session.closed.then(() => {
      if (this.kept === attachment) this.kept = undefined;
    });
    return attachment;
  }
}

async function threadsOf(attachment: Attachment): Promise<{ id: string; name: string; session: InspectorSession }[]> {
  return [{ id: '0', name: 'main thread', session: attachment.session }, ...(await attachment.workerThreads())];
}
