// What the timeline's page and the extension say to each other.
import type { RecordedProcess, RecordingBatch } from '../tracer/recording/recording';

/** `file`: a recording that was opened; `ended`: of a process that cannot be recorded any more. */
export type RecordingState = 'recording' | 'paused' | 'ended' | 'file';

export type ToPage =
  /** Everything so far: the answer to `ready`. */
  | { type: 'open'; process: RecordedProcess; batches: RecordingBatch[]; state: RecordingState; reason?: string }
  | { type: 'add'; batch: RecordingBatch }
  | { type: 'state'; state: RecordingState; reason?: string };

export type FromPage =
  | { type: 'ready' }
  | { type: 'pause'; paused: boolean }
  /** Shows where a site of the recording is; `caller`: where its function was called. */
  | { type: 'openSite'; site: number; caller: boolean }
  /** Shows where the block was that began at that time. */
  | { type: 'openBlock'; from: number };

/** What a page sent, where it has that shape; undefined otherwise. */
export function readFromPage(sent: unknown): FromPage | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { type, paused, site, caller, from } = sent as Record<string, unknown>;
  switch (type) {
    case 'ready':
      return { type };
    case 'pause':
      return typeof paused === 'boolean' ? { type, paused } : undefined;
    case 'openSite':
      return Number.isSafeInteger(site) && typeof caller === 'boolean' ? { type, site: site as number, caller } : undefined;
    case 'openBlock':
      return Number.isFinite(from) ? { type, from: from as number } : undefined;
    default:
      return undefined;
  }
}

/** The same for what the extension sent; the batches' contents are checked where they are read from a file. */
export function readToPage(sent: unknown): ToPage | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { type, process, batches, batch, state } = sent as Record<string, unknown>;
  const isState = state === 'recording' || state === 'paused' || state === 'ended' || state === 'file';
  const isWhole =
    (type === 'open' && typeof process === 'object' && process !== null && Array.isArray(batches) && batches.every(isBatch) && isState) ||
    (type === 'add' && isBatch(batch)) ||
    (type === 'state' && isState);
  return isWhole ? (sent as ToPage) : undefined;
}

function isBatch(sent: unknown): boolean {
  if (typeof sent !== 'object' || sent === null) return false;
  const { now, since, threads, sites, names, blocks, gaps, events } = sent as Record<string, unknown>;
  return typeof now === 'number' && typeof since === 'number' && [threads, sites, names, blocks, gaps].every(Array.isArray) && events instanceof Uint8Array;
}
