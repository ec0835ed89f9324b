import * as vscode from 'vscode';
import type { LanguageServer } from './language-server';

/** What other extensions and the tests may use. */
export interface AsyncscopeApi {
  /** Settles when the language server answers; rejects when it cannot be started. */
  languageServer(): Promise<LanguageServer>;
}

let server: Promise<LanguageServer> | undefined;

/** Only registers: the language client is loaded and the server started after activation has returned. */
export function activate(context: vscode.ExtensionContext): AsyncscopeApi {
  const log = vscode.window.createOutputChannel('Asyncscope', { log: true });
  const languageServer = () => {
    server ??= import('./language-server').then(({ LanguageServer }) => LanguageServer.start(context, log));
    return server;
  };
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand('asyncscope.showLog', () => log.show()),
    vscode.commands.registerCommand('asyncscope.restartServer', async () => (await languageServer()).restart()),
    vscode.commands.registerCommand('asyncscope.checkWorkspace', async () => (await languageServer()).checkWorkspace()),
    vscode.workspace.onDidGrantWorkspaceTrust(async () => (await languageServer()).restart()),
  );
  setImmediate(() => void languageServer().catch((error: unknown) => log.error(String(error))));
  return { languageServer };
}

export async function deactivate(): Promise<void> {
  await (await server)?.stop();
}
