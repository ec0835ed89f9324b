import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { BlockedWatch } from '../../../src/extension/blocked/blocked-watch';
import { launch, output, stop } from './debugging';
import { asyncscope, fileUri, open, ruleOf, untilFindings } from './editing';
import { screenshot, texts } from './outside';
import { eventually, until } from './waiting';

/** Where the fixture blocks: the loop in `report`, or the function it calls. */
const blockingLines = [6, 5, 7, 14];

describe('a program in a JavaScript debug terminal with tracking', function () {
  this.timeout(90_000);

  after(async () => {
    const { tasks } = await asyncscope();
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await eventually(() => tasks.roots.length === 0);
  });

  it('is in the Task Explorer, and has its blocked event loop reported', async () => {
    const { blocked, tasks } = await asyncscope();
    const started = new Promise<vscode.DebugSession>((resolve) => {
      const listening = vscode.debug.onDidStartDebugSession((each) => {
        if (!each.name.startsWith('app.js')) return;
        listening.dispose();
        resolve(each);
      });
    });
    await vscode.commands.executeCommand('asyncscope.debugTerminal', `node ${fileUri('app.js').fsPath}`);
    const session = await started;
    assert.equal(session.type, 'node-terminal');
    const source = tasks.roots.find((node) => node.kind === 'source' && node.source.key === session.id);
    assert.ok(source, 'the Task Explorer has it');
    await until(blocked.places.onDidChange, () => blocked.places.all.some(({ file }) => file === fileUri('app.js').fsPath));
    await vscode.commands.executeCommand('asyncscope.tasks.watch', source);
    const agents = "Object.getOwnPropertyNames(globalThis).filter((name) => /^asyncscope:[0-9a-f]+$/.test(name)).length";
    const { result } = (await session.customRequest('evaluate', { expression: agents, context: 'repl' })) as { result: string };
    assert.equal(result, '1', 'it is watched by the agent that it was started with');
  });
});

describe('a program that is debugged with tracking on', function () {
  this.timeout(90_000);
  let blocked: BlockedWatch;
  let session: vscode.DebugSession;

  before(async () => {
    blocked = (await asyncscope()).blocked;
    await open('app.js');
    const ready = output('ready');
    ({ root: session } = await launch('app.js', { env: { NODE_OPTIONS: '--no-deprecation', MINE: 'kept' } }));
    assert.equal((await ready).trim(), 'ready true kept', "the user's environment is kept");
  });

  after(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
  });

  it('asks the debugger for async stacks only when a breakpoint is set', () => {
    assert.deepEqual(session.configuration.showAsyncStacks, { onceBreakpointResolved: 16 });
  });

  it('has the blocked event loop reported at the line that blocked', async () => {
    await until(blocked.places.onDidChange, () => blocked.places.all.some(({ count }) => count > 1));
    const here = blocked.places.all.filter(({ file }) => file === fileUri('app.js').fsPath);
    assert.ok(here.length > 0 && here.every(({ line }) => blockingLines.includes(line)), JSON.stringify(blocked.places.all));
    assert.ok(here.some(({ longestMs }) => longestMs >= 190), JSON.stringify(here));
  });

  it('shows it in the editor', async () => {
    await screenshot('blocked-loop');
    // The text itself stands in a stylesheet; the elements that it hangs on are there only with it.
    const decorated = await texts('.view-lines .view-line span[class*="ced-"]');
    if (decorated) assert.ok(decorated.length > 0);
  });

  it("shows it in the program's tree, with the line and the times", async () => {
    const { tasks } = await asyncscope();
    const spots = () => {
      const source = tasks.roots.find((node) => node.kind === 'source');
      const node = source && tasks.below(source).find(({ kind }) => kind === 'blocked');
      return node ? tasks.below(node).flatMap((each) => (each.kind === 'blocked-spot' ? [each.spot] : [])) : [];
    };
    const isHere = (line: number | undefined, file: string | undefined) => line !== undefined && blockingLines.includes(line) && file === fileUri('app.js').fsPath;
    await eventually(() => spots().some(({ at, count, longestMs }) => isHere(at?.line, at?.file) && count > 1 && longestMs >= 190));
  });

  it('is a finding of the rule at that line', async () => {
    const found = await untilFindings(fileUri('app.js'), (all) => all.some(({ message }) => message.includes('(measured)')));
    const measured = found.find(({ message }) => message.includes('(measured)'));
    assert.ok(measured && ruleOf(measured) === 'no-blocking-call');
    assert.ok(blockingLines.includes(measured.range.start.line + 1), measured.message);
  });

  it('does not take a breakpoint for a block', async () => {
    const stopped = stop();
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(fileUri('app.js'), new vscode.Position(17, 2)))]);
    await stopped;
    const stoppedAt = Date.now();
    await eventually(() => Date.now() - stoppedAt > 500);
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    const before = countOf(blocked);
    // The program may come to the breakpoint once more before the debugger has removed it.
    const goOn = (): unknown => vscode.commands.executeCommand('workbench.action.debug.continue');
    goOn();
    const again = setInterval(goOn, 1000);
    await until(blocked.places.onDidChange, () => countOf(blocked) > before).finally(() => clearInterval(again));
    assert.ok(!blocked.places.all.some(({ line }) => line === 18), JSON.stringify(blocked.places.all));
  });

  it('follows edits, and leaves out the lines that they change', async () => {
    const [place] = [...blocked.places.all].sort((one, other) => other.count - one.count);
    assert.ok(place);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(fileUri('app.js'), new vscode.Position(0, 0), '// one more line\n');
    await vscode.workspace.applyEdit(edit);
    assert.ok(blocked.places.all.some(({ line }) => line === place.line + 1), JSON.stringify(blocked.places.all));
    const change = new vscode.WorkspaceEdit();
    change.insert(fileUri('app.js'), new vscode.Position(place.line, 2), 'void 0; ');
    await vscode.workspace.applyEdit(change);
    assert.ok(!blocked.places.all.some(({ line }) => line === place.line + 1), JSON.stringify(blocked.places.all));
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('is not tracked where it runs without the debugger', async () => {
    await vscode.debug.stopDebugging();
    const started = new Promise<vscode.DebugSession>((resolve) => {
      const listening = vscode.debug.onDidStartDebugSession((each) => {
        listening.dispose();
        resolve(each);
      });
    });
    const configuration = { type: 'node', request: 'launch', name: 'run', program: fileUri('app.js').fsPath, console: 'internalConsole' };
    await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], configuration, { noDebug: true });
    const { env, showAsyncStacks } = (await started).configuration as { env?: object; showAsyncStacks?: unknown };
    assert.deepEqual({ ...env }, {});
    assert.notEqual(typeof showAsyncStacks, 'object');
  });

  it('is not tracked where the setting is off', async () => {
    await vscode.debug.stopDebugging();
    await vscode.workspace.getConfiguration('asyncscope.trace').update('enabled', false, vscode.ConfigurationTarget.Global);
    const { root: untracked } = await launch('app.js', { env: { NODE_OPTIONS: '--no-deprecation' } });
    assert.deepEqual(untracked.configuration.env, { NODE_OPTIONS: '--no-deprecation' });
  });
});

function countOf(blocked: BlockedWatch): number {
  return blocked.places.all.reduce((sum, { count }) => sum + count, 0);
}
