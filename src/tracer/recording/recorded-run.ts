// The recording of a process that has ended, from what its threads told at their ends.
import type { RecorderData } from '../../agent/recorder-protocol';
import type { ScriptText } from '../../agent/script-protocol';
import { EventColumns } from './events';
import { RecordedThread, type RecordingNumbers } from './recorded-thread';
import { Recording, type RecordedProcess, type RecordingBatch } from './recording';

export interface EndedThreadData {
  name: string;
  data: RecorderData;
  /** Those of its scripts whose text is not on disk. */
  scripts?: readonly ScriptText[];
}

/** The first thread is the main one: the recording begins with it. */
export async function recordingOf(threads: readonly EndedThreadData[], process: Omit<RecordedProcess, 'startedAt'>): Promise<Recording> {
  const startedAt = threads[0]?.data.origin ?? 0;
  const recording = new Recording({ ...process, startedAt });
  const numbers: RecordingNumbers = { last: 0, sites: 0 };
  const batch: RecordingBatch = { now: 0, since: 0, threads: threads.map(({ name }) => name), sites: [], names: [], blocks: [], gaps: [], events: new Uint8Array() };
  const events = new EventColumns();
  for (const [index, { data, scripts }] of threads.entries()) {
    const part = await new RecordedThread(index, numbers, 0, scripts).add(data, startedAt);
    batch.sites.push(...part.sites);
    batch.names.push(...part.names);
    batch.blocks.push(...part.blocks);
    batch.gaps.push(...part.gaps);
    batch.now = Math.max(batch.now, data.origin + data.now - startedAt);
    events.append(part.events);
  }
  recording.add({ ...batch, events: events.toBytes() });
  return recording;
}
