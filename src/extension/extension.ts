import * as vscode from 'vscode';
import { BlockedWatch } from './blocked/blocked-watch';
import { registerTrackedLaunch } from './blocked/tracked-launch';
import type { LanguageServer } from './language-server';
import { TaskExplorer } from './tasks/task-explorer';
import { Timelines } from './timeline/timelines';

/** What other extensions and the tests may use. */
export interface AsyncscopeApi {
  /** Settles when the language server answers; rejects when it cannot be started. */
  languageServer(): Promise<LanguageServer>;
  readonly tasks: TaskExplorer;
  readonly blocked: BlockedWatch;
}

const checkedLanguages = new Set(['javascript', 'javascriptreact', 'typescript', 'typescriptreact']);

let server: Promise<LanguageServer> | undefined;
let explorer: TaskExplorer | undefined;

/** Only registers: the language client is loaded and the server started after activation has returned. */
export function activate(context: vscode.ExtensionContext): AsyncscopeApi {
  const log = vscode.window.createOutputChannel('Asyncscope', { log: true });
  const blocked = new BlockedWatch(log);
  const languageServer = () => {
    server ??= import('./language-server').then(async ({ LanguageServer }) => {
      const started = await LanguageServer.start(context, log);
      started.tellBlocked(blocked.places.all);
      return started;
    });
    return server;
  };
  const tasks = new TaskExplorer(log, blocked);
  explorer = tasks;
  context.subscriptions.push(
    log,
    tasks,
    blocked,
    blocked.places.onDidChange(() => void server?.then((running) => running.tellBlocked(blocked.places.all))),
    new Timelines(tasks, context.extensionUri),
    registerTrackedLaunch(context.asAbsolutePath('dist/agent.js')),
    vscode.commands.registerCommand('asyncscope.showLog', () => log.show()),
    vscode.commands.registerCommand('asyncscope.restartServer', async () => (await languageServer()).restart()),
    vscode.commands.registerCommand('asyncscope.checkWorkspace', async () => (await languageServer()).checkWorkspace()),
    vscode.workspace.onDidGrantWorkspaceTrust(async () => (await languageServer()).restart()),
  );
  const startServer = (document: vscode.TextDocument): boolean => {
    if (!checkedLanguages.has(document.languageId)) return false;
    setImmediate(() => void languageServer().catch((error: unknown) => log.error(String(error))));
    return true;
  };
  // A debug session may have activated us: the server waits for something to check.
  if (!vscode.workspace.textDocuments.some(startServer)) context.subscriptions.push(vscode.workspace.onDidOpenTextDocument(startServer));
  return { languageServer, tasks, blocked };
}

export async function deactivate(): Promise<void> {
  await Promise.all([explorer?.close(), server?.then((running) => running.stop())]);
}
