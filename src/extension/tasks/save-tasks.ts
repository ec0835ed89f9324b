// Task dumps: written where the user says, opened as text, compared in the editor's own diff.
import * as vscode from 'vscode';
import type { TaskReport } from '../../tracer/task';
import { dumpTasks } from '../../tracer/task-dump';

const dumps = { 'Task dumps': ['tasks'] };

/** Asks for a file and writes what was seen last to it. */
export async function saveTasks(reports: readonly TaskReport[]): Promise<vscode.Uri | undefined> {
  if (reports.length === 0) {
    await vscode.window.showInformationMessage('There are no tasks to save: refresh the Task Explorer first.');
    return undefined;
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${reports[0]?.target.pid ?? 'process'}-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.tasks`;
  const target = await vscode.window.showSaveDialog({ filters: dumps, defaultUri: folder && vscode.Uri.joinPath(folder, name) });
  if (!target) return undefined;
  await writeDump(target, reports);
  await vscode.window.showTextDocument(target);
  return target;
}

export async function writeDump(target: vscode.Uri, reports: readonly TaskReport[]): Promise<void> {
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(reports.map(dumpTasks).join('\n')));
}

/** Asks for another dump and shows the two side by side. */
export async function compareDumps(dump: vscode.Uri): Promise<void> {
  const picked = await vscode.window.showOpenDialog({ filters: dumps, title: 'Compare with' });
  const other = picked?.[0];
  if (other) await vscode.commands.executeCommand('vscode.diff', other, dump);
}

/** The source places of a dump (`path:line:column`) as links. */
export const placeLinks: vscode.DocumentLinkProvider = {
  provideDocumentLinks(document) {
    const links: vscode.DocumentLink[] = [];
    for (const match of document.getText().matchAll(/(?<=  ~?)((?:[A-Za-z]:)?[\\/][^\n]*?):(\d+):(\d+)(?=  |$)/gm)) {
      const [, file = '', line = '', column = ''] = match;
      const range = new vscode.Range(document.positionAt(match.index), document.positionAt(match.index + match[0].length));
      links.push(new vscode.DocumentLink(range, vscode.Uri.file(file).with({ fragment: `L${line},${column}` })));
    }
    return links;
  },
};
