import * as vscode from 'vscode';
import type { Place } from '../tracer/task';

/** Shows a place of a program; nothing where there is none. */
export async function openPlace(place: Place | undefined, viewColumn?: vscode.ViewColumn): Promise<void> {
  if (!place) return;
  const position = new vscode.Position(place.line - 1, place.column - 1);
  const uri = /^[a-z][a-z\d+.-]+:/i.test(place.file) && !/^[a-z]:[\\/]/i.test(place.file) ? vscode.Uri.parse(place.file) : vscode.Uri.file(place.file);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(position, position), viewColumn });
}
