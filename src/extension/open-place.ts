import * as vscode from 'vscode';
import type { Place } from '../tracer/task';

/** Shows a place of a program; nothing where there is none. */
export async function openPlace(place: Place | undefined, options?: vscode.TextDocumentShowOptions): Promise<void> {
  if (!place) return;
  await vscode.window.showTextDocument(uriOf(place), { selection: selectionOf(place), ...options });
}

/** The same for a row of a tree: as in VS Code's own, a click leaves the focus in the tree; Enter and a double click take it along. */
export function openCommand(place: Place): vscode.Command {
  return { command: 'vscode.open', title: 'Open', arguments: [uriOf(place), { selection: selectionOf(place) }] };
}

/** Of a file, or of what only the program knows by that name. */
export function uriOf({ file }: Place): vscode.Uri {
  return /^[a-z][a-z\d+.-]+:/i.test(file) && !/^[a-z]:[\\/]/i.test(file) ? vscode.Uri.parse(file) : vscode.Uri.file(file);
}

function selectionOf({ line, column }: Place): vscode.Range {
  const position = new vscode.Position(line - 1, column - 1);
  return new vscode.Range(position, position);
}
