// The Task Explorer: the view, its sources and its commands.
import * as vscode from 'vscode';
import type { Task, TaskReport } from '../../tracer/task';
import { formatDuration, formatMegabytes, type PauseEstimate } from '../../tracer/pause-estimate';
import { taskLine } from '../../tracer/task-text';
import type { BlockedWatch } from '../blocked/blocked-watch';
import { agentSecret } from '../blocked/tracked-launch';
import { EditedLines } from '../edited-lines';
import { openPlace } from '../open-place';
import { isNodeProgram, trackNodeSessions } from './debugged';
import { groupings, type Grouping } from './forest';
import { LivePolling } from './live-polling';
import { pickProcess, type PickedProcess } from './process-picker';
import { compareDumps, placeLinks, saveTasks } from './save-tasks';
import { isLost, lostText, TaskActions } from './task-actions';
import { TaskSource, type SourceOptions } from './task-source';
import { TaskTree, type TreeNode } from './task-tree';
import { WaitingHints, type WatchedProgram } from './waiting-hints';

export const viewId = 'asyncscope.tasks';

/** A snapshot of a larger heap is asked about first: it pauses the program for seconds. Bytes. */
const askAbove = 100_000_000;

export class TaskExplorer implements vscode.Disposable {
  private readonly sources = new Map<string, TaskSource>();
  /** By the keys of the sources, since those are known. */
  private readonly lines = new Map<string, EditedLines>();
  private readonly tree: TaskTree;
  private readonly view: vscode.TreeView<TreeNode>;
  private readonly hints = new WaitingHints(() => this.watched().flatMap((source) => this.waitingIn(source)));
  private readonly polling = new LivePolling(() => (!this.paused && (this.view.visible || this.hints.areVisible) ? this.watched() : []));
  private paused = false;
  private isClosing = false;
  readonly actions: TaskActions;
  private readonly disposables: vscode.Disposable[] = [];
  private readonly didChange = new vscode.EventEmitter<void>();
  /** Fires after a look, and when a source comes or goes. */
  readonly onDidChange = this.didChange.event;

