// Asks a thread for its heap snapshot, whatever the thread does at the moment.
import { setTimeout as delay } from 'node:timers/promises';
import type { InspectorSession, SnapshotChunk } from './session';
import { TargetError } from './target';

export interface SnapshotRequest {
  /** Takes one piece of the snapshot's JSON text, in order. */
  onChunk(chunk: SnapshotChunk): void;
  timeoutMs?: number;
}

/** Long enough for a small heap to have begun to come; and the time between two questions. */
const patienceMs = 250;

/**
 * Resolves when the whole snapshot has come. Rejects with a one-sentence Error when the thread does not answer in time or ends.
 *
 * Node 20 takes a snapshot at once. Later ones queue it as a task of the event loop, which a thread that runs a
 * `while (true)` never comes back to. Such a thread still answers other commands: it is paused in the debugger, where tasks
 * are carried out, and goes on afterwards.
 */
export async function requestHeapSnapshot(session: InspectorSession, request: SnapshotRequest): Promise<void> {
  let begun = false;
  const stopListening = session.on<SnapshotChunk>('HeapProfiler.addHeapSnapshotChunk', (chunk) => {
    begun = true;
    request.onChunk(chunk);
  });
  const whole = session
    .send('HeapProfiler.takeHeapSnapshot', { reportProgress: false, captureNumericValue: true }, { timeoutMs: request.timeoutMs ?? 20_000 })
    .finally(() => (begun = true));
  whole.catch(() => undefined); // awaited below, unless something else fails first
  let resume: (() => Promise<void>) | undefined;
  try {
    const busy = await Promise.race([answersMeanwhile(session, () => begun), whole.then(() => false)]);
    if (busy && session.shared) {
      // The debugger would show the pause as the user's own, and nobody would end it if we were cut off.
      throw new TargetError('The debugged process is in code that never yields; pause it in the debugger, then look again.');
    }
    if (busy) resume = await pause(session, whole);
    await whole;
  } finally {
    stopListening();
    await resume?.();
  }
}

/** True where the thread answers twice, and still has not begun with the snapshot: while it takes one it answers nothing. */
async function answersMeanwhile(session: InspectorSession, begun: () => boolean): Promise<boolean> {
  for (let answers = 0; answers < 2; answers++) {
    await delay(patienceMs, undefined, { ref: false });
    if (begun()) return false;
    try {
      await session.send('Runtime.getHeapUsage', {}, { timeoutMs: 20_000 });
    } catch {
      return false; // what is wrong shows in the snapshot's own answer
    }
  }
  return !begun();
}

/** Pauses the thread; returns what lets it go on. */
async function pause(session: InspectorSession, whole: Promise<unknown>): Promise<() => Promise<void>> {
  let paused = false;
  let notice: (() => void) | undefined;
  const stops = [
    session.on('Debugger.paused', () => {
      paused = true;
      notice?.();
    }),
    session.on('Debugger.resumed', () => (paused = false)),
  ];
  await session.send('Debugger.enable');
  await session.send('Debugger.pause');
  const stopped = new Promise<void>((resolve) => (paused ? resolve() : (notice = resolve)));
  await Promise.race([stopped, whole.catch(() => undefined)]);
  return async () => {
    // The thread may have come to rest by itself: then a statement makes the pause come that is still due, and it is over.
    if (!paused) await Promise.race([stopped, session.send('Runtime.evaluate', { expression: '0' }).catch(() => undefined)]);
    if (paused) await session.send('Debugger.resume').catch(() => undefined);
    for (const stop of stops) stop();
  };
}
