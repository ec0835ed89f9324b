import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as vscode from 'vscode';
import type { TreeNode } from '../../../src/extension/tasks/task-tree';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import type { Task, TaskReport } from '../../../src/tracer/task';
import { launch, output, roomForTasks, stop } from './debugging';
import { asyncscope, fileUri } from './editing';
import { screenshot } from './outside';
import { until } from './waiting';

describe('Task Explorer', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let session: vscode.DebugSession;

  before(async () => {
    tasks = (await asyncscope()).tasks;
    const ready = output('ready');
    ({ session } = await launch('app.js'));
    await ready;
  });

  after(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
  });

  it('has the debugged program as a source', async () => {
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    const [source] = tasks.roots;
    assert.ok(source?.kind === 'source');
    assert.match(source.source.label, /app\.js/);
  });

  it('shows its tasks with their places', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
    const [report] = await refresh();
    const found = tasksOf(report);
    assert.deepEqual(placesOf(found, 'Worker.loop'), Array<number>(5).fill(20));
    assert.deepEqual(placesOf(found, 'loadReport'), [28, 28]);
    assert.deepEqual(placesOf(found, 'overview'), [33]);
    const overview = found.find((task) => task.name === 'overview');
    assert.ok(overview && 'group' in overview.awaits);
    assert.deepEqual([overview.awaits.group, overview.awaits.pending, overview.awaits.total], ['all', 2, 2]);
    const loads = found.filter((task) => task.name === 'loadReport');
    for (const load of loads) assert.deepEqual(load.awaitedBy, [overview.id]);
  });

  it('counts the stuck ones', async () => {
    const [report] = await refresh();
    const stuck = tasksOf(report).filter((task) => task.stuck);
    assert.deepEqual(stuck.map((task) => task.name).filter((name) => name.startsWith('hold')).sort(), ['holdLeft', 'holdRight']);
    await vscode.commands.executeCommand('asyncscope.tasks.onlyStuck');
    const labels = labelsBelow(tasks, tasks.roots);
    assert.ok(labels.some((label) => label.startsWith('hold')), labels.join(', '));
    assert.ok(!labels.includes('overview'));
    await vscode.commands.executeCommand('asyncscope.tasks.all');
  });

  it('opens the line of an await', async () => {
    const [report] = await refresh();
    const overview = tasksOf(report).find((task) => task.name === 'overview');
    await vscode.commands.executeCommand('asyncscope.tasks.openAwait', { task: overview });
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.fsPath, fileUri('app.js').fsPath);
    assert.equal(editor.selection.active.line, 32);
  });

  it('shows locals when asked', async () => {
    await refresh();
    const node = findNode(tasks, tasks.roots, (one) => one.kind === 'task' && one.task.name === 'loadReport');
    assert.ok(node);
    await vscode.commands.executeCommand('asyncscope.tasks.showLocals', node);
    const locals = tasks.below(node).flatMap((below) => (below.kind === 'local' ? [below.local] : []));
    await roomForTasks();
    await screenshot('tasks');
    assert.ok(locals.some(({ name, value }) => name === 'name' && /sales|stock/.test(value)), JSON.stringify(locals));
  });

  it('groups and filters', async () => {
    await refresh();
    await vscode.commands.executeCommand('asyncscope.tasks.groupBy.function');
    const [source] = tasks.roots;
    assert.ok(source);
    const groups = tasks.below(source).flatMap((node) => (node.kind === 'group' ? [`${node.label} ${node.tasks.length}`] : []));
    assert.ok(groups.includes('Worker.loop 5') && groups.includes('loadReport 2'), groups.join(', '));
    await vscode.commands.executeCommand('asyncscope.tasks.groupBy.await');
  });

  it('looks again when the debugger stops, and while it stands', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
    const before = seenAt(tasks);
    const stopped = stop();
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(fileUri('app.js'), new vscode.Position(55, 2)))]);
    await stopped;
    await until(tasks.onDidChange, () => seenAt(tasks) > before);
    const [report] = await refresh();
    assert.equal(placesOf(tasksOf(report), 'Worker.loop').length, 5);
    await screenshot('tasks-paused');
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await session.customRequest('continue', { threadId: 0 }).then(undefined, () => vscode.commands.executeCommand('workbench.action.debug.continue'));
  });

  it('writes a dump', async () => {
    const [report] = await refresh();
    assert.ok(report, 'the look that the debugger’s stop began is waited for');
    const { dumpTasks } = await import('../../../src/tracer/task-dump');
    const dump = fileUri('now.tasks');
    await vscode.workspace.fs.writeFile(dump, Buffer.from(dumpTasks(report)));
    const document = await vscode.workspace.openTextDocument(dump);
    assert.equal(document.languageId, 'asyncscope-tasks');
    await vscode.window.showTextDocument(document);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', dump);
    const [link] = links.filter((one) => one.target?.path.endsWith('/app.js'));
    assert.ok(link, document.getText());
    assert.match(document.getText(), /Worker\.loop ×5/);
    await screenshot('task-dump');
  });

  it('has links to the files of a dump that are there, and to no others', async () => {
    const dump = fileUri('elsewhere/read.tasks');
    const spaced = fileUri('a (b) c/live one.js');
    for (const file of [dump, spaced]) await vscode.workspace.fs.writeFile(file, new Uint8Array());
    const lines = [`  main ×2  ${fileUri('app.js').fsPath}:4:3  job`, `    job  ~${spaced.fsPath}:1:2  Timeout`, '  relative  app.js:10:1  Timeout', '  ×3  a (b) c/live one.js:2:1  stuck: at app.js:9:9', '  gone  /no/such/app.js:4:3  Timeout', '  windows  C:\\me\\app (x).js:4:3  Timeout', "  node's  node:internal/timers:5:1  Timeout"];
    await vscode.workspace.fs.writeFile(dump, Buffer.from(lines.join('\n')));
    const document = await vscode.workspace.openTextDocument(dump);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', dump);
    assert.deepEqual(
      links.map(({ range, target }) => [document.getText(range), target?.path, target?.fragment]),
      [
        [`${fileUri('app.js').fsPath}:4:3`, fileUri('app.js').path, 'L4,3'],
        [`${spaced.fsPath}:1:2`, spaced.path, 'L1,2'],
        ['app.js:10:1', fileUri('app.js').path, 'L10,1'],
        ['a (b) c/live one.js:2:1', spaced.path, 'L2,1'],
      ],
    );
  });

  it('is empty when the session has ended', async () => {
    const ended = new Promise((resolve) => vscode.debug.onDidTerminateDebugSession(resolve));
    await vscode.debug.stopDebugging();
    await ended;
    await until(tasks.onDidChange, () => tasks.roots.length === 0);
  });
});