  /** `blocked`: what blocks the loops of programs that are debugged with tracking on. */
  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly blocked: BlockedWatch,
  ) {
    this.tree = new TaskTree(
      () => [...this.sources.values()],
      ({ key }) => blocked.reportOf(key),
    );
    this.view = vscode.window.createTreeView(viewId, { treeDataProvider: this.tree, showCollapseAll: true });
    const acted = {
      selected: () => this.view.selection[0],
      sourceOf: (node: TreeNode) => [...this.sources.values()].find(({ key }) => node.key === key || node.key.startsWith(`${key}/`)),
      mayPause: (source: TaskSource) => this.mayPause(source),
    };
    this.actions = new TaskActions(acted, log);
    const command = (id: string, run: (...args: never[]) => unknown): vscode.Disposable => vscode.commands.registerCommand(`asyncscope.tasks.${id}`, run);
    const ofNode = <Node extends object = TreeNode>(id: string, run: (node?: Node) => unknown): vscode.Disposable => command(id, (...args: [Node?]) => (isLost(args) ? this.actions.asking.tell(lostText) : run(...args)));
    this.disposables.push(
      this.view,
      this.didChange,
      this.polling,
      this.hints,
      this.actions,
      blocked.onDidReport(() => this.isClosing || this.tree.renew()),
      this.view.onDidExpandElement(({ element }) => this.tree.setExpanded(element, true)),
      this.view.onDidCollapseElement(({ element }) => this.tree.setExpanded(element, false)),
      this.view.onDidChangeVisibility(() => this.polling.update()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.polling.update()),
      vscode.debug.onDidStartDebugSession((session) => this.addSession(session)),
      vscode.debug.onDidTerminateDebugSession((session) => void this.remove(session.id)),
      trackNodeSessions((session) => this.tracker(session)),
      command('refresh', (node?: TreeNode) => this.refresh(node)),
      command('attach', (pid?: number) => this.attach(pid)),
      ofNode('detach', (node?: TreeNode) => (node?.kind === 'source' ? this.remove(node.source.key) : undefined)),
      ofNode('watch', (node?: TreeNode) => this.watch(node)),
      ofNode('unwatch', (node?: TreeNode) => Promise.all(this.meant(node).map((source) => source.unwatch()))),
      ofNode('untrack', (node?: TreeNode) => this.untrack(node)),
      command('pause', () => this.pause(true)),
      command('resume', () => this.pause(false)),
      command('filter', () => this.askFilter()),
      command('clearFilter', () => this.show('filter', '')),
      command('onlyStuck', () => this.show('onlyStuck', true)),
      command('all', () => this.show('onlyStuck', false)),
      ...groupings.map((grouping) => command(`groupBy.${grouping}`, () => this.show('grouping', grouping))),
      ofNode<({ task: Task } | { tasks: readonly Task[] }) & vscode.TextDocumentShowOptions>('openAwait', (node) => node && this.openAwait('task' in node ? node.task : node.tasks[0], node.preserveFocus)),
      ofNode<{ task: Task }>('openDefinition', (node) => openPlace(node?.task.defined)),
      ofNode('openAwaiter', (node?: TreeNode) => node && this.openAwaiter(node)),
      ofNode('revealAwaited', (node?: TreeNode) => node && this.revealAwaited(node)),
      ofNode('copy', (node?: TreeNode) => node && this.copy(node)),
      ofNode('showLocals', (node?: TreeNode) => node && this.showLocals(node)),
      command('save', () => saveTasks(this.reports())),
      command('compare', (dump: vscode.Uri) => compareDumps(dump)),
      vscode.languages.registerDocumentLinkProvider({ language: 'asyncscope-tasks' }, placeLinks),
    );
    for (const key of ['filter', 'onlyStuck', 'grouping'] as const) this.setContext(key);
  }

  /** Looks at every source again and gives what was seen: what other extensions may call (`asyncscope.tasks.refresh`). */
  async refresh(node?: TreeNode): Promise<TaskReport[]> {
    for (const source of this.meant(node)) {
      if (source.isWatched) await source.tick();
      else if (await this.mayPause(source)) await source.look();
    }
    return this.reports();
  }

  /** The source of a node; all without one. */
  private meant(node?: TreeNode): TaskSource[] {
    return node && 'source' in node && node.source ? [node.source] : [...this.sources.values()];
  }

  /** The source of a node, or the only one; the user is asked among several. */
  async pickSource(node?: TreeNode): Promise<TaskSource | undefined> {
    const sources = this.meant(node);
    if (sources.length < 2) return sources[0];
    return (await vscode.window.showQuickPick(sources.map((source) => ({ label: source.label, source })), { placeHolder: 'Which program?' }))?.source;
  }

  /** The processes and threads that a debugged program has started. */
  startedBy({ key }: TaskSource): TaskSource[] {
    return [...this.sources.values()].filter(({ startedBy }) => startedBy.includes(key));
  }

  private watched(): TaskSource[] {
    return [...this.sources.values()].filter((source) => source.isWatched);
  }

  private waitingIn({ key, label, state }: TaskSource): WatchedProgram[] {
    const lines = this.lines.get(key);
    return lines && state.kind === 'seen' && state.live ? [{ label, threads: state.threads, places: state.live.places, lines }] : [];
  }

  /** Puts the agent into the processes, and follows their tasks from now on. */
  private async watch(node?: TreeNode): Promise<TaskReport[]> {
    for (const source of this.meant(node)) await source.watch(blockedMs());
    return this.reports();
  }

  /** Takes the agent out of programs that were started with it; what it has told of blocks stays at their lines. */
  private async untrack(node?: TreeNode): Promise<void> {
    for (const source of this.meant(node).filter(({ isTracked }) => isTracked)) {
      this.blocked.end(source.key);
      try {
        await source.untrack();
      } catch (error) {
        void vscode.window.showErrorMessage(`The agent is still in ${source.label}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** The tasks stay as they are to be read; the programs are not asked meanwhile. */
  private pause(paused: boolean): void {
    this.paused = paused;
    this.update();
  }

  dispose(): void {
    for (const disposable of [...this.disposables, ...this.lines.values()]) disposable.dispose();
  }

  /** Lets go of every process; the view changes no more, as the window goes. Never rejects. */
  async close(): Promise<void> {
    this.isClosing = true;
    await Promise.all([...this.sources.keys()].map((key) => this.remove(key)));
  }

  /** The tree's top: what the view shows. */
  get roots(): readonly TreeNode[] {
    return this.tree.nodesBelow();
  }

  /** What the view shows below a node, and how. */
  below(node: TreeNode): readonly TreeNode[] {
    return this.tree.nodesBelow(node);
  }

  private reports(): TaskReport[] {
    return [...this.sources.values()].flatMap(({ state }) => (state.kind === 'seen' ? [state.report] : []));
  }

  private addSession(session: vscode.DebugSession): void {
    if (!isNodeProgram(session)) return;
    const hint = 'Seen over the connection of its debugger.';
    const secret = agentSecret(session);
    const reach = async () => (await import('./probes')).debugProbe(session, secret);
    this.add({ key: session.id, label: session.name, hint, isDebugged: true, startedBy: sessionsAbove(session), isTracked: secret !== undefined, reach });
  }

  /** Tasks are looked at when the debugger stops, where anybody sees them. */
  private tracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onDidSendMessage: (message: { type?: string; event?: string }) => {
        if (message.type !== 'event' || message.event !== 'stopped') return;
        const source = this.sources.get(session.id);
        if (source?.isWatched) void source.forgive();
        else if (this.view.visible) void source?.look();
      },
    };
  }

  /** Shows the tasks of a process that nobody debugs; asks which, unless one is given. */
  private async attach(pid?: number): Promise<void> {
    const picked: PickedProcess | undefined = typeof pid === 'number' ? { target: { kind: 'process', pid }, label: `process ${pid}` } : await pickProcess();
    if (!picked) return;
    const { target, label } = picked;
    const key = target.kind === 'process' ? `process:${target.pid}` : `inspector:${target.host}:${target.port}`;
    if (!this.sources.has(key)) {
      const hint = 'Its inspector stays open as long as it is listed here. Remove it to close the inspector again.';
      const reach = async () => (await import('./probes')).processProbe(target);
      this.add({ key, label, hint, isDebugged: false, startedBy: [], isTracked: false, reach });
    }
    const source = this.sources.get(key);
    if (!source) return;
    const node = this.tree.nodesBelow().find((each) => each.key === key);
    // The user may be elsewhere. Not waited for: while other tasks come and go, a row may be long in coming.
    if (node && typeof pid !== 'number') this.view.reveal(node, { select: true, focus: true }).then(undefined, () => undefined);
    if (await this.mayPause(source)) await source.look();
  }

  private add(options: SourceOptions): void {
    this.sources.set(options.key, new TaskSource(options, () => this.update()));
    this.lines.set(options.key, new EditedLines());
    this.update();
  }

  private async remove(key: string): Promise<void> {
    const source = this.sources.get(key);
    if (!source) return;
    this.sources.delete(key);
    this.lines.get(key)?.dispose();
    this.lines.delete(key);
    this.blocked.endLive(key);
    this.update();
    await source.close();
  }

  private update(): void {
    if (this.isClosing) return;
    const stuck = [...this.sources.values()].reduce((sum, source) => sum + source.stuck, 0);
    this.view.badge = stuck > 0 ? { value: stuck, tooltip: `${stuck} stuck ${stuck === 1 ? 'task' : 'tasks'}` } : undefined;
    void vscode.commands.executeCommand('setContext', 'asyncscope.tasks.sources', this.sources.size);
    void vscode.commands.executeCommand('setContext', 'asyncscope.tasks.tracked', [...this.sources.values()].some(({ isTracked }) => isTracked));
    const watching = this.watched().length === 0 ? '' : this.paused ? 'paused' : 'running';
    void vscode.commands.executeCommand('setContext', 'asyncscope.tasks.watching', watching);
    for (const { key, state, isWatched } of this.sources.values()) {
      if (!isWatched) this.blocked.endLive(key);
      else if (state.kind === 'seen' && state.live?.blocked) this.blocked.tellLive(key, state.live.blocked);
    }
    this.polling.update();
    this.hints.refresh();
    this.tree.renew();
    this.didChange.fire();
  }

  /** A long pause is the user's to decide. */
  private async mayPause(source: TaskSource): Promise<boolean> {
    let estimate: PauseEstimate;
    try {
      estimate = await (await source.probe()).pause();
    } catch {
      return true; // what is wrong shows in the look itself
    }
    if (estimate.heapBytes <= askAbove) return true;
    const take = 'Take Snapshot';
    const answer = await vscode.window.showWarningMessage(
      `${source.label}: the heap holds ${formatMegabytes(estimate.heapBytes)}. A snapshot of it pauses the program for about ${formatDuration(estimate.ms)}.`,
      { modal: true },
      take,
    );
    return answer === take;
  }

  private show<K extends 'grouping' | 'filter' | 'onlyStuck'>(key: K, value: K extends 'grouping' ? Grouping : K extends 'filter' ? string : boolean): void {
    this.tree.show({ [key]: value });
    this.setContext(key);
    const { grouping, filter, onlyStuck } = this.tree.shown;
    this.view.description = [grouping === 'await' ? '' : `by ${grouping}`, onlyStuck ? 'only stuck' : '', filter ? `filter: ${filter}` : ''].filter(Boolean).join(', ');
  }

  private setContext(key: 'grouping' | 'filter' | 'onlyStuck'): void {
    void vscode.commands.executeCommand('setContext', `asyncscope.tasks.${key}`, this.tree.shown[key]);
  }

  private async askFilter(): Promise<void> {
    const filter = await vscode.window.showInputBox({
      title: 'Filter tasks',
      prompt: 'Words of a name, a place or what is waited for',
      value: this.tree.shown.filter,
    });
    if (filter !== undefined) this.show('filter', filter);
  }

  private async openAwait(task: Task | undefined, preserveFocus = false): Promise<void> {
    if (!task) return;
    if (task.atIsExact === false) await this.inspect(task);
    await openPlace(task.at ?? task.defined, { preserveFocus });
  }

  /** Asks the source what it knows of a task beyond its look. Gives why it knows nothing, where it does not: the look itself is still shown. */
  private async inspect(task: Task): Promise<string | undefined> {
    for (const source of this.sources.values()) {
      const { state } = source;
      if (state.kind !== 'seen' || !state.threads.some((thread) => thread.byId.get(task.id) === task)) continue;
      try {
        return (await (await source.probe()).inspect(task)) ? undefined : 'It has gone on since: refresh to see what is pending now';
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.log.warn(`Task ${task.name}: ${reason}`);
        return reason;
      }
    }
    return 'The tasks were looked at again since';
  }

  private async openAwaiter(node: TreeNode): Promise<void> {
    if (node.kind !== 'task') return;
    const awaiters = node.task.awaitedBy.flatMap((id) => node.thread.byId.get(id) ?? []);
    if (awaiters.length <= 1) return awaiters[0] && this.openAwait(awaiters[0]);
    const picked = await vscode.window.showQuickPick(awaiters.map((task) => ({ label: task.name, description: taskLine(task, node.thread.byId), task })));
    if (picked) await this.openAwait(picked.task);
  }

  private async revealAwaited(node: TreeNode): Promise<void> {
    const [first] = this.tree.nodesBelow(node).filter((child) => child.kind !== 'local');
    if (first) await this.view.reveal(first, { select: true, focus: true, expand: true });
  }

  private async copy(node: TreeNode): Promise<void> {
    if (node.kind === 'task') await vscode.env.clipboard.writeText(taskLine(node.task, node.thread.byId));
    if (node.kind === 'alike' || node.kind === 'group') {
      await vscode.env.clipboard.writeText(node.tasks.map((task) => taskLine(task, node.thread.byId)).join('\n'));
    }
  }

  private async showLocals(node: TreeNode): Promise<void> {
    if (node.kind !== 'task') return;
    const reason = await this.inspect(node.task);
    this.tree.showLocals(node.task, node, reason ?? 'No local variables');
  }
}

/** The debugger has a session for each process and worker thread, below that of who started it. */
function sessionsAbove({ parentSession }: vscode.DebugSession): string[] {
  return parentSession ? [parentSession.id, ...sessionsAbove(parentSession)] : [];
}

/** The setting: how long the event loop may stand still. */
export function blockedMs(): number {
  return vscode.workspace.getConfiguration('asyncscope.trace').get<number>('blockedLoop', 50);
}
