import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { BlockedWatch } from '../../../src/extension/blocked/blocked-watch';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import type { TreeNode } from '../../../src/extension/tasks/task-tree';
import type { Task } from '../../../src/tracer/task';
import { launch, roomForTasks } from './debugging';
import { asyncscope, fileUri, open } from './editing';
import { screenshot, texts } from './outside';
import { eventually, until } from './waiting';

/** Lines of shop.js, from 1. */
const orderAwait = 4;
const stocktakeLines = [9, 10];
const cycleAwaits = [17, 21];

describe('the life of a program that is debugged with tracking on', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let blocked: BlockedWatch;
  let folder: string;
  let session: vscode.DebugSession;
  const ended = new Set<string>();
  const listening = vscode.debug.onDidTerminateDebugSession(({ id }) => ended.add(id));

  before(async () => {
    ({ tasks, blocked } = await asyncscope());
    folder = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-life-'));
    await vscode.workspace.getConfiguration('asyncscope.trace').update('enabled', true, vscode.ConfigurationTarget.Global);
    await open('shop.js');
    const started = shopStarts();
    await launch('landlord.js', { args: [path.join(folder, 'exit.json')] });
    session = await started;
  });

  after(async () => {
    listening.dispose();
    await vscode.debug.stopDebugging();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true });
  });

  it('begins with the agent in it, started by a program that has it', async () => {
    await eventually(async () => (await inProgram('typeof globalThis.close')).includes('function'));
    assert.notEqual(await agentHandles(), '0');
    assert.ok(source()?.source.isTracked);
  });

  it('has tasks that grow older', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
    await vscode.commands.executeCommand('asyncscope.tasks.watch', source());
    assert.deepEqual(orders().map(({ at, ageIsMinimum }) => [at?.line, ageIsMinimum]), Array(3).fill([orderAwait, undefined]));
    const before = orders()[0]?.ageMs ?? Infinity;
    await until(tasks.onDidChange, () => (orders()[0]?.ageMs ?? 0) > before + 500);
  });

  it('blocks its event loop, which is reported at the line', async () => {
    await until(blocked.places.onDidChange, () => blocked.places.all.some(({ file, count }) => file === shop() && count > 1));
    const here = blocked.places.all.filter(({ file }) => file === shop());
    assert.ok(here.every(({ line }) => stocktakeLines.includes(line)), JSON.stringify(here));
    assert.ok(here.some(({ longestMs }) => longestMs >= 140), JSON.stringify(here));
  });

  it('is warned about', async () => {
    await until(tasks.onDidChange, () => warning('await-cycle') !== undefined);
    const { text, place } = warning('await-cycle')!;
    assert.match(text, /ship → bill → ship|bill → ship → bill/);
    assert.ok(place && place.file === shop() && cycleAwaits.includes(place.line), JSON.stringify(place));
    await roomForTasks();
    if (await texts('body')) await eventually(async () => ((await texts('.monaco-list-row')) ?? []).some((row) => row.includes('they wait for each other')));
    await screenshot('tracked-life');
  });

  it('has its timeline drawn', async function () {
    if ((await texts('body')) === undefined) this.skip(); // the desktop VS Code: nobody outside can look into its window
    await vscode.commands.executeCommand('asyncscope.timeline.show', source());
    await eventually(async () => /[1-9]\d* tasks.*event loop blocked [1-9]/.test((await texts('webview:#process'))?.[0] ?? ''));
    await screenshot('tracked-life-timeline');
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    assert.ok(tab?.input instanceof vscode.TabInputWebview);
    await vscode.window.tabGroups.close(tab);
  });

  it('has the agent taken out, and goes on', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.untrack', source());
    assert.equal(await agentHandles(), '0');
    assert.deepEqual([source()?.source.isTracked, source()?.source.isWatched], [false, false]);
    assert.ok(blocked.places.all.some(({ file }) => file === shop()), 'what blocked it is still to be read at its line');
    assert.equal(ended.has(session.id), false);
  });

  it('ends with its own exit code', async () => {
    await inProgram('setTimeout(close, 0); 0');
    await eventually(() => ended.has(session.id));
    await eventually(async () => (await exit()) !== undefined);
    assert.deepEqual(JSON.parse((await exit())!), { code: 7, signal: null });
    await until(tasks.onDidChange, () => tasks.roots.length === 0);
  });

  function shop(): string {
    return fileUri('shop.js').fsPath;
  }

  function source(): (TreeNode & { kind: 'source' }) | undefined {
    return tasks.roots.find((node): node is TreeNode & { kind: 'source' } => node.kind === 'source' && node.source.key === session.id);
  }

  function orders(): Task[] {
    const state = source()?.source.state;
    return state?.kind === 'seen' ? state.report.threads.flatMap((thread) => thread.tasks).filter(({ name }) => name === 'order') : [];
  }

  function warning(check: string) {
    const state = source()?.source.state;
    return state?.kind === 'seen' ? state.live?.warnings.find((each) => each.check === check) : undefined;
  }

  /** Undefined as long as the program runs. */
  async function exit(): Promise<string | undefined> {
    return (await readFile(path.join(folder, 'exit.json'), 'utf8').catch(() => '')) || undefined;
  }

  function agentHandles(): Promise<string> {
    return inProgram(handlesLeft);
  }

  function inProgram(expression: string): Promise<string> {
    return evaluateIn(session, expression);
  }
});