async function refresh(): Promise<TaskReport[]> {
  return vscode.commands.executeCommand<TaskReport[]>('asyncscope.tasks.refresh');
}

function tasksOf(report: TaskReport | undefined): Task[] {
  return report?.threads.flatMap((thread) => thread.tasks) ?? [];
}

function placesOf(all: readonly Task[], name: string): (number | undefined)[] {
  return all.filter((task) => task.name === name).map((task) => task.at?.line);
}

function seenAt(tasks: TaskExplorer): number {
  const [source] = tasks.roots;
  return source?.kind === 'source' && source.source.state.kind === 'seen' ? source.source.state.at.getTime() : 0;
}

function labelsBelow(tasks: TaskExplorer, nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((node) => [...(node.kind === 'task' ? [node.task.name] : node.kind === 'alike' ? [node.tasks[0]?.name ?? ''] : []), ...labelsBelow(tasks, tasks.below(node))]);
}

function findNode(tasks: TaskExplorer, nodes: readonly TreeNode[], wanted: (node: TreeNode) => boolean): TreeNode | undefined {
  for (const node of nodes) {
    const found = wanted(node) ? node : findNode(tasks, tasks.below(node), wanted);
    if (found) return found;
  }
  return undefined;
}

describe('a process without a debugger', function () {
  this.timeout(60_000);

  it('shows its tasks, and is left as it was', async () => {
    const { tasks } = await asyncscope();
    const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', fileUri('app.js').fsPath], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    try {
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      const [source] = tasks.roots;
      assert.ok(source?.kind === 'source' && source.source.state.kind === 'seen', JSON.stringify(source?.kind === 'source' && source.source.state));
      assert.equal(placesOf(tasksOf(source.source.state.report), 'Worker.loop').length, 5);
      const node = findNode(tasks, tasks.roots, (one) => one.kind === 'task' && one.task.name === 'overview');
      assert.ok(node);
      await vscode.commands.executeCommand('asyncscope.tasks.showLocals', findNode(tasks, [node], (one) => one.kind === 'task' && one.task.name === 'loadReport'));
      const load = findNode(tasks, [node], (one) => one.kind === 'task' && one.task.name === 'loadReport');
      assert.ok(load?.kind === 'task' && load.task.locals?.some(({ name }) => name === 'started'));
      await vscode.commands.executeCommand('asyncscope.tasks.detach', source);
      assert.equal(tasks.roots.length, 0);
      assert.equal(child.exitCode, null);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
