import { setTimeout as pause } from 'node:timers/promises';
import {
  LSPErrorCodes,
  ResponseError,
  WorkDoneProgress,
  type CancellationToken,
  type Connection,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from 'vscode-languageserver/node';
import type { FileError } from '../analyzer/finding';
import type { FileReport } from '../analyzer/linter';
import { sourceFilesBelow } from '../analyzer/source-files';
import type { Analysis } from './analysis';
import type { CheckWorkspaceParams, CheckWorkspaceResult } from './protocol';

/** The server answers the editor at least this often. Milliseconds. */
const slice = 40;
const largestSlice = 64;

/** What a check of the whole workspace works with. */
export interface WorkspaceCheck {
  readonly connection: Connection;
  readonly analysis: Analysis;
  readonly folders: readonly string[];
  /** Called before the first is checked. */
  readonly prepare: (files: readonly string[]) => Promise<void>;
  /** Called for each file as soon as it is checked. */
  readonly show: (report: FileReport) => void;
}

/**
 * Checks every source file of the folders, in slices between which edits are answered. Throws RequestCancelled when
 * the client no longer wants it; what was shown until then stays.
 */
export async function checkWorkspace(
  { connection, analysis, folders, prepare, show }: WorkspaceCheck,
  { workDoneToken }: CheckWorkspaceParams,
  cancellation: CancellationToken,
): Promise<CheckWorkspaceResult> {
  const report = (value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd): void => {
    if (workDoneToken !== undefined) void connection.sendProgress(WorkDoneProgress.type, workDoneToken, value);
  };
  report({ kind: 'begin', title: 'Checking the workspace', percentage: 0, cancellable: true });
  try {
    const { files, errors } = sourceFilesBelow(folders);
    const result: CheckWorkspaceResult = { files: 0, problems: 0, errors: errors.map(errorOf) };
    await turn(cancellation);
    await prepare(files);
    await turn(cancellation);
    analysis.attempt(({ programs }) => programs.open(files));
    let size = 1;
    for (let at = 0; at < files.length; ) {
      await turn(cancellation);
      const paths = files.slice(at, at + size);
      const started = performance.now();
      const reports = analysis.check(paths);
      if (!reports) {
        await pause(analysis.pause);
        continue;
      }
      for (const one of reports) {
        show(one);
        result.files++;
        result.problems += one.findings.length;
        result.errors.push(...one.errors.map(errorOf));
      }
      at += paths.length;
      size = Math.max(1, Math.min(largestSlice, Math.round((size * slice) / (performance.now() - started))));
      report({ kind: 'report', message: `${at} of ${files.length} files`, percentage: Math.floor((100 * at) / files.length) });
    }
    return result;
  } finally {
    report({ kind: 'end' });
  }
}

/** Lets the messages in that have arrived. */
async function turn(cancellation: CancellationToken): Promise<void> {
  // The first lets the pipe be read, the second what was read be handled.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  if (cancellation.isCancellationRequested) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'The check was cancelled.');
}

function errorOf({ path, message }: FileError): CheckWorkspaceResult['errors'][number] {
  return { file: path, message };
}
