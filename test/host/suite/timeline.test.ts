import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { checkTrace } from '../../tracer/recording/trace-check';
import { launch, output } from './debugging';
import { asyncscope, fileUri } from './editing';
import { click, screenshot, texts, type } from './outside';
import { eventually, until } from './waiting';

/** Lines of app.js, from 1. */
const chargeAwait = 37;

describe('the timeline of a program', function () {
  this.timeout(90_000);
  let session: vscode.DebugSession;
  let folder: string;
  let hasWindow: boolean;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-timeline-'));
    const { tasks } = await asyncscope();
    const ready = output('ready');
    ({ session } = await launch('app.js'));
    await ready;
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    await vscode.workspace.getConfiguration('workbench').update('colorTheme', 'Default Dark Modern', vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('asyncscope.timeline.show');
    hasWindow = (await texts('body')) !== undefined;
  });

  after(async () => {
    await vscode.workspace.getConfiguration('workbench').update('colorTheme', undefined, vscode.ConfigurationTarget.Global);
    await vscode.debug.stopDebugging();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await rm(folder, { recursive: true });
  });

  it('is drawn while the program runs', async function () {
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    await eventually(async () => (await taskCount()) > 500 && /event loop blocked [1-9]/.test((await texts('webview:#process'))?.[0] ?? ''));
    assert.deepEqual(await texts('webview:#state'), ['Recording']);
    await screenshot('timeline-live');
    await vscode.commands.executeCommand('asyncscope.timeline.show');
    assert.equal(vscode.window.tabGroups.all.flatMap((group) => group.tabs).length, 1, 'a program has one timeline');
  });

  it('finds tasks by name, tells of them, and leads to their await', async function () {
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    await type('webview:#search', { text: 'chargeCard' });
    await eventually(async () => /^[1-9]\d* found$/.test((await texts('webview:#found'))?.[0] ?? ''));
    // The first ones were called before anything was recorded.
    for (let match = 0; match < 10; match++) await type('webview:#search', { key: 'Enter' });
    assert.deepEqual(await texts('webview:#details h2'), ['chargeCard']);
    const [facts] = (await texts('webview:#details')) ?? [];
    assert.match(facts ?? '', /State\s+ended\s+Time\s+\d+(\.\d)? ms[^]*Function\s+app\.js:36\s+Called at\s+app\.js:8\s+Awaited by\s+handleOrder/);
    for (const key of ['w', 'w', 'w']) await type('webview:#chart', { key });
    await screenshot('timeline-selected');
    await type('webview:#chart', { key: 'Enter' });
    await eventually(() => vscode.window.activeTextEditor?.document.uri.fsPath === fileUri('app.js').fsPath);
    assert.equal(vscode.window.activeTextEditor?.selection.active.line, chargeAwait - 1);
    // And from task to task by the links.
    await click('webview:#details dd button.link:text-is("handleOrder")');
    assert.deepEqual(await texts('webview:#details h2'), ['handleOrder']);
    const [before] = (await texts('webview:#details')) ?? [];
    await type('webview:#chart', { key: 'ArrowDown' });
    assert.notEqual((await texts('webview:#details'))?.[0], before);
    await type('webview:#search', { text: '' });
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter(({ input }) => input instanceof vscode.TabInputText));
  });

  it('goes on while another editor hides it, and is drawn again', async function () {
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    const before = await taskCount();
    await type('webview:#search', { text: 'handleOrder' });
    await vscode.window.showTextDocument(fileUri('app.js'), { viewColumn: vscode.ViewColumn.One });
    await eventually(async () => ((await texts('iframe.webview.ready')) ?? []).length === 0);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    await eventually(async () => (await taskCount()) > before);
    assert.deepEqual(await texts('webview:#state'), ['Recording']);
    await eventually(async () => /^[1-9]\d* found$/.test((await texts('webview:#found'))?.[0] ?? ''));
    await type('webview:#search', { text: '' });
  });

  it('records nothing while it is paused', async function () {
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    assert.equal(await recorders(), 1);
    await click('webview:#pause');
    await eventually(async () => (await texts('webview:#state'))?.[0] === 'Paused');
    assert.equal(await recorders(), 0);
    const before = await taskCount();
    await click('webview:#pause');
    await eventually(async () => (await taskCount()) > before);
    assert.equal(await recorders(), 1);
  });

  it('is saved and exported, and ends with its panel', async () => {
    const target = (name: string) => ({ target: vscode.Uri.file(path.join(folder, name)) });
    await vscode.commands.executeCommand('asyncscope.timeline.exportTrace', target('app.trace.json'));
    const { tasks, groups, awaits } = checkTrace(await readFile(path.join(folder, 'app.trace.json'), 'utf8'));
    assert.ok(tasks.length > 100 && awaits.length > 100 && groups.some(({ name }) => name === 'Promise.all (3)'));
    await vscode.commands.executeCommand('asyncscope.timeline.exportCsv', target('app.csv'));
    assert.match(await readFile(path.join(folder, 'app.csv'), 'utf8'), /^task,kind,name,[^\n]*\r\n[^]*,chargeCard,main thread,ended,/);
    await vscode.commands.executeCommand('asyncscope.timeline.save', target('app.asynctrace'));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await eventually(async () => (await agents()) === 0);
  });

  it('keeps what was recorded when the program ends', async function () {
    await vscode.commands.executeCommand('asyncscope.timeline.show');
    if (hasWindow) await eventually(async () => (await taskCount()) > 100);
    await vscode.debug.stopDebugging();
    if (hasWindow) await eventually(async () => (await texts('webview:#state'))?.[0] === 'Ended');
    const target = vscode.Uri.file(path.join(folder, 'ended.csv'));
    await vscode.commands.executeCommand('asyncscope.timeline.exportCsv', { target });
    assert.ok((await readFile(target.fsPath, 'utf8')).split('\n').length > 100);
    await screenshot('timeline-ended');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('is opened again without the program, in every theme', async function () {
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path.join(folder, 'app.asynctrace')));
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    await eventually(async () => (await texts('webview:#state'))?.[0]?.startsWith('Recorded ') === true);
    await eventually(async () => (await taskCount()) > 500);
    const colors = new Set<string>();
    for (const [name, theme] of Object.entries({ light: 'Default Light Modern', 'high-contrast': 'Default High Contrast', 'high-contrast-light': 'Default High Contrast Light', dark: 'Default Dark Modern' })) {
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', theme, vscode.ConfigurationTarget.Global);
      const shown = { dark: 'vscode-dark', light: 'vscode-light' }[name] ?? 'vscode-high-contrast';
      await eventually(async () => (await texts(`webview:body.${shown}`))?.length === 1);
      await type('webview:#chart', { key: 'ArrowRight' });
      const file = await screenshot(`timeline-${name}`);
      if (file) colors.add((await readFile(file)).toString('base64'));
    }
    assert.equal(colors.size, 4);
  });

  it('tells what is wrong with a file that is no recording', async function () {
    const file = path.join(folder, 'broken.asynctrace');
    await writeFile(file, 'hello');
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file)).then(undefined, () => undefined);
    if (!hasWindow) this.skip(); // the desktop VS Code: nobody outside can look into its window
    await eventually(async () => (await texts('webview:p[role=alert]'))?.[0] === 'This is no Asyncscope recording.');
  });

  async function taskCount(): Promise<number> {
    const [text] = (await texts('webview:#process')) ?? [];
    return Number(/ ([\d,]+) tasks?/.exec(text ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  }

  function recorders(): Promise<number> {
    return inProgram("Object.getOwnPropertyNames(globalThis).filter((name) => /^asyncscope:[0-9a-f]+$/.test(name) && globalThis[name].parts.has('recorder')).length");
  }

  function agents(): Promise<number> {
    return inProgram("Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('asyncscope:')).length");
  }

  async function inProgram(expression: string): Promise<number> {
    const { result } = (await session.customRequest('evaluate', { expression, context: 'repl' })) as { result: string };
    return Number(result);
  }
});

