import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { actionsFor, fileUri, findingOf, findings, has, lacks, open, replace, take, untilFindings } from './editing';
import { click, screenshot } from './outside';
import { until } from './waiting';

const rule = 'no-async-promise-executor';

describe('diagnostics', () => {
  it('are shown for an opened file, with a link to the rule', async () => {
    const { uri } = await open('src/report.js');
    const found = await findingOf(uri, rule);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
    assert.ok(typeof found.code === 'object');
    assert.match(found.code.target.toString(), /no-async-promise-executor/);
    await screenshot('diagnostics');
  });

  it("open the rule's page when its name is clicked in the problems view", async () => {
    await open('src/report.js');
    await findingOf(fileUri('src/report.js'), rule);
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    if (!(await click(`.markers-panel .code-link:has-text("${rule}"), .markers-panel a:has-text("${rule}")`))) return;
    await until(vscode.window.onDidChangeActiveTextEditor, () => vscode.window.activeTextEditor?.document.fileName.endsWith(`${rule}.md`) === true);
    await screenshot('rule-page');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('lead through the files that a blocking call is reached by', async () => {
    const { uri } = await open('src/server.ts');
    const found = await findingOf(uri, 'no-blocking-call');
    const chain = found.relatedInformation?.map(({ location }) => vscode.workspace.asRelativePath(location.uri));
    assert.deepEqual(chain, ['src/server.ts', 'src/accounts.ts', 'src/accounts.ts']);
  });

  it('are renewed when another file changes that they depend on', async () => {
    const { uri } = await open('src/server.ts');
    await untilFindings(uri, has('no-blocking-call'));
    const accounts = await open('src/accounts.ts');
    await replace(accounts, 'return scryptSync(password, salt, 64);', "return Buffer.from(password + salt.toString('hex'));");
    await untilFindings(uri, lacks('no-blocking-call'));
    await vscode.commands.executeCommand('undo');
    await untilFindings(uri, has('no-blocking-call'));
  });

  it('are mended by a quick fix', async () => {
    const document = await open('src/orders.ts');
    const finding = await findingOf(document.uri, 'no-floating-promises');
    await take(await actionsFor(document.uri, finding, vscode.CodeActionKind.QuickFix), /await/i);
    await untilFindings(document.uri, lacks('no-floating-promises'));
    assert.match(document.getText(), /await this\.save\(\);/);
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has('no-floating-promises'));
  });

  it('follow unsaved text', async () => {
    const document = await open('src/report.js');
    await untilFindings(document.uri, has(rule));
    await replace(document, 'new Promise(async (resolve)', 'new Promise((resolve)');
    await untilFindings(document.uri, lacks(rule));
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has(rule));
    assert.equal(document.isDirty, false);
  });

  it('are shown for a document that was never saved', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'typescript', content: 'declare function save(): Promise<void>;\nsave();\n' });
    await vscode.window.showTextDocument(document);
    const found = await findingOf(document.uri, 'no-floating-promises');
    assert.equal(found.range.start.line, 1);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('are switched off by the suppression that a quick fix writes', async () => {
    const document = await open('src/report.js');
    const finding = await findingOf(document.uri, rule);
    await take(await actionsFor(document.uri, finding, vscode.CodeActionKind.QuickFix), /disable .* line/i);
    await untilFindings(document.uri, lacks(rule));
    assert.match(document.getText(), /asyncscope-disable-next-line no-async-promise-executor/);
    await vscode.commands.executeCommand('undo');
    await untilFindings(document.uri, has(rule));
  });

  it('are mended on saving, where that is asked for and safe', async () => {
    const document = await open('src/report.js');
    await untilFindings(document.uri, has('await-thenable'));
    const settings = vscode.workspace.getConfiguration('editor', document.uri);
    await settings.update('codeActionsOnSave', { 'source.fixAll.asyncscope': 'explicit' }, vscode.ConfigurationTarget.Workspace);
    await replace(document, 'Tells each customer', 'Notifies each customer');
    await untilFindings(document.uri, has('await-thenable'));
    assert.ok(await document.save());
    await untilFindings(document.uri, lacks('await-thenable'));
    assert.match(document.getText(), /resolve\(all\.length\)/);
    // What changes behaviour is left to the user.
    assert.ok(has('no-blocking-call')(findings(document.uri)));
    await settings.update('codeActionsOnSave', undefined, vscode.ConfigurationTarget.Workspace);
  });

  it('of every file come from checking the whole workspace', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('asyncscope.checkWorkspace');
    assert.ok(has(rule)(findings(fileUri('src/report.js'))));
    assert.ok(has('no-floating-promises')(findings(fileUri('src/orders.ts'))));
    await screenshot('workspace-check');
  });

  it('follow the settings', async () => {
    const { uri } = await open('src/report.js');
    await untilFindings(uri, has(rule));
    const settings = vscode.workspace.getConfiguration('asyncscope', uri);
    await settings.update('rules', { [rule]: 'off' }, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, lacks(rule));
    await settings.update('rules', { [rule]: 'hint' }, vscode.ConfigurationTarget.Workspace);
    assert.equal((await findingOf(uri, rule)).severity, vscode.DiagnosticSeverity.Hint);
    await settings.update('rules', undefined, vscode.ConfigurationTarget.Workspace);
    await settings.update('enable', false, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, (all) => all.length === 0);
    await settings.update('enable', undefined, vscode.ConfigurationTarget.Workspace);
    await untilFindings(uri, has(rule));
  });

  it('follow asyncscope.json when it appears, changes and goes', async () => {
    const { uri } = await open('src/report.js');
    await untilFindings(uri, has(rule));
    const file = fileUri('asyncscope.json');
    const write = (config: object) => vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify(config)));
    await write({ rules: { [rule]: 'off' } });
    await untilFindings(uri, lacks(rule));
    await write({ rules: { [rule]: 'warning' } });
    assert.equal((await findingOf(uri, rule)).severity, vscode.DiagnosticSeverity.Warning);
    await write({ exclude: ['src/**'] });
    await untilFindings(uri, (all) => all.length === 0);
    await vscode.workspace.fs.delete(file);
    assert.equal((await findingOf(uri, rule)).severity, vscode.DiagnosticSeverity.Error);
  });
});
