import type { Awaits, AwaitsGroup, AwaitsResource, Place, Task, TaskId, TaskKind, TaskState } from '../task';
import type { CallInHeap } from '../task';
import { AgentStamps } from './agent-stamps';
import { AwaitGraph } from './await-graph';
import { FunctionTable, type HeapFunction } from './functions';
import { NodeMap, NodeType, type HeapGraph } from './graph';
import { findLive } from './liveness';
import { ResourceDescriber } from './resource-details';
import { OriginFinder, type Origin } from './origins';
import { Settling } from './settling';
import { stuckReasons } from './stuck-reasons';
import type { SuspendedCall } from './suspended';
import { Waits, type WaitTarget } from './waits';

/** A task as the heap alone tells it; places are those of the code that runs. */
export interface HeapTask {
  id: TaskId;
  /** Without its class; `(anonymous)` or `(top level)` where it has none. */
  ownName: string;
  className?: string;
  kind: TaskKind;
  state: TaskState;
  /** The suspended call's node; for a promise with only handlers, that of the reaction. */
  node: number;
  /** By which the inspector knows the suspended call; undefined for a promise. */
  heapId?: number;
  /** What the agent has stamped the call's promise with. */
  stamp?: number;
  /** A compiler made a generator of it, which has no name. */
  isDriven?: boolean;
  /** The top level of a module that awaits. */
  isModule?: boolean;
  fn: HeapFunction;
  awaits: Awaits;
  target?: WaitTarget;
  awaitedBy: TaskId[];
  receiver?: string;
  stuck: boolean;
  stuckReason?: string;
}

export interface HeapTasksOptions {
  /** What ids begin with; they must differ between the threads of one report. Default `t`. */
  idPrefix?: string | undefined;
  /** The time of the thread's timers, in milliseconds since it started, when the snapshot was taken. */
  now?: number | undefined;
}

/** Shared by all tasks of which nothing more is known: of a hundred thousand objects each costs time. */
const UNKNOWN: Awaits = { promise: true };
const NOBODY: TaskId[] = [];

/** The name with its class, for a reader. */
export function nameOf(task: HeapTask): string {
  return task.className ? `${task.className}.${task.ownName}` : task.ownName;
}

function addAwaiter(task: HeapTask, awaiter: HeapTask): void {
  if (task.awaitedBy === NOBODY) task.awaitedBy = [awaiter.id];
  else task.awaitedBy.push(awaiter.id);
}

/** The task as reports have it. */
export function toTask(from: HeapTask, at: Place, atIsExact: boolean, defined: Place): Task {
  const { id, kind, state, stuck, awaits, awaitedBy } = from;
  const task: Task = { id, name: nameOf(from), kind, state, stuck, at, atIsExact, defined, awaits, awaitedBy };
  if (from.stuckReason !== undefined) task.stuckReason = from.stuckReason;
  if (from.receiver !== undefined) task.receiver = from.receiver;
  return task;
}

/** Everything pending in a heap, as tasks in the order of their places. Complete after `link` and `prove`. */
export class HeapTasks {
  readonly tasks: HeapTask[] = [];
  readonly awaits: AwaitGraph;
  readonly functions: FunctionTable;
  /** Node → the place of its task in the list. */
  readonly #index: NodeMap;
  readonly #describer: ResourceDescriber;
  readonly #settling: Settling;
  readonly #stamps: AgentStamps;
  /** Thousands of tasks may wait for what one queue keeps. */
  readonly #described = new Map<Origin, Awaits>();

  constructor(graph: HeapGraph, options: HeapTasksOptions = {}) {
    this.awaits = new AwaitGraph(graph);
    this.functions = new FunctionTable(this.awaits);
    this.#index = new NodeMap(graph);
    this.#stamps = new AgentStamps(this.awaits);
    const settling = new Settling(this.awaits);
    const waits = new Waits(this.awaits, this.functions, new OriginFinder(this.awaits, settling, this.functions));
    this.#describer = new ResourceDescriber(this.awaits, this.functions, options.now);

    for (const call of this.awaits.calls) this.#addCall(call, 'awaiting');
    for (const call of this.awaits.otherCalls) {
      const state = this.#stateOf(call);
      if (state) this.#addCall(call, state);
    }
    for (const task of this.tasks) {
      const awaited = this.awaits.call(task.node)?.awaited ?? -1;
      if (awaited >= 0) task.target = waits.target(awaited, task.node);
    }
    for (const { continuation, handler } of waits.looseContinuations()) {
      const task = this.#add(continuation.node, 'promise', 'awaiting', handler, handler.name || '(anonymous)');
      if (handler.class) task.className = handler.class.name;
      task.target = waits.target(continuation.source, -1);
    }
    this.#number(options.idPrefix ?? 't');
    this.#settling = settling;
  }

