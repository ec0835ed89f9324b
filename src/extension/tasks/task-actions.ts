// What a user can do to a task from the Task Explorer. Whatever changes the program says before what it will do.
import * as vscode from 'vscode';
import { abortText, clearText, evaluateText, fireText, timerName, type ChangeText } from '../../tracer/control/change-text';
import type { CallChoices } from '../../tracer/control/call-control';
import type { Task, TaskThread } from '../../tracer/task';
import type { TaskSource } from './task-source';
import type { TreeNode } from './task-tree';

/** The editor gives the node of a row that it is just drawing anew as undefined; the command palette gives none. */
export function isLost(args: readonly [object?]): boolean {
  return args.length > 0 && !args[0];
}

export const lostText = 'The list was just drawn anew: choose that once more.';

/** How the user is asked and told. */
export interface Asking {
  /** True for yes. */
  confirm(text: ChangeText): Promise<boolean>;
  pick(title: string, labels: readonly string[]): Promise<number | undefined>;
  /** Shows what `answer` gives for each text that is typed, until the user is done; it must not reject. */
  converse(title: string, prompt: string, answer: (text: string) => Promise<string>): Promise<void>;
  tell(text: string): void;
}

/** What the actions need of the explorer. */
export interface ActedOn {
  /** The node that is selected. */
  selected(): TreeNode | undefined;
  sourceOf(node: TreeNode): TaskSource | undefined;
  /** Whether a snapshot may be taken: asked for where the heap is large. */
  mayPause(source: TaskSource): Promise<boolean>;
}

interface Chosen {
  task: Task;
  thread: TaskThread;
  source: TaskSource;
}

export class TaskActions implements vscode.Disposable {
  asking: Asking = inWindow;
  private readonly registered: vscode.Disposable;

  constructor(
    private readonly explorer: ActedOn,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const command = (id: string, run: (chosen: Chosen) => Promise<unknown>, changes = true): vscode.Disposable =>
      vscode.commands.registerCommand(`asyncscope.tasks.${id}`, (...args: [TreeNode?]) => (isLost(args) ? this.asking.tell(lostText) : this.act(args[0], run, changes)));
    this.registered = vscode.Disposable.from(
      command('abort', (chosen) => this.abort(chosen)),
      command('fireTimer', (chosen) => this.changeTimer(chosen, 'fire')),
      command('clearTimer', (chosen) => this.changeTimer(chosen, 'clear')),
      command('breakOnResume', (chosen) => this.breakOnResume(chosen)),
      command('evaluate', (chosen) => this.evaluate(chosen)),
      command('copyJson', (chosen) => this.copyJson(chosen), false),
      vscode.commands.registerCommand('asyncscope.tasks.prove', (node?: TreeNode) => this.prove(node)),
    );
  }

  dispose(): void {
    this.registered.dispose();
  }

  private async act(node: TreeNode | undefined, run: (chosen: Chosen) => Promise<unknown>, changes: boolean): Promise<void> {
    const chosen = node ?? this.explorer.selected();
    const source = chosen && this.explorer.sourceOf(chosen);
    if (chosen?.kind !== 'task' || !source) return this.asking.tell('Select a single task in the Task Explorer first.');
    if (changes && !vscode.workspace.isTrusted) return this.asking.tell('In a workspace that is not trusted tasks can be looked at only. Trust the workspace to act on them.');
    await this.attempt(() => run({ task: chosen.task, thread: chosen.thread.thread, source }));
  }

  private async prove(node: TreeNode | undefined): Promise<void> {
    const source = node && this.explorer.sourceOf(node);
    if (!source || !(await this.explorer.mayPause(source))) return;
    await this.attempt(async () => {
      const stuck = await source.prove();
      this.asking.tell(stuck === 0 ? 'The snapshot proves no task stuck: for each something still exists that could resume it.' : `The snapshot proves ${stuck} ${stuck === 1 ? 'task' : 'tasks'} stuck.`);
    });
  }

