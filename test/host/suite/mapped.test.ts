import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import type { TreeNode } from '../../../src/extension/tasks/task-tree';
import { launch, output, stop } from './debugging';
import { asyncscope, fileUri } from './editing';
import { screenshot } from './outside';
import { eventually, until } from './waiting';

/** Lines of src/app.ts, from 1. */
const packAwait = 11;
const packAfterAwait = 14;

describe('a TypeScript program that is debugged by its source map', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let session: vscode.DebugSession;

  before(async () => {
    tasks = (await asyncscope()).tasks;
    const ready = output('ready');
    ({ session } = await launch('out/app.js'));
    await ready;
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    await vscode.commands.executeCommand('asyncscope.tasks.watch');
  });

  after(async () => {
    await vscode.debug.stopDebugging();
  });

  it('has its tasks at the lines that were written', async () => {
    await until(tasks.onDidChange, () => calls().length === 3);
    assert.deepEqual(calls().map(({ task: { at } }) => [at?.file, at?.line]), Array(3).fill([fileUri('src/app.ts').fsPath, packAwait]));
  });

  it('is stopped where one of several calls goes on, at the line that was written', async () => {
    const usual = tasks.actions.asking;
    const told: string[] = [];
    tasks.actions.asking = { ...usual, tell: (text) => told.push(text) };
    const stopped = stop();
    await vscode.commands.executeCommand('asyncscope.tasks.breakOnResume', calls()[1]);
    tasks.actions.asking = usual;
    assert.deepEqual(told, ['The debugger stops when pack goes on.']);
    void session.customRequest('evaluate', { expression: 'setTimeout(goOn, 50); 0', context: 'repl' });
    await stopped;
    const thread = vscode.debug.activeStackItem;
    assert.ok(thread);
    const { stackFrames } = (await session.customRequest('stackTrace', { threadId: thread.threadId })) as { stackFrames: { id: number; line: number; source?: { path?: string } }[] };
    const [frame] = stackFrames;
    // In a remote window the debugger tells paths as addresses.
    assert.ok(frame);
    assert.match(frame.source?.path ?? '', /[\\/]src[\\/]app\.ts$/);
    assert.equal(frame.line, packAfterAwait);
    const { result } = (await session.customRequest('evaluate', { expression: 'order.id', frameId: frame.id, context: 'watch' })) as { result: string };
    assert.equal(result, '2');
    await screenshot('mapped-break');
    await vscode.commands.executeCommand('workbench.action.debug.continue');
    await eventually(async () => {
      await vscode.commands.executeCommand('asyncscope.tasks.refresh');
      return calls().length === 0;
    });
  });

  /** Calls of `pack`, the oldest first. */
  function calls(): (TreeNode & { kind: 'task' })[] {
    const all = [...tasks.roots];
    for (const node of all) all.push(...tasks.below(node));
    return all.filter((node): node is TreeNode & { kind: 'task' } => node.kind === 'task' && node.task.name === 'pack');
  }
});