  /** The sockets and servers that tasks wait for, themselves or what works over them, by node: only the live process knows their addresses. */
  sockets(): number[] {
    const nodes = new Set<number>();
    const seen = new Set<WaitTarget>();
    const visit = (target: WaitTarget) => {
      if (target.kind === 'group') {
        if (seen.has(target)) return;
        seen.add(target);
        target.targets.forEach(visit);
      } else if (target.kind === 'origin') {
        const socket = this.#describer.socketOf(target.origin);
        if (socket >= 0) nodes.add(socket);
      }
    };
    for (const task of this.tasks) if (task.target) visit(task.target);
    return [...nodes];
  }

  /** The timers and signals that a task waits for, directly or in a group. */
  waitsFor({ target }: HeapTask): CallInHeap['waitsFor'] {
    if (!target || target.kind === 'call') return [];
    const found = new Map<number, CallInHeap['waitsFor'][number]>();
    const seen = new Set<WaitTarget>();
    const visit = (part: WaitTarget) => {
      if (part.kind === 'group') {
        if (seen.has(part)) return;
        seen.add(part);
        part.targets.forEach(visit);
      } else if (part.kind === 'origin' && part.origin.kind === 'object') {
        const { node } = part.origin;
        const className = this.functions.className(node);
        if (className === 'Timeout' || className === 'AbortSignal') found.set(node, { className, heapId: this.awaits.graph.columns.nodeId[node]! });
      }
    };
    visit(target);
    return [...found.values()];
  }

  /** Fills in what tasks wait for. `addresses` are those of sockets, by node. */
  link(addresses: ReadonlyMap<number, string> = new Map()): void {
    this.#describer.addresses = addresses;
    for (const task of this.tasks) {
      const { target } = task;
      if (!target) continue;
      if (target.kind === 'origin') {
        task.awaits = this.#awaitsOrigin(target);
      } else if (target.kind === 'call') {
        const other = this.task(target.call);
        if (!other) continue;
        task.awaits = { task: other.id };
        addAwaiter(other, task);
      } else {
        const others = new Set<HeapTask>();
        task.awaits = this.#groupOf(target, others);
        for (const other of others) addAwaiter(other, task);
      }
    }
  }

