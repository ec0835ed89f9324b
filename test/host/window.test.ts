// The extension as a user has it: installed, in a window that runs no tests, with real clicks and dialogs.
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { writeSettings } from './settings';
import { linkExtension, startServer, type RunningServer } from './vscode-server';
import { openWorkbench, screenshot, type Workbench } from './workbench';

const configuration = { type: 'node', request: 'launch', name: 'Actions', program: '${workspaceFolder}/actions.js', args: ['begin'], console: 'internalConsole' };
const tasksPane = '.pane:has(.pane-header[aria-label^="Tasks"])';

describe('in a window of VS Code, the Task Explorer', function () {
  this.timeout(240_000);
  let temporary: string;
  let server: RunningServer | undefined;
  let workbench: Workbench | undefined;
  let page: Page;
  let program: ChildProcessWithoutNullStreams | undefined;

  before(async () => {
    temporary = await realpath(await mkdtemp(path.join(os.tmpdir(), 'asyncscope-window-')));
    const [workspace, dataDir] = [path.join(temporary, 'workspace'), path.join(temporary, 'data')];
    await cp('test/fixtures/host/debugged', workspace, { recursive: true });
    await mkdir(path.join(workspace, '.vscode'));
    await writeFile(path.join(workspace, '.vscode/launch.json'), JSON.stringify({ version: '0.2.0', configurations: [configuration] }));
    await writeSettings(dataDir, false, { 'asyncscope.trace.enabled': true });
    await linkExtension(path.resolve('.'), dataDir);
    server = await startServer({ dataDir });
    workbench = await openWorkbench(server, { workspace });
    page = workbench.page;
    page.setDefaultTimeout(20_000);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.keyboard.press('Control+Shift+D');
    for (const view of ['Variables', 'Watch', 'Call Stack', 'Breakpoints']) await header(view, true).click();
    await header('Tasks', false).click();
  });

  after(async () => {
    program?.kill('SIGKILL');
    await workbench?.close();
    await server?.stop();
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  afterEach(async function () {
    if (this.currentTest?.isFailed()) await screenshot(page, `failed ${this.currentTest.title.replace(/[^\w ]/g, '')}`);
  });

  it('says what to do while there is nothing, and begins to debug by its button', async () => {
    await page.locator(`${tasksPane} .monaco-button:has-text("Show Tasks of Process")`).waitFor();
    await page.locator(`${tasksPane} .monaco-button:has-text("Run and Debug")`).click();
    await row('actions.js [').waitFor();
    assert.deepEqual(await labels(), [await row('actions.js [').getAttribute('aria-label'), 'Show pending tasks', 'Watch tasks live']);
  });

  it('shows pending tasks by a click, with their locals', async () => {
    await row('Show pending tasks').click();
    await chooseFor(row('listens, '), 'Show Locals', row('options, '));
    // Nothing but an await is in it.
    await chooseFor(row('never, '), 'Show Locals', row('No local variables'));
    await screenshot(page, 'window-locals');
  });

  it('offers for tasks that look alike what can be done with several', async () => {
    assert.deepEqual(await menuOf(row('resumed ×3, ')), ['Go to Await', 'Copy as Text']);
    assert.deepEqual((await menuOf(row('actions.js ['))).slice(0, 2), ['Refresh Tasks', 'Watch Tasks Live']);
  });

  it('says by what it groups and what it leaves out', async () => {
    await command('Asyncscope: Group Tasks by Function');
    await command('Asyncscope: Show Only Stuck Tasks');
    await page.locator(`${tasksPane} .pane-header .description:has-text("by function, only stuck")`).waitFor();
    await row('never, ').waitFor();
    await command('Asyncscope: Show All Tasks');
    await command('Asyncscope: Group Tasks by Await Chain');
    await row('resumed ×3, ').waitFor();
  });

  it('fires a timer only when the dialog has been answered, while the tasks are watched', async () => {
    await chooseFor(row('actions.js ['), 'Watch Tasks Live', page.locator(`${tasksPane} .monaco-list-row[aria-label$=", live"]`));
    const dialog = page.locator('.monaco-dialog-box');
    await chooseFor(row('timed, awaiting'), 'Fire Its Timer', dialog);
    assert.match(await dialog.innerText(), /Let the timer of 1 h 23 min that timed waits for run out now\?/);
    await screenshot(page, 'window-dialog');
    await dialog.locator('.monaco-button:has-text("Cancel")').click();
    await chooseFor(row('timed, awaiting'), 'Fire Its Timer', dialog);
    await dialog.locator('.monaco-button:has-text("Fire")').click();
    await page.locator('.repl .monaco-list-row:has-text("timed went on")').waitFor();
    await row('timed, awaiting').waitFor({ state: 'detached' });
  });

  it('leaves alone what has not changed while tasks are watched', async () => {
    await row('resumed ×3, ').locator('.monaco-tl-twistie').click();
    const first = row('resumed, ');
    // What a look changes is its age. An action that is chosen in the meantime finds its task every time.
    for (let round = 0; round < 10; round++) {
      await page.evaluate("navigator.clipboard.writeText('')");
      await choose(first, 'Copy as JSON');
      await page.waitForFunction("navigator.clipboard.readText().then((text) => text.includes('resumed'))");
    }
  });

  it('shows the value of an expression where it was asked for, and which task the debugger stops for', async () => {
    const input = page.locator('.quick-input-widget input').first();
    await chooseFor(row('listens, '), 'Evaluate in Task', input);
    await input.fill('options.constructor.name');
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-message:has-text(\'options.constructor.name is "AbortController"\')').waitFor();
    await screenshot(page, 'window-evaluate');
    await page.keyboard.press('Escape');
    await chooseFor(row('resumed, '), 'Break When It Goes On', page.locator(`${tasksPane} .monaco-list-row[aria-label$="the debugger stops when it goes on"]`));
  });

  it('keeps the focus when a row is clicked, and gives it to the line by Enter', async () => {
    await row('never, ').click();
    await page.locator('.editor-instance .view-line:has-text("await globalThis.held")').waitFor();
    assert.match((await focused()) ?? '', /^never, /);
    const editor = page.locator('.editor-instance .native-edit-context:focus');
    // As for what is chosen: a key that comes while the list is drawn anew is lost.
    do await page.keyboard.press('Enter');
    while (await editor.waitFor({ state: 'attached', timeout: 5000 }).then(() => false, () => true));
  });

  it('shows the tasks of a process that is chosen among those of Node, and lets go of it', async () => {
    program = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', 'actions.js', 'begin'], { cwd: path.join(temporary, 'workspace') });
    await once(program.stdout, 'data');
    const opened = once(program.stderr, 'data');
    await command('Asyncscope: Show Tasks of Process');
    const [input, choices] = [page.locator('.quick-input-widget input').first(), page.locator('.quick-input-list .monaco-list-row')];
    await input.fill('--accept-server-license-terms');
    await choices.and(page.locator(`[aria-label*="${temporary}"][aria-label*="· VS Code's own ·"]`)).first().waitFor();
    await input.fill(String(program.pid));
    await choices.and(page.locator(`[aria-label^="actions.js, ${program.pid} · for "]`)).click();
    const [, port] = /127\.0\.0\.1:(\d+)/.exec(String((await opened)[0])) ?? [];
    const source = row(`actions.js [${program.pid}], 6 tasks`);
    await source.waitFor();
    await screenshot(page, 'window-process');
    await source.hover();
    await source.locator('.action-label[aria-label="Remove"]').click();
    await source.waitFor({ state: 'detached' });
    await untilClosed(Number(port));
    assert.equal(program.exitCode, null);
  });

  /** The label of the row that has the focus. */
  function focused(): Promise<string | null> {
    return page.locator(`${tasksPane} .monaco-list:focus-within .monaco-list-row.focused`).getAttribute('aria-label');
  }

  function header(view: string, expanded: boolean): Locator {
    return page.locator(`.pane-header[aria-expanded="${expanded}"]:has-text("${view}")`).first();
  }

  /** The first row whose label begins so. */
  function row(label: string): Locator {
    return page.locator(`${tasksPane} .monaco-list-row[aria-label^="${label}"]`).first();
  }

  async function labels(): Promise<(string | null)[]> {
    return Promise.all((await page.locator(`${tasksPane} .monaco-list-row`).all()).map((each) => each.getAttribute('aria-label')));
  }

  async function choose(of: Locator, action: string): Promise<void> {
    const item = page.locator(`.context-view .action-label:has-text("${action}")`).first();
    await openMenu(of);
    // A row may move while it is clicked.
    while ((await item.count()) === 0) {
      await page.keyboard.press('Escape');
      await openMenu(of);
    }
    // A menu that has only just opened takes no click.
    await item.hover();
    await page.keyboard.press('Enter');
  }

  /** Chooses until it has come: the window draws the list anew after each, and gives nobody's node meanwhile. */
  async function chooseFor(of: Locator, action: string, what: Locator): Promise<void> {
    do await choose(of, action);
    while (await what.waitFor({ timeout: 5000 }).then(() => false, () => true));
  }

  async function openMenu(of: Locator): Promise<Locator> {
    await of.click({ button: 'right' });
    const actions = page.locator('.context-view .action-label');
    await actions.first().waitFor();
    return actions;
  }

  async function menuOf(of: Locator): Promise<string[]> {
    const texts = await (await openMenu(of)).allInnerTexts();
    await page.keyboard.press('Escape');
    return texts.filter(Boolean);
  }

  async function command(title: string): Promise<void> {
    const input = page.locator('.quick-input-widget input').first();
    // A menu that is just closing takes keys, too.
    do await page.keyboard.press('F1');
    while (await input.waitFor({ timeout: 5000 }).then(() => false, () => true));
    await input.fill(`>${title}`);
    await page.locator(`.quick-input-list .monaco-list-row[aria-label^="${title}"]`).first().click();
  }
});

/** Settles when nobody listens there any more. */
async function untilClosed(port: number): Promise<void> {
  let isOpen = true;
  while (isOpen) {
    const socket = net.connect(port, '127.0.0.1');
    isOpen = await once(socket, 'connect').then(() => true, () => false);
    socket.destroy();
  }
}
