import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { fileUri, has, lacks, open, untilFindings } from './editing';
import { click } from './outside';
import { eventually } from './waiting';

describe('a workspace that is not trusted', () => {
  it('has its findings, while nothing of it is executed', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const { uri } = await open('src/app.ts');
    await untilFindings(uri, has('no-async-promise-executor'));
    await untilFindings(uri, has('no-floating-promises'));
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    assert.equal(existsSync(fileUri('executed').fsPath), false);
  });

  it('has its ESLint asked once it is trusted', async () => {
    const { uri } = await open('src/app.ts');
    await vscode.commands.executeCommand('workbench.trust.manage');
    if (!(await click('.workspace-trust-editor .monaco-button:has-text("Trust")'))) return;
    await eventually(() => vscode.workspace.isTrusted);
    await vscode.window.showTextDocument(uri);
    await untilFindings(uri, (found) => has('no-async-promise-executor')(found) && lacks('no-floating-promises')(found));
    assert.ok(existsSync(fileUri('executed').fsPath));
  });
});
