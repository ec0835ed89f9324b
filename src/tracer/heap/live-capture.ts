import type { InspectorSession } from '../inspector/session';
import type { CallInHeap, Task, TaskCapture, TaskDetails, TaskId } from '../task';
import { FunctionPlaces } from './function-places';
import type { HeapGraph } from './graph';
import { HeapTasks, toTask, type HeapTask, type HeapTasksOptions } from './heap-tasks';
import { CallInspector } from './inspection';
import { readSocketAddresses } from './live-sockets';
import { Scripts, type LiveScripts } from './scripts';

/** Keeps what was read of the tasks, but not the heap: a capture may be looked at for long. */
export class LiveCapture implements TaskCapture {
  readonly tasks: Task[] = [];
  readonly warnings: string[] = [];
  /** In the order of `tasks`. */
  #heapTasks: readonly HeapTask[] = [];
  /** Made when first asked for. */
  #byId: Map<TaskId, HeapTask> | undefined;
  /** Only of tasks that wait for such. */
  readonly #waitsFor = new Map<TaskId, CallInHeap['waitsFor']>();
  readonly #places: FunctionPlaces;
  readonly #scripts: Scripts;
  readonly #inspector: CallInspector;

  constructor(
    private readonly session: InspectorSession,
    private readonly live: LiveScripts,
  ) {
    this.#scripts = new Scripts(live);
    this.#places = new FunctionPlaces(this.#scripts);
    this.#inspector = new CallInspector(session);
  }

  /** Reads the tasks; asks the process for no longer than `inspectMs` where they are suspended, and calls `onAnswered` when it has. */
  async complete(graph: HeapGraph, { inspectMs, onAnswered, ...options }: HeapTasksOptions & { inspectMs: number; onAnswered?: (() => void) | undefined }): Promise<void> {
    const heap = new HeapTasks(graph, options);
    const [addresses] = await Promise.all([this.#addresses(heap), this.#places.read(heap.tasks)]);
    heap.link(addresses);
    this.#heapTasks = heap.tasks;
    for (const task of heap.tasks) {
      const { defined, only } = this.#places.of(task);
      const exact = task.kind === 'promise' ? defined : task.state === 'running' ? undefined : only;
      this.tasks.push(toTask(task, exact ?? defined, exact !== undefined, defined));
      const waitsFor = heap.waitsFor(task);
      if (waitsFor.length > 0) this.#waitsFor.set(task.id, waitsFor);
    }
    await this.#locate(inspectMs);
    await this.#inspector.release();
    onAnswered?.();
    for (const index of heap.prove()) {
      const { stuckReason } = heap.tasks[index]!;
      const task = this.tasks[index]!;
      task.stuck = true;
      if (stuckReason !== undefined) task.stuckReason = stuckReason;
    }
  }

  inHeap(id: TaskId): CallInHeap | undefined {
    this.#byId ??= new Map(this.#heapTasks.map((task) => [task.id, task]));
    const { heapId, stamp } = this.#byId.get(id) ?? {};
    if (heapId === undefined) return undefined;
    return { heapId, ...(stamp !== undefined && { stamp }), waitsFor: this.#waitsFor.get(id) ?? [] };
  }

  async inspect(id: TaskId): Promise<TaskDetails | undefined> {
    const index = this.tasks.findIndex((one) => one.id === id);
    const task = this.tasks[index];
    const heapTask = this.#heapTasks[index];
    if (!task || heapTask?.heapId === undefined) return undefined;
    try {
      await this.live.enable();
      const call = await this.#inspector.inspect(heapTask.heapId);
      if (!call || call.state === 'closed') return undefined;
      task.locals = await this.#inspector.locals(call);
      if (call.at) {
        task.at = await this.#scripts.place(heapTask.fn.url, call.at);
        task.atIsExact = true;
      }
      return { at: task.at!, locals: task.locals };
    } finally {
      await this.#inspector.release();
      await this.live.close();
    }
  }

  async release(): Promise<void> {
    await this.#inspector.release();
    await this.live.close();
  }

  async #addresses(heap: HeapTasks): Promise<Map<number, string>> {
    const nodes = heap.sockets();
    if (!nodes.length) return new Map();
    const byHeapId = await readSocketAddresses(this.session);
    const { nodeId } = heap.awaits.graph.columns;
    return new Map(nodes.flatMap((node): [number, string][] => (byHeapId.has(nodeId[node]!) ? [[node, byHeapId.get(nodeId[node]!)!]] : [])));
  }

  /** Asks the process where calls are suspended whose source leaves several places: one of each kind first, then the others. */
  async #locate(inspectMs: number): Promise<void> {
    const kinds = new Map<string, { heap: HeapTask; task: Task }[]>();
    this.tasks.forEach((task, index) => {
      if (task.atIsExact || task.state === 'running') return;
      const heap = this.#heapTasks[index]!;
      const key = kindOf(heap);
      const kind = kinds.get(key);
      if (kind) kind.push({ heap, task });
      else kinds.set(key, [{ heap, task }]);
    });
    const end = performance.now() + inspectMs;
    const ask = async ({ heap, task }: { heap: HeapTask; task: Task }): Promise<boolean> => {
      const call = heap.heapId === undefined ? undefined : await this.#inspector.inspect(heap.heapId);
      if (!call?.at) return false;
      task.at = await this.#scripts.place(heap.fn.url, call.at);
      task.atIsExact = true;
      return true;
    };
    for (const kind of kinds.values()) {
      for (const first of kind) {
        if (performance.now() > end) return this.#warn();
        // Whatever continued since the snapshot tells nothing about the others.
        if (!(await ask(first))) continue;
        for (const other of kind) if (!other.task.atIsExact) other.task.at = first.task.at!;
        break;
      }
    }
    for (const kind of kinds.values()) {
      for (const known of kind) {
        if (known.task.atIsExact) continue;
        if (performance.now() > end) return this.#warn();
        await ask(known);
      }
    }
  }

  #warn(): void {
    const count = this.tasks.filter((task) => task.state !== 'running' && !task.atIsExact).length;
    this.warnings.push(`The exact await of ${count} ${count === 1 ? 'task was' : 'tasks was'} not asked for, to be quick: the place shown is that of a similar task, or the function's start.`);
  }
}

/** Tasks of one kind are likely to be suspended at the same await: they run the same function and wait for the same sort of thing. */
function kindOf({ fn, awaits, target }: HeapTask): string {
  const what =
    target?.kind === 'call' ? `call ${target.resolver}` : 'group' in awaits ? `group ${awaits.group}` : 'resource' in awaits ? `resource ${awaits.resource}` : 'promise';
  return `${fn.scriptId}:${fn.line}:${fn.column} ${what}`;
}
