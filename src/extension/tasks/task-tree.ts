// The tree of the Task Explorer: sources, threads, and below them the forest.
import * as vscode from 'vscode';
import type { BlockedReport } from '../../tracer/live/blocked-loop';
import type { Local, Place, Task, TaskReport } from '../../tracer/task';
import { ageText, awaitsText, placeText, positionText } from '../../tracer/task-text';
import { openCommand } from '../open-place';
import { blockedItem, blockedNodes, blockedSpotItem, blockedSpotNodes, type BlockedNode, type BlockedSpotNode } from './blocked-nodes';
import { handleGroupItem, handleGroupNodes, handleItem, handleNodes, handlesItem, handlesNodes, type HandleGroupNode, type HandleNode, type HandlesNode } from './handle-nodes';
import { childNodes, hasChildren, rootNodes, type ForestNode, type ForestView, type ThreadIndex } from './forest';
import type { TaskSource } from './task-source';

export interface SourceNode {
  readonly kind: 'source';
  readonly key: string;
  readonly source: TaskSource;
}

export interface ThreadNode {
  readonly kind: 'thread';
  readonly key: string;
  readonly thread: ThreadIndex;
}

/** Something to read where tasks would stand. */
export interface NoteNode {
  readonly kind: 'note';
  readonly key: string;
  readonly text: string;
  readonly icon: string;
  readonly place?: Place;
  /** The lint rule that finds the cause in the code. */
  readonly rule?: string;
  /** The program that it is about. */
  readonly source?: TaskSource;
  /** Run with this node when it is clicked; otherwise its place is opened. */
  readonly command?: string;
}

export interface LocalNode {
  readonly kind: 'local';
  readonly key: string;
  readonly local: Local;
}

export type TreeNode = SourceNode | ThreadNode | NoteNode | LocalNode | BlockedNode | BlockedSpotNode | HandlesNode | HandleGroupNode | HandleNode | ForestNode;

export class TaskTree implements vscode.TreeDataProvider<TreeNode> {
  private readonly changed = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly parents = new WeakMap<TreeNode, TreeNode>();
  /** What the view has below each node, by that node's key; the top's is empty. */
  private readonly given = new Map<string, readonly TreeNode[]>();
  /** How the view has each node. */
  private readonly looks = new WeakMap<TreeNode, string>();
  /** Keys of nodes that are open. */
  private readonly expanded = new Set<string>();
  private view: ForestView = { grouping: 'await', filter: '', onlyStuck: false };
  /** Tasks whose locals were asked for; with what is to be said where there are none. */
  private readonly opened = new WeakMap<Task, string>();

  /** `blocked` is what blocked the event loop of a source that is not followed here. */
  constructor(
    private readonly sources: () => readonly TaskSource[],
    private readonly blocked: (source: TaskSource) => BlockedReport | undefined,
  ) {}

  get shown(): ForestView {
    return this.view;
  }

  show(view: Partial<ForestView>): void {
    this.view = { ...this.view, ...view };
    this.refresh();
  }

  refresh(node?: TreeNode): void {
    this.changed.fire(node);
  }

  /** A node was opened or closed. */
  setExpanded({ key }: TreeNode, expanded: boolean): void {
    if (expanded) this.expanded.add(key);
    else this.expanded.delete(key);
  }

  /**
   * Shows what has changed, and nothing else: a node that the view is told of is taken from it, with all below, until it
   * has asked again. Whoever chose an action meanwhile would have chosen nothing.
   */
  renew(): void {
    const changed: TreeNode[] = [];
    if (!this.renewBelow(undefined, changed)) this.changed.fire(undefined);
    else if (changed.length > 0) this.changed.fire(changed);
  }

  /** False where other nodes stand below than before. */
  private renewBelow(node: TreeNode | undefined, changed: TreeNode[]): boolean {
    const shown = this.given.get(node?.key ?? '');
    if (!shown) return true;
    const now = this.below(node);
    if (now.length !== shown.length || now.some(({ key }, at) => key !== shown[at]?.key)) return false;
    for (const [at, child] of shown.entries()) {
      become(child, now[at]!);
      const before = this.looks.get(child);
      const look = lookOf(this.getTreeItem(child));
      this.looks.set(child, look);
      if (look === before && this.renewBelow(child, changed)) continue;
      this.forgetBelow(child);
      changed.push(child);
    }
    return true;
  }

  private forgetBelow(node: TreeNode | undefined): void {
    for (const key of this.given.keys()) if (!node || key === node.key || key.startsWith(`${node.key}/`)) this.given.delete(key);
  }

