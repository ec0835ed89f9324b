// How long a process stands still for a heap snapshot.
import os from 'node:os';
import type { InspectorSession } from './inspector/session';

export interface PauseEstimate {
  heapBytes: number;
  ms: number;
}

/**
 * Milliseconds for each megabyte of used heap, until the snapshot has been sent. Measured on an idle machine with heaps of pending
 * tasks, objects and maps from 4 to 150 MB: 14 to 27 on Node 22 to 26, 35 to 70 on Node 20. Long strings cost less.
 */
const msPerMegabyte = (nodeMajor: number) => (nodeMajor < 22 ? 50 : 25);
const fixedMs = 100;

export async function estimatePause(session: InspectorSession, node: string): Promise<PauseEstimate> {
  const { usedSize } = await session.send<{ usedSize: number }>('Runtime.getHeapUsage');
  const major = Number(/^v(\d+)/.exec(node)?.[1]);
  // Where more runs than there are processors, it gets its share. Always 0 on Windows.
  const slowdown = Math.max(1, (os.loadavg()[0] ?? 0) / os.availableParallelism());
  return { heapBytes: usedSize, ms: (fixedMs + (usedSize / 1e6) * msPerMegabyte(major)) * slowdown };
}

export function formatDuration(ms: number): string {
  return ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}

export function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}
