import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as vscode from 'vscode';
import type { ChangeText } from '../../../src/tracer/control/change-text';
import type { Asking } from '../../../src/extension/tasks/task-actions';
import type { TaskExplorer } from '../../../src/extension/tasks/task-explorer';
import type { TreeNode } from '../../../src/extension/tasks/task-tree';
import { launch, output } from './debugging';
import { asyncscope, fileUri } from './editing';
import { screenshot } from './outside';
import { eventually, until } from './waiting';

const program = fileUri('actions.js');
/** The line of `resumed` after its await, from 1. */
const lineAfterAwait = 17;

/** Says yes to everything, and keeps what was asked and told. */
class Yes implements Asking {
  readonly confirmed: ChangeText[] = [];
  readonly told: string[] = [];
  expression = '';

  confirm(text: ChangeText): Promise<boolean> {
    this.confirmed.push(text);
    return Promise.resolve(true);
  }

  pick(title: string, labels: readonly string[]): Promise<number | undefined> {
    throw new Error(`${title} ${labels.join()}`);
  }

  async converse(_title: string, _prompt: string, answer: (text: string) => Promise<string>): Promise<void> {
    this.told.push(await answer(this.expression));
  }

  tell(text: string): void {
    this.told.push(text);
  }
}

describe('actions on tasks', function () {
  this.timeout(90_000);
  let tasks: TaskExplorer;
  let usual: Asking;
  let asked: Yes;

  before(async () => {
    tasks = (await asyncscope()).tasks;
    usual = tasks.actions.asking;
    await vscode.commands.executeCommand('asyncscope.tasks.focus');
  });

  beforeEach(() => {
    tasks.actions.asking = asked = new Yes();
    stops.length = 0;
    outputs.length = 0;
  });
  after(() => (tasks.actions.asking = usual));

  /** Does something to the task of that name. */
  const act = (command: string, name: string): Thenable<unknown> => vscode.commands.executeCommand(`asyncscope.tasks.${command}`, nodeOf(name));

  const nodeOf = (name: string): TreeNode => nodeWhere((node) => node.kind === 'task' && node.task.name === name);

  /** A node of the tree, however deep. */
  function nodeWhere(isMeant: (node: TreeNode) => boolean): TreeNode {
    const all = [...tasks.roots];
    for (const node of all) all.push(...tasks.below(node));
    const found = all.find(isMeant);
    assert.ok(found, all.map((node) => (node.kind === 'task' ? node.task.name : node.kind)).join());
    return found;
  }

  describe('of a process without a debugger, seen by a snapshot,', () => {
    const start = () => spawn(process.execPath, ['--inspect-port=127.0.0.1:0', program.fsPath, 'begin'], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    let child: ReturnType<typeof start>;
    let said = '';

    before(async () => {
      child = start();
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await once(child.stdout, 'data');
      await vscode.commands.executeCommand('asyncscope.tasks.attach', child.pid);
      await until(tasks.onDidChange, () => tasks.roots.some((node) => node.kind === 'source' && node.source.state.kind === 'seen'));
    });

    after(async () => {
      for (const node of tasks.roots) await vscode.commands.executeCommand('asyncscope.tasks.detach', node);
      child.kill('SIGKILL');
    });

    it('abort the signal that it listens to, and say before who else hears it', async () => {
      await act('abort', 'listens');
      assert.deepEqual(asked.told, []);
      assert.match(asked.confirmed[0]?.detail ?? '', /calls abort\(\) of the AbortController behind options,.*not only this task: 2 listeners\. JavaScript cannot cancel a call: listens ends only/);
      await eventually(() => said.includes('listens went on'));
      assert.ok(said.includes('another listener'));
    });

    it('fire the timer that it waits for', async () => {
      await act('fireTimer', 'timed');
      assert.match(asked.confirmed[0]?.question ?? '', /^Let the timer of 1 h 23 min that timed waits for run out now\?$/);
      await eventually(() => said.includes('timed went on'));
    });

    it('say so where there is nothing to act on', async () => {
      await act('abort', 'never');
      await act('clearTimer', 'never');
      assert.equal(asked.confirmed.length, 0);
      assert.match(asked.told[0] ?? '', /^No AbortController was found/);
      assert.equal(asked.told[1], 'never waits for no timer.');
    });

    it('copy it as JSON', async () => {
      await act('copyJson', 'never');
      const copied = JSON.parse(await vscode.env.clipboard.readText()) as { target: { pid: number }; task: { name: string; stuck: boolean } };
      assert.equal(copied.target.pid, child.pid);
      assert.deepEqual([copied.task.name, copied.task.stuck], ['never', true]);
    });

    it('say so when the task has gone on meanwhile', async () => {
      await act('fireTimer', 'timed');
      assert.match(asked.told[0] ?? '', /^timed is not found in the process any more/);
    });
  });

  describe('of a program in the debugger, followed live,', () => {
    let session: vscode.DebugSession;

    before(async () => {
      const ready = output('ready');
      ({ session } = await launch('actions.js'));
      await ready;
      await until(tasks.onDidChange, () => tasks.roots.length === 1);
      await vscode.commands.executeCommand('asyncscope.tasks.watch');
      await inProgram('begin()');
      await until(tasks.onDidChange, () => liveNames().includes('never'));
    });

    after(async () => {
      await vscode.commands.executeCommand('asyncscope.tasks.unwatch');
      await vscode.debug.stopDebugging();
    });

    it('prove what is stuck, and leave the others alone', async () => {
      await vscode.commands.executeCommand('asyncscope.tasks.prove', tasks.roots[0]);
      assert.deepEqual(asked.told, ['The snapshot proves 1 task stuck.']);
      const stuck = liveTasks().filter((task) => task.stuck);
      assert.deepEqual(stuck.map(({ name, ageMs }) => [name, ageMs !== undefined]), [['never', true]]);
      assert.match(stuck[0]?.stuckReason ?? '', /^Waits for a promise that nothing can settle any more/);
      const found = warnings().find(({ check }) => check === 'stuck');
      assert.deepEqual(found?.tasks, stuck.map(({ id }) => id));
      assert.match(found?.text ?? '', /^never can never go on: waits for a promise that nothing can settle/);
      await screenshot('tasks-proved');
    });

    it('evaluate among its variables, asking before anything is changed', async () => {
      asked.expression = 'options.signal.constructor.name';
      await act('evaluate', 'listens');
      assert.deepEqual([asked.told, asked.confirmed], [['options.signal.constructor.name is "AbortSignal"'], []]);
      asked.expression = 'globalThis.changed = ms';
      await act('evaluate', 'timed');
      assert.equal(asked.confirmed[0]?.question, 'Run globalThis.changed = ms in the program?');
      assert.equal(asked.told[1], 'globalThis.changed = ms is 5000000');
      assert.equal(await inProgram('globalThis.changed'), '5000000');
    });

    it('stop the debugger when this very task goes on', async () => {
      const second = liveTasks().filter(({ name }) => name === 'resumed')[1];
      assert.ok(second);
      await vscode.commands.executeCommand('asyncscope.tasks.breakOnResume', nodeWhere((node) => node.kind === 'task' && node.task.id === second.id));
      assert.deepEqual(asked.told, ['The debugger stops when resumed goes on.']);
      const [marked] = tasks.roots;
      assert.ok(marked?.kind === 'source' && marked.source.state.kind === 'seen');
      assert.deepEqual([...(marked.source.state.live?.breaking ?? [])], [second.id]);
      void inProgram('setTimeout(goOn, 50); 0');
      await eventually(() => stops.length > 0);
      const { stackFrames } = (await session.customRequest('stackTrace', { threadId: stops[0] })) as { stackFrames: { id: number; line: number }[] };
      assert.equal(stackFrames[0]?.line, lineAfterAwait);
      const { result } = (await session.customRequest('evaluate', { expression: 'number', frameId: stackFrames[0].id, context: 'watch' })) as { result: string };
      assert.equal(result, '2');
      await vscode.commands.executeCommand('workbench.action.debug.continue');
      await eventually(() => outputs.includes('resumed 3 6 0'));
      // It is not stopped at again.
      await inProgram('setTimeout(goOn, 50); 0');
      await eventually(() => outputs.includes('resumed 3 6 1'));
      assert.equal(stops.length, 1);
    });

    it('fire the timer that it waits for', async () => {
      await act('fireTimer', 'timed');
      assert.deepEqual(asked.told, []);
      assert.equal(asked.confirmed.length, 1);
      await eventually(() => outputs.includes('timed went on'));
    });

    function liveTasks() {
      const [node] = tasks.roots;
      return node?.kind === 'source' && node.source.state.kind === 'seen' ? node.source.state.report.threads.flatMap((thread) => thread.tasks) : [];
    }

    function warnings() {
      const [node] = tasks.roots;
      return (node?.kind === 'source' && node.source.state.kind === 'seen' && node.source.state.live?.warnings) || [];
    }

    const liveNames = (): string[] => liveTasks().map(({ name }) => name);

    async function inProgram(expression: string): Promise<string> {
      const { result } = (await session.customRequest('evaluate', { expression, context: 'repl' })) as { result: string };
      return result;
    }
  });
});

/** What debugged programs have written, and the ids of the threads at which the debugger has stopped. */
const outputs: string[] = [];
const stops: number[] = [];
vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', {
  createDebugAdapterTracker: () => ({
    onDidSendMessage({ event, body }: { event?: string; body?: { output?: string; threadId?: number } }) {
      if (event === 'output' && body?.output !== undefined) outputs.push(body.output.trim());
      if (event === 'stopped' && body?.threadId !== undefined) stops.push(body.threadId);
    },
  }),
});
