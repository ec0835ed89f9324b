import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { fileUri, has, open, untilFindings } from './editing';

describe('a workspace that is not trusted', () => {
  it('has its findings, while nothing of it is executed', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const { uri } = await open('src/app.ts');
    await untilFindings(uri, has('no-async-promise-executor'));
    await untilFindings(uri, has('no-floating-promises'));
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    assert.equal(existsSync(fileUri('executed').fsPath), false);
  });
});
