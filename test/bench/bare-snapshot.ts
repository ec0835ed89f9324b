import { attach } from '../../src/tracer/inspector/attachment';

/** Takes the heap snapshot of a process by its id, and drops it. Milliseconds from the request to the last piece. */
export async function bareSnapshot(pid: number): Promise<number> {
  const attachment = await attach({ kind: 'process', pid });
  try {
    const started = performance.now();
    await attachment.session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false }, { timeoutMs: 120_000 });
    return performance.now() - started;
  } finally {
    await attachment.close();
  }
}
