// Node debug sessions as sources of tasks, over the connection that js-debug lends.
import * as vscode from 'vscode';

/** Where js-debug lends a program's inspector. */
export interface LentConnection {
  host: string;
  port: number;
  path: string;
}

/** js-debug answers only some time after it has announced a session; milliseconds between questions, and in all. */
const retryMs = 100;
const patienceMs = 10_000;

/** js-debug's types of sessions of Node programs: those that it launches or attaches to, and those in its terminals. */
export const nodeSessionTypes = ['pwa-node', 'node-terminal'];

/** Follows what the debugger says of Node programs. */
export function trackNodeSessions(createDebugAdapterTracker: (session: vscode.DebugSession) => vscode.DebugAdapterTracker | undefined): vscode.Disposable {
  return vscode.Disposable.from(...nodeSessionTypes.map((type) => vscode.debug.registerDebugAdapterTrackerFactory(type, { createDebugAdapterTracker })));
}

/** Whether a session is a running Node program; the session that only launches (a parent) has none of its own. */
export function isNodeProgram(session: vscode.DebugSession): boolean {
  return nodeSessionTypes.includes(session.type) && (session.parentSession !== undefined || session.configuration.__pendingTargetId !== undefined);
}

/** The inspector of a debugged program. Rejects where js-debug does not lend it in time. */
export async function lentConnection(session: vscode.DebugSession): Promise<LentConnection> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const asked = vscode.commands.executeCommand<LentConnection | undefined>('extension.js-debug.requestCDPProxy', session.id);
    const lent = await Promise.race([asked, after(Math.max(0, deadline - Date.now()))]);
    if (lent) return lent;
    if (Date.now() >= deadline) throw new Error('The debugger does not lend its connection to the program. Is it still running?');
    await after(retryMs);
  }
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
