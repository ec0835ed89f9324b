// `run --record`: writes what happened in a run to a file, as a recording, a trace or a table.
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { chromeTrace } from '../tracer/recording/chrome-trace';
import { csv } from '../tracer/recording/csv';
import { recordingOf } from '../tracer/recording/recorded-run';
import { writeRecording } from '../tracer/recording/recording-file';
import type { EndedThread } from './exit-reports';

/** What a file's name may end with, and so what it gets. */
export const recordSuffixes = ['.asynctrace', '.json', '.csv'] as const;

/** One file for each process: the first one's is `file`, those of its children have their pid in their name. Gives a line for each. */
export async function writeRecordings(file: string, threads: readonly EndedThread[]): Promise<string[]> {
  const processes = new Map<number, EndedThread[]>();
  for (const thread of threads) {
    const pid = thread.target.pid ?? 0;
    processes.set(pid, [...(processes.get(pid) ?? []), thread]);
  }
  const lines: string[] = [];
  for (const [pid, all] of processes) {
    const recorded = all.flatMap(({ recorder, scripts = [], threads: [thread] }) => (recorder ? [{ name: thread?.id === '0' ? 'main thread' : (thread?.name ?? ''), data: recorder, scripts }] : []));
    if (recorded.length === 0) continue;
    const suffix = path.extname(file);
    const target = lines.length === 0 ? file : `${file.slice(0, -suffix.length)}.${pid}${suffix}`;
    const recording = await recordingOf(recorded, { pid, node: all[0]?.target.node ?? '', label: path.basename(all[0]?.command[0] ?? 'node') });
    if (suffix === '.asynctrace') await writeFile(target, await writeRecording(recording));
    else await pipeline(Readable.from(suffix === '.csv' ? csv(recording) : chromeTrace(recording)), createWriteStream(target));
    const dropped = recorded.reduce((sum, { data }) => sum + data.dropped, 0);
    const lost = dropped > 0 ? `; the oldest ${dropped.toLocaleString('en-US')} were too many to keep` : '';
    lines.push(`${recording.count.toLocaleString('en-US')} events of process ${pid} are recorded in ${target}${lost}.`);
  }
  return lines;
}