  /** Tells which tasks are stuck (their places in the list) and why, with the names that they have by now. After `link`. */
  prove(): number[] {
    const live = findLive(this.awaits, this.#settling);
    const stuck = this.tasks.filter((task) => {
      if (task.state !== 'awaiting') return false;
      if (task.kind !== 'promise') return !live.reached[task.node];
      return !live.settleable[this.awaits.promiseOfReaction.get(task.node)];
    });
    for (const task of stuck) task.stuck = true;
    for (const [task, reason] of stuckReasons(stuck, this, live, this.#settling)) task.stuckReason = reason;
    return stuck.map((task) => this.#index.get(task.node));
  }

  task(node: number): HeapTask | undefined {
    return this.tasks[this.#index.get(node)];
  }

  #addCall(call: SuspendedCall, state: TaskState): void {
    const fn = this.functions.of(call.closure);
    if (!fn || fn.internal) return;
    const receiver = this.functions.className(call.receiver);
    const isModule = !fn.name && this.#isModule(call);
    const ownName = fn.name || (isModule ? '(top level)' : '(anonymous)');
    const task = this.#add(call.node, call.kind, state, fn, ownName);
    // Private methods are no properties, so only what they are called on tells their class.
    const className = fn.class?.name ?? (fn.name.startsWith('#') ? receiver : undefined);
    if (className) task.className = className;
    if (isModule) task.isModule = true;
    if (call.isDriven) task.isDriven = true;
    task.heapId = this.awaits.graph.columns.nodeId[call.node]!;
    const stamp = this.#stamps.of(call.promises[0]!);
    if (stamp !== undefined) task.stamp = stamp;
    if (receiver) task.receiver = receiver;
  }

  #add(node: number, kind: TaskKind, state: TaskState, fn: HeapFunction, ownName: string): HeapTask {
    const task: HeapTask = { id: '', ownName, kind, state, node, fn, awaits: UNKNOWN, awaitedBy: NOBODY, stuck: false };
    this.#index.set(node, this.tasks.length);
    this.tasks.push(task);
    return task;
  }

  #isModule(call: SuspendedCall): boolean {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    for (let edge = retainers.first(call.node); edge >= 0; edge = retainers.next(call.node, edge)) {
      if (graph.columns.nodeName[retainers.from[edge]!] === names['system / SourceTextModule']) return true;
    }
    return false;
  }

  /** Whether a call that no pending promise will continue is queued to go on, or on the stack; otherwise it has finished. */
  #stateOf(call: SuspendedCall): TaskState | undefined {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    const { nodeType, edgeName } = graph.columns;
    for (let edge = retainers.first(call.node); edge >= 0; edge = retainers.next(call.node, edge)) {
      const holder = retainers.from[edge]!;
      if (nodeType[holder] === NodeType.synthetic && graph.name(holder) === '(Stack roots)') return 'running';
      if (edgeName[edge] !== names.extension) continue;
      const closures = retainers.holders(holder).filter((node) => nodeType[node] === NodeType.closure);
      const jobs = closures.flatMap((node) => retainers.holders(node));
      if (jobs.some((node) => /^system \/ Promise\w+JobTask/.test(graph.name(node)))) return 'ready';
    }
    return undefined;
  }

  #number(prefix: string): void {
    // There are few functions and many tasks, so only the functions are sorted.
    const byFunction = new Map<HeapFunction, HeapTask[]>();
    for (const task of this.tasks) {
      const same = byFunction.get(task.fn);
      if (same) same.push(task);
      else byFunction.set(task.fn, [task]);
    }
    const sorted = [...byFunction].sort(([a], [b]) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0) || a.line - b.line || a.column - b.column);
    let index = 0;
    for (const [, tasks] of sorted) {
      for (const task of tasks) {
        this.tasks[index] = task;
        this.#index.set(task.node, index);
        task.id = `${prefix}${++index}`;
      }
    }
  }

  /** Adds to `others` the tasks that a target leads to. */
  #awaitsOf(target: WaitTarget, others: Set<HeapTask>): Awaits {
    switch (target.kind) {
      case 'call': {
        const task = this.task(target.call);
        if (!task) return UNKNOWN;
        others.add(task);
        return { task: task.id };
      }
      case 'group':
        return this.#groupOf(target, others);
      case 'origin':
        return this.#awaitsOrigin(target);
    }
  }

  #awaitsOrigin({ origin, through }: Extract<WaitTarget, { kind: 'origin' }>): Awaits {
    let awaits = through.length > 0 ? undefined : this.#described.get(origin);
    if (!awaits) {
      awaits = this.#describer.describe(origin, through) ?? UNKNOWN;
      if (through.length === 0) this.#described.set(origin, awaits);
    }
    return awaits;
  }

  #groupOf({ group, targets }: Extract<WaitTarget, { kind: 'group' }>, others: Set<HeapTask>): AwaitsGroup {
    const resources: AwaitsResource[] = [];
    const add = (part: WaitTarget, groups: Set<WaitTarget>) => {
      if (part.kind === 'group') {
        if (groups.has(part)) return;
        groups.add(part);
        for (const inner of part.targets) add(inner, groups);
      } else {
        const awaits = this.#awaitsOf(part, others);
        if ('resource' in awaits) resources.push(awaits);
      }
    };
    const seen = new Set<WaitTarget>();
    for (const target of targets) add(target, seen);
    const tasks = [...others].map((task) => task.id);
    return { group: group.kind, tasks, pending: group.sources.length, total: group.total, ...(resources.length && { resources }) };
  }
}