  /** The task's locals stand below it from now on, or why there are none. */
  showLocals(task: Task, node: TreeNode, otherwise: string): void {
    this.opened.set(task, otherwise);
    this.refresh(node);
  }

  /** The view asks. */
  getChildren(node?: TreeNode): TreeNode[] {
    const children = this.nodesBelow(node);
    this.forgetBelow(node);
    this.given.set(node?.key ?? '', children);
    for (const child of children) this.looks.set(child, lookOf(this.getTreeItem(child)));
    return children;
  }

  /** The same for others. */
  nodesBelow(node?: TreeNode): TreeNode[] {
    const children = this.below(node);
    if (node) for (const child of children) this.parents.set(child, node);
    return children;
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.parents.get(node);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = this.item(node);
    // The view keeps a node closed that it knows so: with locals it is another one.
    item.id = node.kind === 'task' && this.opened.has(node.task) ? `${node.key}=` : node.key;
    // A node that comes back, as one of many that look alike does, is open as it was.
    if (item.collapsibleState !== vscode.TreeItemCollapsibleState.None && this.expanded.has(node.key)) item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
    // Without it a screen reader is told the tooltip alone.
    item.accessibilityInformation ??= { label: [item.label, item.description].flatMap((part) => (typeof part === 'string' && part !== '' ? part : [])).join(', ') };
    return item;
  }

  private below(node: TreeNode | undefined): TreeNode[] {
    if (!node) return this.sources().map((source) => ({ kind: 'source', key: source.key, source }));
    switch (node.kind) {
      case 'source':
        return [...blockedNodes(node.key, liveBlocked(node.source) ?? this.blocked(node.source)), ...this.sourceChildren(node.source)];
      case 'blocked':
        return blockedSpotNodes(node);
      case 'handles':
        return handleGroupNodes(node);
      case 'handle-group':
        return handleNodes(node);
      case 'thread':
        return [...handlesNodes(node.key, node.thread.handles), ...this.threadChildren(node.thread, node.key)];
      case 'note':
      case 'handle':
      case 'local':
      case 'blocked-spot':
        return [];
      case 'task': {
        return [...this.localNodes(node.key, node.task), ...childNodes(node)];
      }
      default:
        return childNodes(node);
    }
  }

  private localNodes(key: string, task: Task): TreeNode[] {
    const otherwise = this.opened.get(task);
    if (otherwise === undefined) return [];
    const locals = (task.locals ?? []).map((local): LocalNode => ({ kind: 'local', key: `${key}/=${local.name}`, local }));
    return locals.length > 0 ? locals : [{ kind: 'note', key: `${key}/=`, text: otherwise, icon: 'info' }];
  }

  private sourceChildren(source: TaskSource): TreeNode[] {
    const note = (text: string, icon: string): NoteNode[] => [{ kind: 'note', key: `${source.key}/note`, text, icon }];
    const { state } = source;
    switch (state.kind) {
      case 'unseen':
        return [
          { kind: 'note', key: `${source.key}/look`, text: 'Show pending tasks', icon: 'refresh', source, command: 'asyncscope.tasks.refresh' },
          { kind: 'note', key: `${source.key}/watch`, text: 'Watch tasks live', icon: 'eye', source, command: 'asyncscope.tasks.watch' },
        ];
      case 'looking':
        return note('Taking a heap snapshot…', 'loading~spin');
      case 'failed':
        return note(state.reason, 'error');
      case 'seen': {
        const [only] = state.threads;
        const found = (state.live?.warnings ?? []).map(({ text, place, rule }): Omit<NoteNode, 'key' | 'kind'> => ({ text, icon: 'warning', ...(place && { place }), ...(rule !== undefined && { rule }) }));
        const ask: Omit<NoteNode, 'key' | 'kind'>[] = state.live ? [{ text: 'Prove what is stuck, by a snapshot…', icon: 'search', command: 'asyncscope.tasks.prove' }] : [];
        const missing = state.report.warnings.map((text): Omit<NoteNode, 'key' | 'kind'> => ({ text, icon: 'info' }));
        const count: Omit<NoteNode, 'key' | 'kind'>[] = state.live ? [{ text: counted(countOf(state.report), 'task'), icon: 'list-unordered' }] : [];
        const warnings = [...count, ...found, ...missing, ...ask].map((note, at): NoteNode => ({ kind: 'note', key: `${source.key}/warning${at}`, ...note }));
        if (only && state.threads.length === 1) return [...warnings, ...handlesNodes(source.key, only.handles), ...this.threadChildren(only, source.key)];
        return [...warnings, ...state.threads.map((thread): ThreadNode => ({ kind: 'thread', key: `${source.key}/${thread.thread.id}`, thread }))];
      }
    }
  }

