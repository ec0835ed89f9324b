// How long a process stands still for a heap snapshot.
import os from 'node:os';
import type { InspectorSession } from './inspector/session';
import { grouped } from './task-text';

export interface PauseEstimate {
  heapBytes: number;
  ms: number;
}

/**
 * Milliseconds for each megabyte of used heap. Measured as the main thread's processor time with heaps of pending tasks, small
 * objects and maps of 40 to 65 MB: 43 to 75 on Node 20 and 22, 26 to 60 on Node 24 and 26. Long strings cost a quarter of it.
 */
const msPerMegabyte = (nodeMajor: number) => (nodeMajor < 24 ? 50 : 35);
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
  return `${grouped(Math.round(bytes / 1e6))} MB`;
}
