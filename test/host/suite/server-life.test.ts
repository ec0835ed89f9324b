import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { asyncscope, findings, has, lacks, open, replace, untilFindings } from './editing';
import { screenshot, texts } from './outside';
import { eventually, until } from './waiting';

describe('the language server', () => {
  it('says in the status item what it found', async () => {
    const { uri } = await open('src/report.js');
    await untilFindings(uri, has('no-async-promise-executor'));
    const server = await (await asyncscope()).languageServer();
    await until(server.onDidChangeStatus, () => /\d problems?( and \d+ hints?)? in \d+ files?/.test(server.shown.detail ?? ''));
    const { version } = vscode.extensions.getExtension('asyncscope.asyncscope')?.packageJSON as { version: string };
    assert.equal(server.shown.text, `Asyncscope ${version}`);
    assert.equal(server.shown.severity, vscode.LanguageStatusSeverity.Information);
  });

  it('has no answer, and that is no failure, to what is asked when it is stopped', async () => {
    const document = await open('src/report.js');
    const server = await (await asyncscope()).languageServer();
    const { client } = server as unknown as { client: LanguageClient };
    const provider = client.getFeature('textDocument/codeAction').getProvider(document);
    assert.ok(provider);
    const context = { diagnostics: [], only: undefined, triggerKind: vscode.CodeActionTriggerKind.Automatic };
    const asked = provider.provideCodeActions(document, new vscode.Range(0, 0, 1, 0), context, new vscode.CancellationTokenSource().token);
    const restarted = server.restart();
    assert.deepEqual((await asked) ?? [], []);
    await restarted;
    await untilFindings(document.uri, has('no-async-promise-executor'));
  });

  it('is started again when it ends unexpectedly, and finds again', async () => {
    const document = await open('src/report.js');
    const server = await (await asyncscope()).languageServer();
    const crashed = server.pid;
    assert.ok(crashed);
    process.kill(crashed, 'SIGKILL');
    await eventually(() => server.pid !== undefined && server.pid !== crashed);
    await replace(document, 'new Promise(async (resolve)', 'new Promise((resolve)');
    await untilFindings(document.uri, lacks('no-async-promise-executor'));
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has('no-async-promise-executor'));
    await screenshot('server-crashed');
  });

  it('stays down when it ends again at once, says so, and starts on request', async () => {
    const { uri } = await open('src/report.js');
    const server = await (await asyncscope()).languageServer();
    assert.ok(server.pid);
    process.kill(server.pid, 'SIGKILL');
    await until(server.onDidChangeStatus, () => server.shown.severity === vscode.LanguageStatusSeverity.Error);
    await eventually(() => server.pid === undefined);
    assert.deepEqual(findings(uri), []);
    // Two crashes, one message: the status item tells of the second.
    await vscode.commands.executeCommand('notifications.showList');
    const messages = await texts('.notification-list-item-message');
    if (messages) assert.deepEqual(messages, ["Asyncscope's language server ended unexpectedly and is started again."]);
    await vscode.commands.executeCommand('notifications.hideList');
    await vscode.commands.executeCommand('asyncscope.restartServer');
    assert.ok(server.pid);
    await untilFindings(uri, has('no-async-promise-executor'));
    assert.equal(server.shown.severity, vscode.LanguageStatusSeverity.Information);
  });
});
