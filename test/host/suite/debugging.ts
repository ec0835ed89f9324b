// Programs of the workspace in the debugger.
import * as vscode from 'vscode';
import { fileUri } from './editing';
import { eventually } from './waiting';

/** What was launched, and the session of its process, a child of that. */
export interface Launched {
  readonly root: vscode.DebugSession;
  readonly session: vscode.DebugSession;
}

/** Starts a program of the workspace in the debugger; settles when the debugger has its process. */
export async function launch(program: string, configuration: object = {}): Promise<Launched> {
  const started = new Promise<Launched>((resolve) => {
    const listening = vscode.debug.onDidStartDebugSession((session) => {
      if (!session.parentSession) return;
      listening.dispose();
      resolve({ root: session.parentSession, session });
    });
  });
  await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
    type: 'node',
    request: 'launch',
    name: program.replace(/\.[^.]*$/, ''),
    program: fileUri(program).fsPath,
    console: 'internalConsole',
    ...configuration,
  });
  return started;
}

/** The first output of the debugged program that begins so. */
export function output(begin: string): Promise<string> {
  return new Promise((resolve) => {
    const tracker = vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage(message: { event?: string; body?: { output?: string } }) {
          if (message.event !== 'output' || !message.body?.output?.startsWith(begin)) return;
          tracker.dispose();
          resolve(message.body.output);
        },
      }),
    });
  });
}

/** Settles when the debugger stops. */
export async function stop(): Promise<void> {
  let stopped = false;
  const listening = vscode.debug.onDidChangeActiveStackItem((item) => (stopped ||= item !== undefined));
  await eventually(() => stopped);
  listening.dispose();
}

/** The window shall show the tasks: the other views of the debugger and the panel give way, the side bar is wider. */
export async function roomForTasks(): Promise<void> {
  const hidden = ['variablesView', 'watchExpressionsView', 'loadedScriptsView', 'breakPointsView'];
  for (const view of hidden) await vscode.commands.executeCommand(`workbench.debug.${view}.toggleVisibility`);
  await vscode.commands.executeCommand('workbench.action.closePanel');
  await vscode.commands.executeCommand('asyncscope.tasks.focus');
  for (let step = 0; step < 4; step++) await vscode.commands.executeCommand('workbench.action.decreaseViewWidth');
}
