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

/** Whether a session is a running Node program; the session that only launches (a parent) has none of its own. */
export function isNodeProgram(session: vscode.DebugSession): boolean {
  return session.type === 'pwa-node' && (session.parentSession !== undefined || session.configuration.__pendingTargetId !== undefined);
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
