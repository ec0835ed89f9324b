import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as vscode from 'vscode';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import type { TaskSource } from '../../../src/extension/tasks/task-source';
import type { BlockedSpot } from '../../../src/tracer/live/blocked-loop';
import type { LiveWarning } from '../../../src/tracer/live/warnings';
import type { Task } from '../../../src/tracer/task';
import { launch, stop } from './debugging';
import { asyncscope, fileUri } from './editing';
import { screenshot } from './outside';
import { until } from './waiting';

const program = fileUri('live.js');

/** The line of `job`'s await, from 0. */
const awaitLine = 3;
/** Where `hold` blocks, from 1. */
const holdLines = [21, 22];
const keepOnLine = 24;

/** How many agents are in the program. */
const agents = 'Object.getOwnPropertyNames(globalThis).filter((name) => /^asyncscope:[0-9a-f]+$/.test(name)).length';

describe('tasks that are watched', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let session: vscode.DebugSession;

  before(async () => {
    tasks = (await asyncscope()).tasks;
    const ready = output('ready');
    // That of the extension host tells where handles are made.
    ({ session } = await launch('live.js', { runtimeExecutable: process.execPath }));
    await ready;
    await until(tasks.onDidChange, () => tasks.roots.length === 1);
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
  });

  after(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
  });

  it('are none where watching was called off at once', async () => {
    await Promise.all(['watch', 'unwatch'].map((action) => vscode.commands.executeCommand(`asyncscope.tasks.${action}`)));
    assert.equal(source().isWatched, false);
    assert.equal(await inProgram(agents), '0');
  });

  it('come without being asked for, and grow older', async () => {
    await Promise.all([1, 2].map(() => vscode.commands.executeCommand('asyncscope.tasks.watch')));
    assert.ok(source().isWatched);
    await inProgram('globalThis.jobs = 12');
    await until(tasks.onDidChange, () => jobs().length === 12);
    const [oldest] = jobs();
    assert.equal(oldest?.at?.line, awaitLine + 1);
    const before = oldest.ageMs ?? 0;
    await until(tasks.onDidChange, () => (jobs()[0]?.ageMs ?? 0) > before);
    const ages = jobs().map((task) => task.ageMs ?? 0);
    assert.deepEqual(ages, [...ages].sort((a, b) => b - a));
    assert.equal(await inProgram(agents), '1');
  });

  it('are counted at their awaits in open files', async () => {
    const document = await vscode.workspace.openTextDocument(program);
    await vscode.window.showTextDocument(document);
    const all = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', program, all);
    const found = hints.flatMap(({ label, position }) => (typeof label === 'string' && label.includes('waiting here') ? [{ label, line: position.line }] : []));
    assert.deepEqual(found.map(({ line }) => line), [awaitLine]);
    assert.match(found[0]?.label ?? '', /^⏳ 12 waiting here, oldest \d/);
    const [hover] = await hovers(awaitLine);
    assert.match(hover ?? '', /12 waiting here\*\*, oldest [^]*\n- job ×12; waits for /);
    assert.deepEqual(await hovers(awaitLine + 1), []);
    await vscode.commands.executeCommand('asyncscope.tasks.groupBy.place');
    await screenshot('tasks-live');
    await vscode.commands.executeCommand('asyncscope.tasks.groupBy.await');
  });

  it('are counted anew while only the editor shows them', async () => {
    await vscode.commands.executeCommand('workbench.view.explorer');
    const seen = seenAt();
    await until(tasks.onDidChange, () => seenAt() > seen + 1000);
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
  });

  it('come with what keeps the program alive, and where it was made', async () => {
    await inProgram('keepOn(); 0');
    const timers = () => {
      const node = tasks.below(tasks.roots[0]!).find(({ kind }) => kind === 'handles');
      return node ? tasks.below(node).flatMap((each) => (each.kind === 'handle-group' && each.group.kind === 'interval' ? [each.group] : [])) : [];
    };
    await until(tasks.onDidChange, () => timers().length > 0);
    assert.deepEqual(timers().map(({ at, count, handles }) => [at?.file, at?.line, count, handles[0]?.timerMs]), [[program.fsPath, keepOnLine, 1, 90_000]]);
  });

  it('come with what blocks the event loop meanwhile', async () => {
    // As in the watchdog's own tests: on a busy machine a block may pass unseen, or without its line.
    await until(tasks.onDidChange, () => {
      const isMet = blockedSpots(source()).some(({ at }) => at !== undefined);
      if (!isMet) void inProgram('setTimeout(hold, 50); 0');
      return isMet;
    });
    const spot = blockedSpots(source()).find(({ at }) => at !== undefined);
    assert.equal(spot?.at?.file, program.fsPath);
    assert.ok(holdLines.includes(spot.at.line), JSON.stringify(spot));
    assert.equal(tasks.roots.length, 1, "the watching thread is not shown as one of the program's");
    const { blocked } = await asyncscope();
    assert.ok(blocked.places.all.some(({ file, line }) => file === program.fsPath && holdLines.includes(line)), 'its line is marked in the editor, and told to the language server');
    const [root] = tasks.roots;
    const [node] = tasks.below(root!);
    assert.equal(node?.kind, 'blocked');
    const listed = tasks.below(node).map((each) => (each.kind === 'blocked-spot' ? each.spot.at?.line : each.kind));
    assert.ok(listed.includes(spot.at.line), listed.join());
    await until(tasks.onDidChange, () => warnings(source()).some(({ check, rule }) => check === 'blocked-loop' && rule === 'no-blocking-call'));
  });

  it('stay as they are while paused', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.pause');
    // A look may be under way.
    await output('turn');
    const seen = seenAt();
    await output('turn');
    await output('turn');
    assert.equal(seenAt(), seen);
    await vscode.commands.executeCommand('asyncscope.tasks.resume');
    await until(tasks.onDidChange, () => seenAt() > seen);
  });

  it('are seen while the program stands at a breakpoint', async () => {
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(program, new vscode.Position(10, 2)))]);
    await stop();
    const seen = seenAt();
    await until(tasks.onDidChange, () => seenAt() > seen);
    assert.equal(jobs().length, 12);
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.commands.executeCommand('workbench.action.debug.continue');
  });

  it('leave nothing in the program when they are watched no more', async () => {
    await vscode.commands.executeCommand('asyncscope.tasks.unwatch');
    assert.ok(!source().isWatched);
    assert.equal(await inProgram("Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('asyncscope:')).length"), '0');
  });

  it('of a process without a debugger are watched, too', async () => {
    const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', program.fsPath, '3', 'renewed', 'blocking'], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    try {
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      const node = tasks.roots.find((one) => one.kind === 'source' && one.source.label === `process ${child.pid}`);
      assert.ok(node?.kind === 'source');
      await vscode.commands.executeCommand('asyncscope.tasks.watch', node);
      await until(tasks.onDidChange, () => jobsOf(node.source).length > 0);
      await until(tasks.onDidChange, () => blockedSpots(node.source).some(({ at }) => at && holdLines.includes(at.line)));
      const { blocked } = await asyncscope();
      const counted = () => blocked.places.all.filter(({ file, line }) => file === program.fsPath && holdLines.includes(line)).reduce((sum, { count }) => sum + count, 0);
      assert.ok(counted() > 0);
      const seen = counted();
      await vscode.commands.executeCommand('asyncscope.tasks.detach', node);
      assert.equal(counted(), seen, 'what it has said stays');
      assert.equal(child.exitCode, null);
      await once(child.stdout, 'data');
    } finally {
      child.kill('SIGKILL');
    }
  });

  function source(): TaskSource {
    const [node] = tasks.roots;
    assert.ok(node?.kind === 'source');
    return node.source;
  }

  function jobs(): Task[] {
    return jobsOf(source());
  }

  /** What is told of awaits where the mouse rests on a line. */
  async function hovers(line: number): Promise<string[]> {
    const found = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', program, new vscode.Position(line, 4));
    return found.flatMap(({ contents }) => contents.flatMap((content) => (content instanceof vscode.MarkdownString && content.value.includes('waiting here') ? [content.value] : [])));
  }

  function seenAt(): number {
    const { state } = source();
    return state.kind === 'seen' ? state.at.getTime() : 0;
  }

  async function inProgram(expression: string): Promise<string> {
    const { result } = (await session.customRequest('evaluate', { expression, context: 'repl' })) as { result: string };
    return result;
  }
});

function blockedSpots({ state }: TaskSource): readonly BlockedSpot[] {
  return (state.kind === 'seen' && state.live?.blocked?.spots) || [];
}

function warnings({ state }: TaskSource): readonly LiveWarning[] {
  return (state.kind === 'seen' && state.live?.warnings) || [];
}

function jobsOf({ state }: TaskSource): Task[] {
  return state.kind === 'seen' && state.live ? state.report.threads.flatMap((thread) => thread.tasks).filter((task) => task.name === 'job') : [];
}

/** Settles when the debugged program writes a line that begins so. */
function output(begin: string): Promise<void> {
  return new Promise((resolve) => outputs.push({ begin, resolve }));
}

const outputs: { begin: string; resolve: () => void }[] = [];
vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', {
  createDebugAdapterTracker: () => ({
    onDidSendMessage(message: { event?: string; body?: { output?: string } }) {
      if (message.event !== 'output') return;
      for (const waiting of outputs.splice(0)) {
        if (message.body?.output?.startsWith(waiting.begin)) waiting.resolve();
        else outputs.push(waiting);
      }
    },
  }),
});
