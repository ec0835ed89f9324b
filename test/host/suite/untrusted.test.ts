import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { asyncscope, fileUri, has, lacks, open, untilFindings } from './editing';
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

  it('has tasks to look at, but not to act on', async function () {
    this.timeout(60_000);
    const { tasks } = await asyncscope();
    const program = "setTimeout(() => process.exit(3), 1e8); (async function waits() { await new Promise((resolve) => setTimeout(resolve, 1e7)); })(); console.log('ready')";
    const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', '-e', program], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    const usual = tasks.actions.asking;
    const told: string[] = [];
    const never = () => Promise.reject(new Error('nothing is asked'));
    tasks.actions.asking = { confirm: never, pick: never, converse: never, tell: (text) => told.push(text) };
    try {
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      const node = tasks.roots.flatMap((root) => tasks.below(root)).find((each) => each.kind === 'task');
      assert.ok(node?.kind === 'task' && node.task.name === 'waits');
      for (const command of ['fireTimer', 'abort', 'evaluate', 'breakOnResume']) await vscode.commands.executeCommand(`asyncscope.tasks.${command}`, node);
      assert.equal(told.length, 4);
      for (const text of told) assert.match(text, /^In a workspace that is not trusted tasks can be looked at only\./);
    } finally {
      tasks.actions.asking = usual;
      for (const root of tasks.roots) await vscode.commands.executeCommand('asyncscope.tasks.detach', root);
      child.kill('SIGKILL');
    }
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
