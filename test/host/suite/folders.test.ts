import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { has, lacks, ruleOf, untilFindings } from './editing';

const rule = 'no-async-promise-executor';

function inFolder(name: string, file: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.find((one) => one.name === name);
  assert.ok(folder, `no folder ${name} is open`);
  return vscode.Uri.joinPath(folder.uri, file);
}

async function severityIn(name: string, file: string): Promise<vscode.DiagnosticSeverity | undefined> {
  const uri = inFolder(name, file);
  await vscode.window.showTextDocument(uri);
  const found = await untilFindings(uri, has(rule));
  return found.find((one) => ruleOf(one) === rule)?.severity;
}

describe('several folders', () => {
  it('have their own configuration files', async () => {
    assert.equal(await severityIn('api', 'app.ts'), vscode.DiagnosticSeverity.Error);
    assert.equal(await severityIn('worker', 'app.ts'), vscode.DiagnosticSeverity.Warning);
  });

  it('have their own settings', async () => {
    const api = inFolder('api', 'app.ts');
    const settings = vscode.workspace.getConfiguration('asyncscope', api);
    await settings.update('rules', { [rule]: 'off' }, vscode.ConfigurationTarget.WorkspaceFolder);
    await vscode.window.showTextDocument(api);
    await untilFindings(api, lacks(rule));
    assert.equal(await severityIn('worker', 'app.ts'), vscode.DiagnosticSeverity.Warning);
    await settings.update('rules', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
    await untilFindings(api, has(rule));
  });

  it('are checked together, each nested configuration for its own files', async () => {
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    const found = (name: string, file: string) => vscode.languages.getDiagnostics(inFolder(name, file)).filter((one) => one.source === 'asyncscope');
    assert.ok(has(rule)(found('api', 'app.ts')));
    assert.ok(has(rule)(found('worker', 'app.ts')));
    assert.deepEqual(found('worker', 'legacy/old.ts'), []);
  });
});
