import { requestHeapSnapshot } from '../inspector/heap-snapshot';
import type { InspectorSession, SnapshotChunk } from '../inspector/session';
import type { TaskCapture } from '../task';
import { endHold, forgiveHold, longestHoldMs } from './forgiven-hold';
import type { HeapGraph } from './graph';
import { LiveScripts } from './scripts';
import { SnapshotParser } from './snapshot-parser';

export interface CaptureOptions {
  /** What task ids begin with; they must differ between the threads of one report. Default `t`. */
  idPrefix?: string;
  /**
   * How long the process may be asked, after the snapshot, where functions with several awaits are suspended (each
   * question walks the heap). Default 1 s.
   */
  inspectMs?: number;
  /** Called when the process has answered all that is asked of it, while what it said is still being read. */
  onAnswered?: () => void;
  /** How long the process may take for the snapshot. Default by the heap's size, at least 20 s. */
  snapshotMs?: number;
}

/** V8 takes about 45 ms for a MB of heap full of small objects. */
const SNAPSHOT_MS_PER_MB = 150;
const MIN_SNAPSHOT_MS = 20_000;
const DEFAULT_INSPECT_MS = 1_000;

/**
 * Takes a heap snapshot of a live thread and reads its tasks. The thread is paused for the snapshot only. Rejects with a
 * one-sentence Error when the thread does not answer or ends.
 */
export async function captureTasks(session: InspectorSession, options: CaptureOptions = {}): Promise<TaskCapture> {
  const live = new LiveScripts(session);
  try {
    // What is only needed afterwards is loaded while the process takes its snapshot.
    const [{ graph, now }, { LiveCapture }] = await Promise.all([takeSnapshot(session, live, options.snapshotMs), import('./live-capture')]);
    const capture = new LiveCapture(session, live);
    await capture.complete(graph, { idPrefix: options.idPrefix, now, inspectMs: options.inspectMs ?? DEFAULT_INSPECT_MS, onAnswered: options.onAnswered });
    return capture;
  } finally {
    endHold(session);
    await live.close();
  }
}

async function takeSnapshot(session: InspectorSession, scripts: LiveScripts, snapshotMs: number | undefined): Promise<{ graph: HeapGraph; now: number | undefined }> {
  const parser = new SnapshotParser({ retainers: true });
  const timeoutMs = snapshotMs ?? (await defaultSnapshotMs(session));
  let announced: Promise<unknown> | undefined;
  const onChunk = (chunk: SnapshotChunk) => {
    // Asked now, the scripts are announced right after the snapshot, while we are busy with it.
    announced ??= scripts.enable().catch(() => undefined);
    if ('json' in chunk) parser.push(chunk.json, true);
    else parser.push(chunk.chunk);
  };
  const [{ result }] = await Promise.all([
    session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression: `(${forgiveHold(longestHoldMs)}, performance.now())`, returnByValue: true, silent: true }),
    requestHeapSnapshot(session, { onChunk, timeoutMs }),
  ]);
  return { graph: parser.finish(), now: typeof result.value === 'number' ? result.value : undefined };
}

async function defaultSnapshotMs(session: InspectorSession): Promise<number> {
  const { usedSize } = await session.send<{ usedSize: number }>('Runtime.getHeapUsage');
  return Math.max(MIN_SNAPSHOT_MS, (usedSize / 2 ** 20) * SNAPSHOT_MS_PER_MB);
}