/** What agents have left in a program for their clients, as the number of names. */
const handlesLeft = "Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('asyncscope:')).length";

async function evaluateIn(session: vscode.DebugSession, expression: string): Promise<string> {
  const { result } = (await session.customRequest('evaluate', { expression, context: 'repl' })) as { result: string };
  return result;
}

describe('a program whose agent comes late', function () {
  this.timeout(90_000);

  afterEach(async () => {
    const { tasks } = await asyncscope();
    await vscode.debug.stopDebugging();
    await until(tasks.onDidChange, () => tasks.roots.length === 0);
  });

  it('has one agent, however early and often it is asked to be watched', async () => {
    const { tasks } = await asyncscope();
    const started = shopStarts();
    await launch('slow-start.js');
    const session = await started;
    const shop = tasks.roots.find((node) => node.key === session.id);
    assert.ok(shop?.kind === 'source');
    await Promise.all([1, 2].map(() => vscode.commands.executeCommand('asyncscope.tasks.watch', shop)));
    await eventually(async () => (await evaluateIn(session, 'typeof globalThis.close')).includes('function'));
    await vscode.commands.executeCommand('asyncscope.tasks.refresh', shop);
    const { state } = shop.source;
    assert.ok(state.kind === 'seen' && state.live, JSON.stringify(state));
    // Its own, from the start: it knows their ages.
    const orders = state.report.threads.flatMap((thread) => thread.tasks).filter(({ name }) => name === 'order');
    assert.deepEqual(orders.map(({ ageIsMinimum }) => ageIsMinimum), [undefined, undefined, undefined]);
    const agents = 'Object.getOwnPropertyNames(globalThis).filter((name) => /^asyncscope:[0-9a-f]+$/.test(name)).length';
    assert.equal(await evaluateIn(session, agents), '1');
    await vscode.commands.executeCommand('asyncscope.tasks.unwatch', shop);
    assert.equal(await evaluateIn(session, agents), '1');
  });

  it('has its blocked event loop reported at the line', async () => {
    const { blocked } = await asyncscope();
    const started = shopStarts();
    await launch('slow-start.js');
    const { id } = await started;
    await until(blocked.onDidReport, () => blocked.reportOf(id)?.spots.some(({ at, count }) => at !== undefined && stocktakeLines.includes(at.line) && count > 1) === true);
  });
});

/** The session of shop.js, which others start. */
function shopStarts(): Promise<vscode.DebugSession> {
  return new Promise((resolve) => {
    const starting = vscode.debug.onDidStartDebugSession((each) => {
      if (!each.name.startsWith('shop.js')) return;
      starting.dispose();
      resolve(each);
    });
  });
}
