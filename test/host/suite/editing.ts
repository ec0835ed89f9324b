// The workspace's files as a user works on them: opened, edited, looked at for findings.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AsyncscopeApi } from '../../../src/extension/extension';
import { until } from './waiting';

/** A file of the first workspace folder. */
export function fileUri(file: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, file);
}

export async function open(file: string): Promise<vscode.TextDocument> {
  return (await vscode.window.showTextDocument(fileUri(file))).document;
}

/** The extension's interface; activates it. */
export async function asyncscope(): Promise<AsyncscopeApi> {
  const extension = vscode.extensions.getExtension<AsyncscopeApi>('asyncscope.asyncscope');
  assert.ok(extension, 'the extension is not installed');
  return extension.activate();
}

/** Our findings in a file. */
export function findings(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === 'asyncscope');
}

/** The rule that a finding is of. */
export function ruleOf(diagnostic: vscode.Diagnostic): string {
  return String(typeof diagnostic.code === 'object' ? diagnostic.code.value : diagnostic.code);
}

/** Waits until the findings of a file are as wanted; the test's time limit ends it otherwise. */
export async function untilFindings(uri: vscode.Uri, wanted: (found: vscode.Diagnostic[]) => boolean): Promise<vscode.Diagnostic[]> {
  await until(vscode.languages.onDidChangeDiagnostics, () => wanted(findings(uri)));
  return findings(uri);
}

export function has(rule: string): (found: vscode.Diagnostic[]) => boolean {
  return (found) => found.some((diagnostic) => ruleOf(diagnostic) === rule);
}

export function lacks(rule: string): (found: vscode.Diagnostic[]) => boolean {
  return (found) => !has(rule)(found);
}

/** Replaces the first occurrence of a text in an open document, without saving it. */
export async function replace(document: vscode.TextDocument, text: string, replacement: string): Promise<void> {
  const start = document.getText().indexOf(text);
  assert.ok(start >= 0, `"${text}" is not in ${document.fileName}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(start + text.length)), replacement);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** Code actions for a finding, with their edits. */
export async function actionsFor(uri: vscode.Uri, finding: vscode.Diagnostic, kind?: vscode.CodeActionKind): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand('vscode.executeCodeActionProvider', uri, finding.range, kind?.value, 20);
}

/** Takes the action whose title matches; fails, naming what is offered, where there is none. */
export async function take(actions: readonly vscode.CodeAction[], title: RegExp): Promise<void> {
  const action = actions.find((one) => title.test(one.title));
  assert.ok(action?.edit, `no action ${title} with an edit among: ${actions.map((one) => one.title).join(', ')}`);
  assert.ok(await vscode.workspace.applyEdit(action.edit));
}

/** The finding of that rule; waits for it. */
export async function findingOf(uri: vscode.Uri, rule: string): Promise<vscode.Diagnostic> {
  const found = (await untilFindings(uri, has(rule))).find((diagnostic) => ruleOf(diagnostic) === rule);
  assert.ok(found);
  return found;
}
