import { TextEdit as LspEdit, type WorkspaceEdit } from 'vscode-languageserver/node';
import type { TextEdit } from '../analyzer/finding';
import { LineStarts } from './line-starts';
import { uriOfPath } from './paths';
import type { OpenFile } from './shown-findings';

/** What is known of the files that an edit changes. */
export interface EditedFiles {
  open(path: string): OpenFile | undefined;
  text(path: string): string;
}

/** Edits as the protocol has them; those of open documents hold for the version that they were made for only. */
export function workspaceEdit(edits: readonly TextEdit[], files: EditedFiles, versioned: boolean): WorkspaceEdit {
  const byPath = new Map<string, LspEdit[]>();
  const lines = new Map<string, LineStarts>();
  for (const edit of edits) {
    let known = lines.get(edit.path);
    if (!known) lines.set(edit.path, (known = new LineStarts(files.text(edit.path))));
    byPath.set(edit.path, [...(byPath.get(edit.path) ?? []), LspEdit.replace(known.range(edit), edit.newText)]);
  }
  const changed = [...byPath].map(([path, list]) => {
    const open = files.open(path);
    return { uri: open?.uri ?? uriOfPath(path), version: open?.version ?? null, edits: list };
  });
  if (!versioned) return { changes: Object.fromEntries(changed.map(({ uri, edits: list }) => [uri, list])) };
  return { documentChanges: changed.map(({ uri, version, edits: list }) => ({ textDocument: { uri, version }, edits: list })) };
}

/** Edits that turn one text into another, line by line where both have as many, so that cursors and markers stay. */
export function editsBetween(path: string, before: string, after: string): TextEdit[] {
  const old = linesOf(before);
  const fresh = linesOf(after);
  if (old.length !== fresh.length) return [changedMiddle(path, 0, before, after)];
  const edits: TextEdit[] = [];
  let at = 0;
  old.forEach((line, index) => {
    const replacement = fresh[index] ?? '';
    if (line !== replacement) edits.push(changedMiddle(path, at, line, replacement));
    at += line.length;
  });
  return edits;
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function changedMiddle(path: string, offset: number, before: string, after: string): TextEdit {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { path, start: offset + head, end: offset + before.length - tail, newText: after.slice(head, after.length - tail) };
}
