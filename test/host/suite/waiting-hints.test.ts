import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as vscode from 'vscode';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import { launch } from './debugging';
import { asyncscope, fileUri } from './editing';
import { texts } from './outside';
import { eventually, until } from './waiting';

const program = fileUri('live.js');
/** The line of `job`'s await, from 0. */
const awaitLine = 3;

describe('what waits at the awaits of an open file', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let document: vscode.TextDocument;

  before(async () => {
    tasks = (await asyncscope()).tasks;
    document = await vscode.workspace.openTextDocument(program);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
  });

  after(async () => {
    await vscode.debug.stopDebugging();
    await until(tasks.onDidChange, () => tasks.roots.length === 0);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('is counted together where several programs run the file, and said of each', async () => {
    await watched(3);
    await hint('3 waiting here', awaitLine);
    await watched(4);
    await hint('7 waiting here', awaitLine);
    const [hover] = await hovers();
    assert.match(hover ?? '', /3 waiting here[^]*4 waiting here/);
  });

  it('moves with its line, saved or not, and leaves one that was changed', async () => {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(program, new vscode.Position(0, 0), '// one line more\n');
    await vscode.workspace.applyEdit(edit);
    await hint('7 waiting here', awaitLine + 1);
    await document.save();
    await hint('7 waiting here', awaitLine + 1);
    assert.equal((await hovers(awaitLine + 1)).length, 1);
    assert.deepEqual(await hovers(awaitLine), []);
    const change = new vscode.WorkspaceEdit();
    change.insert(program, document.lineAt(awaitLine + 1).range.end, ' // another');
    await vscode.workspace.applyEdit(change);
    await noHint();
    await document.save();
  });

  it('is counted where a program finds it that was started since', async () => {
    const begun = await watched(2);
    await hint('2 waiting here', awaitLine + 1);
    await begun.customRequest('evaluate', { expression: 'process.exit()', context: 'repl' }).then(undefined, () => undefined);
    await noHint();
  });

  it('is gone when watching ends', async () => {
    await watched(5);
    await hint('5 waiting here', awaitLine + 1);
    await vscode.commands.executeCommand('asyncscope.tasks.unwatch');
    await noHint();
    assert.deepEqual(await hovers(awaitLine + 1), []);
  });

  it('is gone when a process is let go of', async () => {
    const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', program.fsPath, '6', 'renewed'], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    try {
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      const node = tasks.roots.find((one) => one.kind === 'source' && one.source.label === `process ${child.pid}`);
      await vscode.commands.executeCommand('asyncscope.tasks.watch', node);
      await hint('6 waiting here', awaitLine + 1);
      await vscode.commands.executeCommand('asyncscope.tasks.detach', node);
      await noHint();
    } finally {
      child.kill('SIGKILL');
    }
  });

  /** Launches the program, watches it, and has it do so many jobs. */
  async function watched(jobs: number): Promise<vscode.DebugSession> {
    const { session } = await launch('live.js', { name: `live ${jobs}` });
    await until(tasks.onDidChange, () => tasks.roots.some(({ key }) => key === session.id));
    await vscode.commands.executeCommand('asyncscope.tasks.watch', tasks.roots.find(({ key }) => key === session.id));
    await session.customRequest('evaluate', { expression: `globalThis.jobs = ${jobs}`, context: 'repl' });
    return session;
  }

  /** Settles when a hint of that text, and no other, stands at the end of that line: for other extensions, and in the window. */
  async function hint(text: string, line: number): Promise<void> {
    await eventually(async () => {
      const [first, ...others] = await hints();
      return others.length === 0 && first?.line === line && first.label.includes(text);
    });
    await eventually(async () => (await shown())?.some((each) => each.includes(text)) ?? true);
  }

  async function noHint(): Promise<void> {
    await eventually(async () => (await hints()).length === 0);
    await eventually(async () => (await shown())?.every((each) => !each.includes('waiting here')) ?? true);
  }

  async function hints(): Promise<{ label: string; line: number }[]> {
    const all = await vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', program, new vscode.Range(0, 0, document.lineCount, 0));
    return all.flatMap(({ label, position: { line } }) => (typeof label === 'string' && label.includes('waiting here') ? [{ label, line }] : []));
  }

  /** The lines of the editor as the window shows them; undefined where it is out of reach. */
  async function shown(): Promise<string[] | undefined> {
    return (await texts('.editor-instance .view-line'))?.map((text) => text.replaceAll('\u00a0', ' '));
  }

  async function hovers(line = awaitLine): Promise<string[]> {
    const found = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', program, new vscode.Position(line, 4));
    return found.flatMap(({ contents }) => contents.flatMap((content) => (content instanceof vscode.MarkdownString && content.value.includes('waiting here') ? [content.value] : [])));
  }
});