  private threadChildren(thread: ThreadIndex, key: string): TreeNode[] {
    const nodes = rootNodes(thread, this.view, key);
    if (nodes.length > 0) return nodes;
    const text = thread.tasks.length === 0 ? 'No task is pending' : this.view.onlyStuck ? 'No task is stuck' : 'No task matches the filter';
    return [{ kind: 'note', key: `${key}/none`, text, icon: 'pass' }];
  }

  private item(node: TreeNode): vscode.TreeItem {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case 'source': {
        const { state } = node.source;
        const item = new vscode.TreeItem(node.source.label, Expanded);
        // What changes with every look has a row of its own.
        const seen = state.kind === 'seen' && `${counted(countOf(state.report), 'task')}, ${state.at.toLocaleTimeString()}`;
        item.description = seen && (node.source.isWatched ? 'live' : node.source.isLookingAgain ? `${seen}, looking again…` : seen);
        item.iconPath = new vscode.ThemeIcon('server-process');
        item.tooltip = node.source.hint;
        item.contextValue = ['source', node.source.isDebugged ? '' : 'attached', node.source.isWatched ? 'watched' : '', node.source.isTracked ? 'tracked' : ''].filter(Boolean).join(' ');
        return item;
      }
      case 'thread': {
        const item = new vscode.TreeItem(node.thread.thread.name, Expanded);
        item.description = counted(node.thread.tasks.length, 'task');
        item.iconPath = new vscode.ThemeIcon('list-tree');
        item.contextValue = 'thread';
        return item;
      }
      case 'blocked':
        return blockedItem(node);
      case 'blocked-spot':
        return blockedSpotItem(node);
      case 'handles':
        return handlesItem(node);
      case 'handle-group':
        return handleGroupItem(node);
      case 'handle':
        return handleItem(node);
      case 'note': {
        const item = new vscode.TreeItem(node.place ? node.text.replace(positionText(node.place), shortPlace(node.place)) : node.text, None);
        item.iconPath = new vscode.ThemeIcon(node.icon);
        item.tooltip = node.rule === undefined ? node.text : `${node.text}\n\nRule: ${node.rule}`;
        if (node.command) item.command = { command: node.command, title: node.text, arguments: [node] };
        else if (node.place) item.command = openCommand(node.place);
        return item;
      }
      case 'local': {
        const item = new vscode.TreeItem(node.local.name, None);
        item.description = node.local.value;
        item.iconPath = new vscode.ThemeIcon('symbol-variable');
        return item;
      }
      case 'resource': {
        const item = new vscode.TreeItem(node.label, None);
        item.iconPath = new vscode.ThemeIcon('plug');
        return item;
      }
      case 'more': {
        const item = new vscode.TreeItem(`${node.tasks.length.toLocaleString()} more`, Collapsed);
        item.iconPath = new vscode.ThemeIcon('ellipsis');
        return item;
      }
      case 'group': {
        const item = new vscode.TreeItem(node.label, Collapsed);
        const [first] = node.tasks;
        item.description = [
          `×${node.tasks.length.toLocaleString()}${node.stuck > 0 ? `, ${node.stuck.toLocaleString()} stuck` : ''}`,
          first?.ageMs === undefined ? '' : `oldest ${ageText(first.ageMs)}`,
          first && node.grouping === 'place' ? sparkline(node.thread.trend(first)) : '',
        ]
          .filter(Boolean)
          .join('  ');
        item.contextValue = 'group';
        item.iconPath = new vscode.ThemeIcon(node.grouping === 'function' ? 'symbol-function' : node.grouping === 'place' ? 'location' : 'plug');
        return item;
      }
      case 'alike': {
        // Those of a program that is watched come the oldest first.
        const whichAge = this.expanded.has(node.key) ? undefined : 'oldest ';
        const item = taskItem(node.tasks[0], node.thread, Collapsed, ` ×${node.tasks.length.toLocaleString()}`, whichAge);
        item.contextValue = 'tasks';
        return item;
      }
      case 'task': {
        const state = this.opened.has(node.task) ? Expanded : hasChildren(node) ? Collapsed : None;
        const item = taskItem(node.task, node.thread, state, node.cycle ? ' ↺' : '', '');
        if (node.task.kind !== 'promise') item.contextValue += node.thread.isDebugged ? ' call debugged' : ' call';
        if (hasChildren(node)) item.contextValue += ' awaits';
        if (node.thread.breaking.has(node.task.id)) {
          item.iconPath = new vscode.ThemeIcon('debug-breakpoint', new vscode.ThemeColor('debugIcon.breakpointForeground'));
          item.description = `stops when it goes on  ${String(item.description)}`;
          item.accessibilityInformation = { label: `${item.accessibilityInformation?.label ?? ''}, the debugger stops when it goes on` };
        }
        return item;
      }
    }
  }
}