  /** A failure is one sentence for the user. */
  private async attempt(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warn(reason);
      this.asking.tell(reason);
    }
  }

  private async abort(chosen: Chosen): Promise<void> {
    const choices = await this.choices(chosen);
    if (!choices) return;
    if (choices.aborts.length === 0) {
      return this.asking.tell(`No AbortController was found that ${chosen.task.name} could be listening to: neither among its variables nor in what it waits for.`);
    }
    const abort = await this.pickOf('Which signal?', choices.aborts, ({ found, listeners }) => `${found} (${listeners} listening)`);
    if (!abort || !(await this.asking.confirm(abortText(chosen.task.name, abort)))) return;
    await this.change(chosen, 'abort', abort.heapId);
  }

  private async changeTimer(chosen: Chosen, kind: 'fire' | 'clear'): Promise<void> {
    const choices = await this.choices(chosen);
    if (!choices) return;
    if (choices.timers.length === 0) return this.asking.tell(`${chosen.task.name} waits for no timer${awaitedHint(chosen)}.`);
    const timer = await this.pickOf('Which timer?', choices.timers, timerName);
    if (!timer || !(await this.asking.confirm((kind === 'fire' ? fireText : clearText)(chosen.task.name, timer)))) return;
    await this.change(chosen, kind, timer.heapId);
  }

  /** What could be done; undefined where nothing can, which the user then knows. */
  private async choices({ task, source }: Chosen): Promise<CallChoices | undefined> {
    if (source.isWatched && !(await this.explorer.mayPause(source))) return undefined;
    const choices = await source.withCall(task, true, (call) => call.choices());
    if (!choices) this.asking.tell(hasGone(task));
    return choices;
  }

  private async change({ task, source }: Chosen, kind: 'abort' | 'fire' | 'clear', heapId: number): Promise<void> {
    if (!(await source.withCall(task, false, (call) => call.change({ kind, heapId })))) this.asking.tell('It is over already: nothing was changed.');
  }

  private async breakOnResume({ task, source }: Chosen): Promise<void> {
    if (!source.isWatched) return this.asking.tell('Watch the program live first: only its agent tells one call from another.');
    if (!(await this.explorer.mayPause(source))) return;
    const outcome = await source.breakOnResume(task);
    if (outcome === 'gone') this.asking.tell(hasGone(task));
    else this.asking.tell(outcome === 'set' ? `The debugger stops when ${task.name} goes on.` : `The debugger no longer stops when ${task.name} goes on.`);
  }

  private evaluate(chosen: Chosen): Promise<void> {
    const prompt = 'An expression among the variables of this task, and Enter. What would change the program is asked about first.';
    return this.asking.converse(`Evaluate in ${chosen.task.name}`, prompt, async (expression) => {
      try {
        return await this.valueOf(chosen, expression);
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    });
  }

  private async valueOf({ task, source }: Chosen, expression: string): Promise<string> {
    const evaluate = (mayChange: boolean) => source.withCall(task, false, (call) => call.evaluate(expression, mayChange));
    let evaluation = await evaluate(false);
    if (evaluation?.kind === 'changes') {
      if (!(await this.asking.confirm(evaluateText(task.name, expression)))) return 'It was not run.';
      evaluation = await evaluate(true);
    }
    if (!evaluation || evaluation.kind === 'changes') return hasGone(task);
    return evaluation.kind === 'value' ? `${expression} is ${evaluation.text}` : evaluation.text;
  }

  private async copyJson({ task, thread, source }: Chosen): Promise<void> {
    const { state } = source;
    const target = state.kind === 'seen' ? state.report.target : undefined;
    await vscode.env.clipboard.writeText(JSON.stringify({ version: 1, target, thread: { id: thread.id, name: thread.name }, task }, undefined, 2));
  }

  private async pickOf<T>(title: string, choices: readonly T[], label: (choice: T) => string): Promise<T | undefined> {
    if (choices.length === 1) return choices[0];
    const index = await this.asking.pick(title, choices.map(label));
    return index === undefined ? undefined : choices[index];
  }
}

function hasGone({ name }: Task): string {
  return `${name} is not found in the process any more: most likely it has gone on. Refresh to see what is pending now.`;
}

/** The timer may be that of a task further on. */
function awaitedHint({ task: { awaits }, thread }: Chosen): string {
  const awaited = 'task' in awaits ? thread.tasks.find(({ id }) => id === awaits.task) : undefined;
  return awaited ? ` itself, but for ${awaited.name}: look there` : '';
}

const inWindow: Asking = {
  async confirm({ question, detail, button }) {
    return (await vscode.window.showWarningMessage(question, { modal: true, detail }, button)) === button;
  },
  async pick(title, labels) {
    return (await vscode.window.showQuickPick(labels.map((label, index) => ({ label, index })), { title }))?.index;
  },
  converse(title, prompt, answer) {
    const box = vscode.window.createInputBox();
    Object.assign(box, { title, prompt, ignoreFocusOut: true });
    const reply = async (): Promise<void> => {
      if (box.value.trim() === '') return;
      Object.assign(box, { busy: true, enabled: false });
      box.validationMessage = { message: await answer(box.value), severity: vscode.InputBoxValidationSeverity.Info };
      Object.assign(box, { busy: false, enabled: true });
    };
    box.onDidAccept(reply);
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.show();
    return new Promise((resolve) =>
      box.onDidHide(() => {
        box.dispose();
        resolve();
      }),
    );
  },
  tell: (text) => void vscode.window.showInformationMessage(text),
};