describe('the timeline of a program that starts others', function () {
  this.timeout(90_000);
  let folder: string;

  before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-timeline-'))));
  after(() => rm(folder, { recursive: true }));
  afterEach(async () => {
    await vscode.debug.stopDebugging();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('has the worker threads and child processes that a debugged program starts later', async () => {
    const ready = output('ready');
    const { session } = await launch('starts.js');
    await ready;
    const { tasks } = await asyncscope();
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    await vscode.commands.executeCommand('asyncscope.timeline.show');
    await eventually(async () => (await threadsOf('inMain')).length === 1);
    await session.customRequest('evaluate', { expression: 'startOthers()', context: 'repl' });
    await eventually(async () => (await threadsOf('inWorker')).length === 1 && (await threadsOf('inChild')).length === 1);
    assert.match((await threadsOf('inWorker'))[0]!, /worker \d/);
    assert.match((await threadsOf('inChild'))[0]!, /started\.js/);
    // Both are in the timeline that is there.
    for (const node of tasks.roots) await vscode.commands.executeCommand('asyncscope.timeline.show', node);
    assert.equal(vscode.window.tabGroups.all.flatMap((group) => group.tabs).length, 1);
    assert.ok(tasks.roots.length === 3 && tasks.roots.every((node) => node.kind === 'source' && node.source.isWatched));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until(tasks.onDidChange, () => tasks.roots.every((node) => node.kind === 'source' && !node.source.isWatched));
  });

  it('has the worker threads that a process starts later which nobody debugs', async () => {
    const child = spawn('node', [fileUri('starts.js').fsPath], { stdio: ['pipe', 'pipe', 'ignore'] });
    const exited = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      const { tasks } = await asyncscope();
      const node = tasks.roots.find((root) => root.kind === 'source' && root.source.key === `process:${child.pid}`);
      await vscode.commands.executeCommand('asyncscope.timeline.show', node);
      await eventually(async () => (await threadsOf('inMain')).length === 1);
      child.stdin.write('start');
      await eventually(async () => (await threadsOf('inWorker')).length === 1);
      assert.match((await threadsOf('inWorker'))[0]!, /^worker \d+$/);
      await vscode.commands.executeCommand('asyncscope.tasks.detach', node);
    } finally {
      child.kill();
      await exited;
    }
  });

  /** The threads in which a function of this name ran. */
  async function threadsOf(name: string): Promise<string[]> {
    const target = vscode.Uri.file(path.join(folder, 'others.csv'));
    await vscode.commands.executeCommand('asyncscope.timeline.exportCsv', { target });
    const [head = '', ...lines] = (await readFile(target.fsPath, 'utf8')).trim().split('\r\n').map((line) => line.split(','));
    const column = (title: string) => head.indexOf(title);
    return [...new Set(lines.filter((cells) => cells[column('name')] === name).map((cells) => cells[column('thread')]!))];
  }
});
