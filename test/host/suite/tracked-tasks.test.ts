import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { launch, output } from './debugging';
import { asyncscope } from './editing';
import { eventually, until } from './waiting';

describe('tasks of a program that is debugged with tracking on', function () {
  this.timeout(90_000);

  before(() => vscode.workspace.getConfiguration('asyncscope.trace').update('enabled', true, vscode.ConfigurationTarget.Global));

  after(async () => {
    await vscode.debug.stopDebugging();
  });

  it('are told by the agent that it was started with, which stays', async () => {
    const { tasks } = await asyncscope();
    const printed = output('waits');
    const { session } = await launch('waits.js');
    await printed;
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    const names = "Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('asyncscope:')).join()";
    const left = async () => ((await session.customRequest('evaluate', { expression: names, context: 'repl' })) as { result: string }).result.replaceAll("'", '').split(',');
    const agents = async () => (await left()).filter((name) => !name.includes(':ask')).join();
    const before = await agents();
    assert.match(before, /asyncscope:/);
    await vscode.commands.executeCommand('asyncscope.tasks.watch');
    const [node] = tasks.roots;
    assert.ok(node?.kind === 'source' && node.source.state.kind === 'seen', JSON.stringify(node?.kind === 'source' && node.source.state));
    const [task, ...others] = node.source.state.report.threads.flatMap((thread) => thread.tasks);
    assert.deepEqual(others, []);
    // An agent that came later could not know of it.
    assert.deepEqual([task?.name, task?.at?.line, task?.ageIsMinimum], ['fromTheStart', 2, undefined]);
    assert.equal(await agents(), before);
    await vscode.commands.executeCommand('asyncscope.tasks.unwatch');
    assert.equal(await agents(), before);
    // What blocks the event loop is asked for on; nothing else is.
    await eventually(async () => (await left()).filter((name) => name.includes(':ask')).length === 1);
  });
});
