// Task dumps: written where the user says, opened as text, compared in the editor's own diff.
import path from 'node:path';
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

/** A place in a line of a dump: `  name  ~path:line:column  what it waits for`. */
const places = /(?<=  )(~?)(\S(?:(?! {2}).)*?):(\d+):(\d+)(?=  |$)/gm;

/** The places of a dump whose files are there, as links. */
export const placeLinks: vscode.DocumentLinkProvider = {
  async provideDocumentLinks(document) {
    const found = [...document.getText().matchAll(places)].map((match) => {
      const [text, mark = '', file = '', line = '', column = ''] = match;
      return { file, fragment: `L${line},${column}`, from: match.index + mark.length, to: match.index + text.length };
    });
    const files = new Map<string, vscode.Uri | undefined>();
    await Promise.all([...new Set(found.map(({ file }) => file))].map(async (file) => files.set(file, await fileOf(file, document.uri))));
    return found.flatMap(({ file, fragment, from, to }) => {
      const uri = files.get(file);
      return uri ? [new vscode.DocumentLink(new vscode.Range(document.positionAt(from), document.positionAt(to)), uri.with({ fragment }))] : [];
    });
  },
};

/** A file that a dump names; undefined where it is not there. A relative path is one of the workspace, of the dump's folder, or of where we run. */
async function fileOf(file: string, dump: vscode.Uri): Promise<vscode.Uri | undefined> {
  const bases = [...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri), vscode.Uri.joinPath(dump, '..'), vscode.Uri.file(process.cwd())];
  const candidates = path.isAbsolute(file) ? [vscode.Uri.file(file)] : bases.map((base) => vscode.Uri.joinPath(base, file));
  for (const candidate of candidates) {
    const isThere = await vscode.workspace.fs.stat(candidate).then(({ type }) => (type & vscode.FileType.File) !== 0, () => false);
    if (isThere) return candidate;
  }
  return undefined;
}
