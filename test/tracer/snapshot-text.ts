import { requestHeapSnapshot } from '../../src/tracer/inspector/heap-snapshot';
import type { InspectorSession } from '../../src/tracer/inspector/session';

/** A heap snapshot of a live thread, as text. */
export async function snapshotText(session: InspectorSession): Promise<string> {
  let text = '';
  await requestHeapSnapshot(session, { onChunk: (chunk) => (text += 'json' in chunk ? unescaped(chunk.json) : chunk.chunk) });
  return text;
}

function unescaped(json: Uint8Array): string {
  return JSON.parse(`"${Buffer.from(json).toString()}"`) as string;
}
