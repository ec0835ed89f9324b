// Chooses one of the Node processes of this machine.
import path from 'node:path';
import * as vscode from 'vscode';

export interface PickedProcess {
  pid: number;
  label: string;
}

export async function pickProcess(): Promise<PickedProcess | undefined> {
  const items = import('./probes')
    .then(({ nodeProcesses }) => nodeProcesses())
    .then((processes) => processes.map(({ pid, command }) => ({ label: programOf(command), description: String(pid), detail: command, pid })));
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Show the tasks of a Node process',
    placeHolder: 'Its inspector is open, to this machine only, until it is removed from the view',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked && { pid: picked.pid, label: `${picked.label} [${picked.pid}]` };
}

/** The script that a command line runs, else the executable. */
function programOf(command: string): string {
  const [executable = '', ...rest] = command.split(' ');
  const script = rest.find((word) => word !== '' && !word.startsWith('-'));
  return path.basename(script ?? executable);
}
