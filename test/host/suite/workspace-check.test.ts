import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { asyncscope, has } from './editing';
import { click, screenshot } from './outside';

const rule = 'no-async-promise-executor';

/** Files that have the finding which each file of this workspace should have. */
function filesFound(): number {
  return vscode.languages.getDiagnostics().filter(([, diagnostics]) => has(rule)(diagnostics)).length;
}

describe('checking a large workspace', () => {
  it('can be cancelled, and keeps what was found until then', async () => {
    await (await asyncscope()).languageServer();
    const check = vscode.commands.executeCommand('asyncscope.checkWorkspace');
    await vscode.commands.executeCommand('notifications.showList');
    await screenshot('workspace-check-running');
    if (!(await click('.notifications-center .monaco-button:has-text("Cancel")'))) return check;
    await check;
    const all = (await vscode.workspace.findFiles('**/*.ts')).length;
    assert.ok(filesFound() < all, `all ${all} files were checked`);
  });

  it('finds the same in every file', async () => {
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    assert.equal(filesFound(), (await vscode.workspace.findFiles('**/*.ts')).length);
  });
});
