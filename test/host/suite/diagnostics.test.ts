import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { actionsFor, fileUri, findings, has, lacks, marked, open, replace, ruleOf, untilFindings } from './editing';
import { screenshot } from './outside';

describe('diagnostics', () => {
  it('are shown for an opened file, with a link to the rule', async () => {
    const { uri } = await open('src/report.js');
    const [found] = (await untilFindings(uri, has('no-async-promise-executor'))).filter((one) => ruleOf(one) === 'no-async-promise-executor');
    assert.ok(found);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
    assert.ok(typeof found.code === 'object');
    assert.match(found.code.target.toString(), /no-async-promise-executor/);
    await screenshot('diagnostics');
  });

  it('follow unsaved text', async () => {
    const document = await open('src/report.js');
    await untilFindings(document.uri, has('no-async-promise-executor'));
    await replace(document, 'new Promise(async (resolve)', 'new Promise((resolve)');
    await untilFindings(document.uri, lacks('no-async-promise-executor'));
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has('no-async-promise-executor'));
    assert.equal(document.isDirty, false);
  });

  it('are switched off by the suppression that a quick fix writes', async () => {
    const document = await open('src/report.js');
    const [finding] = (await untilFindings(document.uri, has('no-async-promise-executor'))).filter((one) => ruleOf(one) === 'no-async-promise-executor');
    assert.ok(finding);
    const actions = await actionsFor(document.uri, finding, vscode.CodeActionKind.QuickFix);
    const suppress = actions.find((action) => /disable/i.test(action.title));
    assert.ok(suppress?.edit, `no suppression among: ${actions.map((action) => action.title).join(', ')}`);
    await vscode.workspace.applyEdit(suppress.edit);
    await untilFindings(document.uri, lacks('no-async-promise-executor'));
    assert.match(document.getText(), /asyncscope-disable-next-line no-async-promise-executor/);
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has('no-async-promise-executor'));
  });

  it('of every file come from checking the whole workspace', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    assert.ok(has('no-async-promise-executor')(findings(fileUri('src/report.js'))));
    await screenshot('workspace-check');
  });

  it('follow the settings', async () => {
    const { uri } = await open('src/report.js');
    await untilFindings(uri, has('no-async-promise-executor'));
    const settings = vscode.workspace.getConfiguration('asyncscope', uri);
    await settings.update('rules', { 'no-async-promise-executor': 'off' }, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, lacks('no-async-promise-executor'));
    await settings.update('rules', { 'no-async-promise-executor': 'hint' }, vscode.ConfigurationTarget.Workspace);
    const found = await untilFindings(uri, has('no-async-promise-executor'));
    assert.equal(found.find((one) => ruleOf(one) === 'no-async-promise-executor')?.severity, vscode.DiagnosticSeverity.Hint);
    await settings.update('rules', undefined, vscode.ConfigurationTarget.Workspace);
    await settings.update('enable', false, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, (all) => all.length === 0);
    await settings.update('enable', undefined, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, has('no-async-promise-executor'));
  });

  it('follow asyncscope.json when it appears, changes and goes', async () => {
    const { uri } = await open('src/report.js');
    await untilFindings(uri, has('no-async-promise-executor'));
    const file = fileUri('asyncscope.json');
    const write = (config: object) => vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify(config)));
    await write({ rules: { 'no-async-promise-executor': 'off' } });
    await untilFindings(uri, lacks('no-async-promise-executor'));
    await write({ rules: { 'no-async-promise-executor': 'warning' } });
    await untilFindings(uri, has('no-async-promise-executor'));
    await write({ exclude: ['src/**'] });
    await untilFindings(uri, (all) => all.length === 0);
    await vscode.workspace.fs.delete(file);
    await untilFindings(uri, has('no-async-promise-executor'));
    assert.ok(marked(uri).length > 0);
  });
});
