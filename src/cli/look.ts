// Takes one look at a target: connects, reads the tasks of every thread, and leaves the process as it was.
import { captureTasks } from '../tracer/heap/capture';
import { attach, type Attachment } from '../tracer/inspector/attachment';
import { childNodeProcesses } from '../tracer/inspector/node-process';
import type { InspectorSession } from '../tracer/inspector/session';
import { type FileTarget, type LiveTarget, parseTarget, TargetError } from '../tracer/inspector/target';
import type { TaskCapture, TaskReport, TaskThread } from '../tracer/task';
import { estimatePause, type PauseEstimate } from '../tracer/pause-estimate';
import { plural } from '../tracer/task-text';

export interface LookRequest {
  /** Fetch every task's local variables. */
  locals: boolean;
  /** Look at the Node processes that it started, too. */
  children: boolean;
  /** Asked before anything stands still; where the answer is false nothing is done. */
  mayPause(name: string, estimate: PauseEstimate): Promise<boolean>;
  abort: AbortSignal;
}

/** With the Node processes that it started, where they were asked for. */
export interface ProcessReport extends TaskReport {
  children?: TaskReport[];
}

/** The locals of many tasks of a large heap could take minutes. */
const localsBudgetMs = 10_000;

/** Undefined where `mayPause` declined. Throws a TargetError where the target can't be looked at. */
export async function look(text: string, request: LookRequest): Promise<ProcessReport | undefined> {
  const target = parseTarget(text);
  if (target.kind === 'file') return lookAtFile(target);
  const report = await lookAtProcess(target, request);
  if (!report || !request.children || report.target.pid === undefined) return report;
  const children: TaskReport[] = [];
  for (const { pid } of await childNodeProcesses(report.target.pid)) {
    // One after the other: they would all open their inspector at the same port.
    try {
      const child = await lookAtProcess({ kind: 'process', pid }, request);
      if (child) children.push(child);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      report.warnings.push(error.message);
    }
  }
  return { ...report, children };
}

async function lookAtFile({ path }: FileTarget): Promise<TaskReport> {
  const { readSnapshotFile } = await import('../tracer/heap/snapshot-file');
  const capture = await readSnapshotFile(path);
  const threads = [{ id: '0', name: 'main', tasks: capture.tasks }];
  return { version: 1, target: { source: 'heap', file: path }, threads, warnings: capture.warnings };
}

async function lookAtProcess(target: LiveTarget, request: LookRequest): Promise<TaskReport | undefined> {
  const { abort } = request;
  const attachment = await attach(target, abort);
  const interrupt = () => void attachment.close();
  abort.addEventListener('abort', interrupt);
  try {
    abort.throwIfAborted();
    return await readThreads(attachment, request);
  } finally {
    abort.removeEventListener('abort', interrupt);
    await attachment.close();
  }
}

interface Thread {
  id: string;
  name: string;
  session: InspectorSession;
  idPrefix: string;
}

async function readThreads(attachment: Attachment, request: LookRequest): Promise<TaskReport | undefined> {
  const { pid, node } = attachment;
  const workers = await attachment.workerThreads();
  const threads: Thread[] = [
    { id: '0', name: 'main', session: attachment.session, idPrefix: 't' },
    ...workers.map((worker) => ({ ...worker, idPrefix: `w${worker.id}.t` })),
  ];
  const report: TaskReport = { version: 1, target: { pid, node, source: 'heap' }, threads: [], warnings: [] };
  for (const thread of threads) {
    try {
      const estimate = await estimatePause(thread.session, node);
      const name = thread.id === '0' ? `Process ${pid}` : `Worker thread ${thread.id} of process ${pid}`;
      if (!(await request.mayPause(name, estimate))) return undefined;
      // Let go of the process as soon as it is asked nothing more, while the last answers are worked through.
      const letGo = thread === threads.at(-1) && !request.locals ? () => void attachment.close() : undefined;
      report.threads.push(await readThread(thread, estimate, request, report.warnings, letGo));
    } catch (error) {
      // A worker that is busy or gone hides itself, not the others.
      if (thread.id === '0' || !(error instanceof TargetError)) throw error;
      report.warnings.push(error.message);
    }
  }
  return report;
}

async function readThread(thread: Thread, estimate: PauseEstimate, request: LookRequest, warnings: string[], onAnswered?: () => void): Promise<TaskThread> {
  const capture = await captureTasks(thread.session, { idPrefix: thread.idPrefix, snapshotMs: snapshotLimit(estimate), ...(onAnswered && { onAnswered }) });
  if (request.locals) await fetchLocals(capture, warnings);
  warnings.push(...capture.warnings);
  await capture.release();
  return { id: thread.id, name: thread.name, tasks: capture.tasks };
}

function snapshotLimit({ ms }: PauseEstimate): number {
  return Math.max(15_000, 8 * ms);
}

async function fetchLocals(capture: TaskCapture, warnings: string[]): Promise<void> {
  const deadline = Date.now() + localsBudgetMs;
  for (const [index, task] of capture.tasks.entries()) {
    if (Date.now() > deadline) {
      warnings.push(`The local variables of ${plural(capture.tasks.length - index, 'task')} are left out: fetching them would take too long.`);
      return;
    }
    await capture.inspect(task.id);
  }
}
