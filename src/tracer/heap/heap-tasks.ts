import type { Awaits, AwaitsGroup, AwaitsResource, TaskId, TaskKind, TaskState } from '../task.ts';
import { AwaitGraph } from './await-graph.ts';
import { FunctionTable, type HeapFunction } from './functions.ts';
import { NodeType, type HeapGraph } from './graph.ts';
import { findLive, type Liveness } from './liveness.ts';
import { ResourceDescriber } from './resource-details.ts';
import { ResourceFinder } from './resources.ts';
import { Settling } from './settling.ts';
import { stuckReasons } from './stuck-reasons.ts';
import type { SuspendedCall } from './suspended.ts';
import { Waits, type WaitTarget } from './waits.ts';

/** A task as the heap alone tells it; places are those of the code that runs. */
export interface HeapTask {
  id: TaskId;
  name: string;
  kind: TaskKind;
  state: TaskState;
  /** The suspended call's node; for a promise with only handlers, that of the reaction. */
  node: number;
  /** By which the inspector knows the suspended call; undefined for a promise. */
  heapId?: number;
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
  idPrefix?: string;
  /** The time of the thread's timers, in milliseconds since it started, when the snapshot was taken. */
  now?: number;
}

/** Everything pending in a heap, as tasks in the order of their places. */
export class HeapTasks {
  readonly tasks: HeapTask[] = [];
  readonly awaits: AwaitGraph;
  readonly functions: FunctionTable;
  readonly #byNode = new Map<number, HeapTask>();
  readonly #describer: ResourceDescriber;

  constructor(graph: HeapGraph, options: HeapTasksOptions = {}) {
    this.awaits = new AwaitGraph(graph);
    this.functions = new FunctionTable(this.awaits);
    const settling = new Settling(this.awaits);
    const waits = new Waits(this.awaits, this.functions, new ResourceFinder(this.awaits, settling, this.functions));
    this.#describer = new ResourceDescriber(this.awaits, this.functions, options.now);

    for (const call of this.awaits.calls.values()) this.#addCall(call, 'awaiting');
    for (const call of this.awaits.otherCalls) {
      const state = this.#stateOf(call);
      if (state) this.#addCall(call, state);
    }
    for (const task of this.tasks) {
      const awaited = this.awaits.awaited.get(task.node);
      if (awaited !== undefined) task.target = waits.target(awaited, task.node);
    }
    for (const { continuation, handler } of waits.looseContinuations()) {
      this.#add({ node: continuation.node, kind: 'promise', state: 'awaiting', fn: handler, name: handler.name || '(anonymous)' }).target = waits.target(continuation.source, -1);
    }
    this.#number(options.idPrefix ?? 't');
    this.#link();
    this.#prove(findLive(this.awaits, settling), settling);
  }

  task(node: number): HeapTask | undefined {
    return this.#byNode.get(node);
  }

  #addCall(call: SuspendedCall, state: TaskState): void {
    const fn = this.functions.of(call.closure);
    if (!fn || fn.internal) return;
    const receiver = this.functions.className(call.receiver);
    const task = this.#add({ node: call.node, kind: call.kind, state, fn, name: this.#nameOf(call, fn, receiver) });
    task.heapId = this.awaits.graph.columns.nodeId[call.node]!;
    if (receiver) task.receiver = receiver;
  }

  #add(task: Pick<HeapTask, 'node' | 'kind' | 'state' | 'fn' | 'name'>): HeapTask {
    const added: HeapTask = { id: '', awaits: { promise: true }, awaitedBy: [], stuck: false, ...task };
    this.tasks.push(added);
    this.#byNode.set(task.node, added);
    return added;
  }

  #nameOf(call: SuspendedCall, fn: HeapFunction, receiver: string | undefined): string {
    if (fn.name.startsWith('#') && receiver) return `${receiver}.${fn.name}`;
    if (fn.name) return fn.name;
    return this.#isModule(call) ? '(top level)' : '(anonymous)';
  }

  #isModule(call: SuspendedCall): boolean {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    for (let i = retainers.first[call.node]!, end = retainers.first[call.node + 1]!; i < end; i++) {
      if (graph.columns.nodeName[retainers.from[i]!] === names['system / SourceTextModule']) return true;
    }
    return false;
  }

  /** Whether a call that no pending promise will continue is queued to go on, or on the stack; otherwise it has finished. */
  #stateOf(call: SuspendedCall): TaskState | undefined {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    const { nodeType, edgeName } = graph.columns;
    const from = (node: number): number[] => [...retainers.from.subarray(retainers.first[node], retainers.first[node + 1])];
    for (let i = retainers.first[call.node]!, end = retainers.first[call.node + 1]!; i < end; i++) {
      const holder = retainers.from[i]!;
      if (nodeType[holder] === NodeType.synthetic && graph.name(holder) === '(Stack roots)') return 'running';
      if (edgeName[retainers.edges[i]!] !== names.extension) continue;
      const jobs = from(holder).filter((node) => nodeType[node] === NodeType.closure).flatMap(from);
      if (jobs.some((node) => /^system \/ Promise\w+JobTask/.test(graph.name(node)))) return 'ready';
    }
    return undefined;
  }

  #number(prefix: string): void {
    const { nodeId } = this.awaits.graph.columns;
    this.tasks.sort(
      (a, b) =>
        (a.fn.url < b.fn.url ? -1 : a.fn.url > b.fn.url ? 1 : 0) || a.fn.line - b.fn.line || a.fn.column - b.fn.column || nodeId[a.node]! - nodeId[b.node]!,
    );
    this.tasks.forEach((task, i) => (task.id = `${prefix}${i + 1}`));
  }

  #link(): void {
    for (const task of this.tasks) {
      if (!task.target) continue;
      task.awaits = this.#awaitsOf(task.target);
      const tasks = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
      for (const id of tasks) this.#byId(id)?.awaitedBy.push(task.id);
    }
  }

  #byId(id: TaskId): HeapTask | undefined {
    return this.tasks[Number(/\d+$/.exec(id)?.[0]) - 1];
  }

  #awaitsOf(target: WaitTarget): Awaits {
    switch (target.kind) {
      case 'call': {
        const task = this.#byNode.get(target.call);
        return task ? { task: task.id } : { promise: true };
      }
      case 'group':
        return this.#groupOf(target);
      case 'origin':
        return this.#describer.describe(target.origin, target.through) ?? { promise: true };
    }
  }

  #groupOf({ group, targets }: Extract<WaitTarget, { kind: 'group' }>): AwaitsGroup {
    const tasks = new Set<TaskId>();
    const resources: AwaitsResource[] = [];
    for (const target of targets) {
      const awaits = this.#awaitsOf(target);
      if ('task' in awaits) tasks.add(awaits.task);
      else if ('resource' in awaits) resources.push(awaits);
      else if ('group' in awaits) {
        for (const id of awaits.tasks) tasks.add(id);
        resources.push(...(awaits.resources ?? []));
      }
    }
    return { group: group.kind, tasks: [...tasks], pending: group.sources.length, total: group.total, ...(resources.length && { resources }) };
  }

  #prove(live: Liveness, settling: Settling): void {
    const stuck = this.tasks.filter((task) => {
      if (task.state !== 'awaiting') return false;
      if (task.kind !== 'promise') return !live.reached[task.node];
      const source = this.awaits.promiseOfReaction.get(task.node);
      return source !== undefined && !live.settleable[source];
    });
    for (const task of stuck) task.stuck = true;
    for (const [task, reason] of stuckReasons(stuck, this, live, settling)) task.stuckReason = reason;
  }
}
