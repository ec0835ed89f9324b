// The Task Explorer's trees, without the editor: what stands below what, counted, filtered, in pages. Built for
// 100,000 tasks: an index made once for each look, children worked out when a node is opened.
import type { HandleReport } from '../../tracer/live/handles';
import type { WaitingPlace } from '../../tracer/live/task-history';
import type { AwaitsResource, Task, TaskId, TaskThread } from '../../tracer/task';
import { awaitedTasks, awaitsText, placeText, resourceText } from '../../tracer/task-text';

/** What tasks are put together by; `await`: who waits for whom. */
export type Grouping = 'await' | 'function' | 'place' | 'resource';

export const groupings: readonly Grouping[] = ['await', 'function', 'place', 'resource'];

export interface ForestView {
  readonly grouping: Grouping;
  /** Words that all must occur in a task's name, place or what it waits for; case does not matter. */
  readonly filter: string;
  readonly onlyStuck: boolean;
}

/** Tasks that look alike, shown once with their number. */
export interface AlikeNode {
  readonly kind: 'alike';
  readonly key: string;
  readonly thread: ThreadIndex;
  readonly tasks: readonly Task[];
  readonly path: readonly TaskId[];
}

export interface TaskNode {
  readonly kind: 'task';
  readonly key: string;
  readonly thread: ThreadIndex;
  readonly task: Task;
  /** It waits, over others, for itself: what would stand below stands above. */
  readonly cycle: boolean;
  /** The tasks from the root to this one. */
  readonly path: readonly TaskId[];
}

/** All tasks of one function, place or resource. */
export interface GroupNode {
  readonly kind: 'group';
  readonly key: string;
  readonly thread: ThreadIndex;
  readonly grouping: Exclude<Grouping, 'await'>;
  readonly label: string;
  readonly tasks: readonly Task[];
  readonly stuck: number;
}

/** What a task waits for that is no task. */
export interface ResourceNode {
  readonly kind: 'resource';
  readonly key: string;
  readonly label: string;
}

/** The next of a long list. */
export interface MoreNode {
  readonly kind: 'more';
  readonly key: string;
  readonly thread: ThreadIndex;
  readonly tasks: readonly Task[];
  readonly path: readonly TaskId[];
}

export type ForestNode = AlikeNode | TaskNode | GroupNode | ResourceNode | MoreNode;

/** How many equal tasks are listed at a time. */
export const pageSize = 200;

/** One thread's tasks, ready to be searched and grouped. */
export class ThreadIndex {
  readonly byId: ReadonlyMap<TaskId, Task>;
  readonly stuck: number;
  /** `places`: how many waited where in the last minute, of a thread that is watched. */
  constructor(
    readonly thread: TaskThread,
    private readonly places: readonly WaitingPlace[] = [],
    /** A debugger is attached to its program. */
    readonly isDebugged = false,
    /** What keeps it alive, of a thread that is watched. */
    readonly handles: HandleReport | undefined = undefined,
    /** The tasks that the debugger stops for when they go on. */
    readonly breaking: ReadonlySet<TaskId> = new Set(),
  ) {
    this.byId = new Map(thread.tasks.map((task) => [task.id, task]));
    this.stuck = thread.tasks.reduce((count, task) => count + (task.stuck ? 1 : 0), 0);
  }

  get tasks(): readonly Task[] {
    return this.thread.tasks;
  }

  /** How many waited at the place of a task over the last minute, the newest last; empty where nobody has counted. */
  trend({ at }: Task): readonly number[] {
    return this.places.find(({ place }) => at && place.file === at.file && place.line === at.line && place.column === at.column)?.counts ?? [];
  }

  /** The tasks that a view shows, by its filter and "only stuck". */
  matching(view: ForestView): readonly Task[] {
    const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0 && !view.onlyStuck) return this.tasks;
    const searches = words.map((word) => new Search(word, this.byId));
    return this.tasks.filter((task) => (!view.onlyStuck || task.stuck) && searches.every((search) => search.finds(task)));
  }
}

/** Looks for one word. Names and places recur in thousands of tasks: each is looked at once. */
class Search {
  private readonly known = new Map<string, boolean>();

  constructor(
    private readonly word: string,
    private readonly byId: ReadonlyMap<TaskId, Task>,
  ) {}

  finds(task: Task): boolean {
    if (this.isIn(task.name) || this.isIn(task.stuck ? 'stuck' : task.state)) return true;
    const { at, awaits } = task;
    // A word with a colon may be a place (`app.ts:12`); others are looked for in the file's name only.
    if (at && this.isIn(this.word.includes(':') ? `${at.file}:${at.line}:${at.column}` : at.file)) return true;
    if ('resource' in awaits) return `${awaits.resource} ${awaits.detail}`.toLowerCase().includes(this.word);
    if ('task' in awaits) return this.isIn(this.byId.get(awaits.task)?.name ?? 'another task');
    return awaitsText(awaits, this.byId).toLowerCase().includes(this.word);
  }

  private isIn(text: string): boolean {
    let found = this.known.get(text);
    if (found === undefined) this.known.set(text, (found = text.toLowerCase().includes(this.word)));
    return found;
  }
}

/** The top of a thread's tree. */
export function rootNodes(thread: ThreadIndex, view: ForestView, key: string): ForestNode[] {
  const matches = thread.matching(view);
  if (view.grouping !== 'await') return groupNodes(thread, view.grouping, matches, key);
  const candidates = matches === thread.tasks ? matches : withAwaiters(thread, matches);
  return alikeNodes(thread, awaitRoots(thread, candidates), [], key);
}