/** Makes a node that the view has what it is now. */
function become(node: TreeNode, now: TreeNode): void {
  for (const name of Object.keys(node)) if (!(name in now)) Reflect.deleteProperty(node, name);
  Object.assign(node, now);
}

/** All that a row shows. */
function lookOf({ label, description, tooltip, contextValue, collapsibleState, iconPath }: vscode.TreeItem): string {
  return JSON.stringify([label, description, tooltip instanceof vscode.MarkdownString ? tooltip.value : tooltip, contextValue, collapsibleState, iconPath]);
}

function countOf({ threads }: TaskReport): number {
  return threads.reduce((sum, { tasks }) => sum + tasks.length, 0);
}

function liveBlocked({ state }: TaskSource): BlockedReport | undefined {
  return state.kind === 'seen' ? state.live?.blocked : undefined;
}

function taskItem(task: Task | undefined, thread: ThreadIndex, state: vscode.TreeItemCollapsibleState, suffix: string, whichAge: string | undefined): vscode.TreeItem {
  if (!task) return new vscode.TreeItem('');
  const waits = awaitsText(task.awaits, thread.byId);
  const item = new vscode.TreeItem(`${task.name}${suffix}`, state);
  const age = task.ageMs === undefined || whichAge === undefined ? '' : `${whichAge}${task.ageIsMinimum ? '≥ ' : ''}${ageText(task.ageMs)}  `;
  item.description = `${age}${shortPlace(task.at)}  ${task.stuck ? 'stuck' : task.state === 'awaiting' ? waits : task.state}`;
  item.iconPath = task.stuck
    ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    : new vscode.ThemeIcon(task.state === 'running' ? 'play' : task.state === 'ready' ? 'debug-step-over' : 'watch');
  item.tooltip = tooltip(task, waits);
  item.contextValue = ['task', task.ageMs === undefined ? '' : 'live', task.stuck ? 'stuck' : task.state, task.awaitedBy.length > 0 ? 'awaited' : '', task.defined ? 'defined' : ''].filter(Boolean).join(' ');
  item.accessibilityInformation = { label: `${task.name}${suffix}, ${task.stuck ? `stuck: ${task.stuckReason ?? ''}` : `${task.state}, waits for ${waits}`}, ${shortPlace(task.at)}` };
  const place = task.atIsExact === false ? undefined : (task.at ?? task.defined);
  // The program is asked for an await that is not known yet.
  item.command = place ? openCommand(place) : { command: 'asyncscope.tasks.openAwait', title: 'Open', arguments: [{ task, preserveFocus: true }] };
  return item;
}

function tooltip(task: Task, waits: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const line = (content: string): void => void text.appendText(`${content}\n\n`);
  line(`${task.name} (${task.kind})`);
  if (task.stuck) line(`Stuck: ${task.stuckReason ?? 'nothing that exists can resume it'}`);
  line(`${task.state === 'awaiting' ? 'Waits for' : `${task.state}:`} ${waits}`);
  if (task.at) line(`At ${placeText(task)}`);
  if (task.receiver) line(`this: ${task.receiver}`);
  if (task.created) line(`Called at ${positionText(task.created)}`);
  return text;
}

const bars = [...'▁▂▃▄▅▆▇█'];
/** The columns that fit beside a name. */
const sparklineWidth = 20;

/** The newest counts as a row of bars, the highest of them full; each stands for as many looks as it takes. */
function sparkline(counts: readonly number[]): string {
  const looks = Math.ceil(counts.length / sparklineWidth);
  const columns = Array.from({ length: Math.ceil(counts.length / Math.max(1, looks)) }, (_, index) => Math.max(...counts.slice(index * looks, (index + 1) * looks)));
  const most = Math.max(1, ...columns);
  return columns.map((count) => bars[Math.round((count / most) * (bars.length - 1))]).join('');
}

function shortPlace(place: Place | undefined): string {
  return place ? `${place.file.split(/[\\/]/).pop() ?? place.file}:${place.line}` : '';
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`;
}
