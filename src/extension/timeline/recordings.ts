// Recordings as files. Part of the bundle that is loaded when the first timeline is.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as vscode from 'vscode';
import { chromeTrace } from '../../tracer/recording/chrome-trace';
import { csv } from '../../tracer/recording/csv';
import { RECORDING_SUFFIX, readRecording, writeRecording } from '../../tracer/recording/recording-file';
import type { Recording } from '../../tracer/recording/recording';

export { LiveTimeline } from './live-timeline';
export { showProblem, TimelinePage } from './timeline-page';
export { readRecording };

export type ExportKind = 'recording' | 'trace' | 'csv';

const kinds: Record<ExportKind, { suffix: string; filters: Record<string, string[]> }> = {
  recording: { suffix: RECORDING_SUFFIX, filters: { 'Asyncscope recordings': [RECORDING_SUFFIX.slice(1)] } },
  trace: { suffix: '.trace.json', filters: { 'Trace Event Format (Perfetto)': ['json'] } },
  csv: { suffix: '.csv', filters: { 'Comma-separated values': ['csv'] } },
};

/** Asks for a file, unless one is given, and writes the recording to it; undefined where the user wants none. */
export async function save(recording: Recording, kind: ExportKind, given?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const { suffix, filters } = kinds[kind];
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const { pid, startedAt } = recording.process;
  const name = `${pid}-${new Date(startedAt).toISOString().slice(0, 19).replace(/[:T]/g, '-')}${suffix}`;
  const target = given ?? (await vscode.window.showSaveDialog({ filters, defaultUri: folder && vscode.Uri.joinPath(folder, name) }));
  if (!target) return undefined;
  if (kind === 'recording') await vscode.workspace.fs.writeFile(target, await writeRecording(recording));
  // The text may be longer than a string can be.
  else await pipeline(Readable.from(pieces(kind === 'trace' ? chromeTrace(recording) : csv(recording))), createWriteStream(target.fsPath));
  return target;
}

/** Fewer and larger ones. */
function* pieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < 1 << 16) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