/** What stands below a node. */
export function childNodes(node: ForestNode): ForestNode[] {
  switch (node.kind) {
    case 'resource':
      return [];
    case 'group':
      return alikeNodes(node.thread, node.tasks, [], node.key);
    case 'alike':
    case 'more':
      return pages(node.thread, node.tasks, node.path, node.key);
    case 'task':
      return awaitedNodes(node);
  }
}

/** Whether a node can be opened, without working out what is below. */
export function hasChildren(node: ForestNode): boolean {
  if (node.kind === 'resource') return false;
  if (node.kind !== 'task') return true;
  if (node.cycle) return false;
  const { awaits } = node.task;
  return 'group' in awaits ? awaits.tasks.length + (awaits.resources?.length ?? 0) > 0 : 'task' in awaits && node.thread.byId.has(awaits.task);
}

function awaitedNodes(node: TaskNode): ForestNode[] {
  if (node.cycle) return [];
  const { thread, task } = node;
  const path = [...node.path, task.id];
  const tasks = awaitedTasks(task, thread.byId);
  const resources = 'group' in task.awaits ? (task.awaits.resources ?? []) : [];
  return [...alikeNodes(thread, tasks, path, node.key), ...resources.map((resource, at) => resourceNode(resource, `${node.key}/r${at}`))];
}

function resourceNode(resource: AwaitsResource, key: string): ResourceNode {
  return { kind: 'resource', key, label: resourceText(resource) };
}

/** The tasks that nobody waits for; of a circle that nobody outside waits for, its first. */
function awaitRoots(thread: ThreadIndex, candidates: readonly Task[]): Task[] {
  const roots: Task[] = [];
  const reached = new Set<Task>();
  const reach = (root: Task): void => {
    const left = [root];
    for (let task = left.pop(); task; task = left.pop()) {
      if (reached.has(task)) continue;
      reached.add(task);
      for (const awaited of awaitedTasks(task, thread.byId)) left.push(awaited);
    }
  };
  for (const task of candidates) {
    if (task.awaitedBy.some((id) => thread.byId.has(id))) continue;
    roots.push(task);
    reach(task);
  }
  for (const task of candidates) {
    if (reached.has(task)) continue;
    roots.push(task);
    reach(task);
  }
  return roots;
}

/** The tasks and all that wait for them, however far, in the thread's order: the branches that lead to a match stay in the tree. */
function withAwaiters(thread: ThreadIndex, tasks: readonly Task[]): Task[] {
  const shown = new Set<Task>();
  const left = [...tasks];
  for (let task = left.pop(); task; task = left.pop()) {
    if (shown.has(task)) continue;
    shown.add(task);
    for (const id of task.awaitedBy) {
      const awaiter = thread.byId.get(id);
      if (awaiter) left.push(awaiter);
    }
  }
  return thread.tasks.filter((task) => shown.has(task));
}

/** Each task, those that look alike once with their number, in the order of the first. */
function alikeNodes(thread: ThreadIndex, tasks: readonly Task[], path: readonly TaskId[], parent: string): ForestNode[] {
  const alike = new Map<string, Task[]>();
  for (const task of tasks) {
    const look = lookOf(thread, task);
    const others = alike.get(look);
    if (others) others.push(task);
    else alike.set(look, [task]);
  }
  const nodes: ForestNode[] = [];
  for (const [look, group] of alike) {
    if (group.length > 1) nodes.push({ kind: 'alike', key: `${parent}/${look}`, thread, tasks: group, path });
    else nodes.push(...pages(thread, group, path, parent));
  }
  return nodes;
}

/** What a line in the tree says of a task. */
function lookOf(thread: ThreadIndex, task: Task): string {
  const { at } = task;
  const awaits = 'resource' in task.awaits ? task.awaits.resource : awaitsText(task.awaits, thread.byId);
  return `${task.name}|${at ? `${at.file}:${at.line}:${at.column}` : ''}|${task.stuck ? 'stuck' : task.state}|${awaits}`;
}

function pages(thread: ThreadIndex, tasks: readonly Task[], path: readonly TaskId[], parent: string): ForestNode[] {
  const nodes: ForestNode[] = tasks.slice(0, pageSize).map((task) => ({
    kind: 'task',
    key: `${parent}/${task.id}`,
    thread,
    task,
    cycle: path.includes(task.id),
    path,
  }));
  if (tasks.length > pageSize) nodes.push({ kind: 'more', key: `${parent}/more`, thread, tasks: tasks.slice(pageSize), path });
  return nodes;
}

function groupNodes(thread: ThreadIndex, grouping: Exclude<Grouping, 'await'>, tasks: readonly Task[], parent: string): GroupNode[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const label = groupLabel(grouping, task);
    const group = groups.get(label);
    if (group) group.push(task);
    else groups.set(label, [task]);
  }
  return [...groups]
    .sort(([a, one], [b, other]) => other.length - one.length || a.localeCompare(b))
    .map(([label, group]) => ({
      kind: 'group',
      key: `${parent}/${grouping}:${label}`,
      thread,
      grouping,
      label,
      tasks: group,
      stuck: group.reduce((count, task) => count + (task.stuck ? 1 : 0), 0),
    }));
}

function groupLabel(grouping: Exclude<Grouping, 'await'>, task: Task): string {
  if (grouping === 'function') return task.name;
  if (grouping === 'place') return placeText(task) || 'unknown place';
  const { awaits } = task;
  if ('resource' in awaits) return awaits.resource;
  if ('task' in awaits) return 'another task';
  return 'group' in awaits ? `Promise.${awaits.group}` : 'a promise';
}
