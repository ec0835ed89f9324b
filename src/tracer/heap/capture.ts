import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { requestHeapSnapshot } from '../inspector/heap-snapshot';
import type { InspectorSession } from '../inspector/session';
import type { Place, Task, TaskCapture, TaskDetails, TaskId } from '../task';
import { FunctionPlaces } from './function-places';
import type { HeapGraph } from './graph';
import { HeapTasks, nameOf, type HeapTask, type HeapTasksOptions } from './heap-tasks';
import { CallInspector } from './inspection';
import { readSocketAddresses } from './live-sockets';
import { DiskScripts, LiveScripts, Scripts } from './scripts';
import { SnapshotError } from './snapshot-layout';
import { SnapshotParser } from './snapshot-parser';

export interface CaptureOptions {
  /** What task ids begin with; they must differ between the threads of one report. Default `t`. */
  idPrefix?: string;
  /**
   * How long the process may be asked, after the snapshot, where functions with several awaits are suspended (each
   * question walks the heap). Default 1 s.
   */
  inspectMs?: number;
  /** How long the process may take for the snapshot. Default by the heap's size, at least 20 s. */
  snapshotMs?: number;
}

/** V8 takes about 45 ms for a MB of heap full of small objects. */
const SNAPSHOT_MS_PER_MB = 150;
const MIN_SNAPSHOT_MS = 20_000;
const DEFAULT_INSPECT_MS = 1_000;

/**
 * Takes a heap snapshot of a live thread and reads its tasks. The thread is paused for the snapshot only. Rejects with a
 * one-sentence Error when the thread does not answer or ends.
 */
export async function captureTasks(session: InspectorSession, options: CaptureOptions = {}): Promise<TaskCapture> {
  const live = new LiveScripts(session);
  try {
    const { graph, now } = await takeSnapshot(session, live, options.snapshotMs);
    const capture = new LiveCapture(session, live);
    await capture.complete(new HeapTasks(graph, { ...idPrefix(options), ...(now !== undefined && { now }) }), options.inspectMs ?? DEFAULT_INSPECT_MS);
    return capture;
  } finally {
    await live.close();
  }
}

/** Reads the tasks of a `.heapsnapshot` file. Rejects with a one-sentence Error where it is no whole snapshot. */
export async function readSnapshotFile(file: string, options: Pick<CaptureOptions, 'idPrefix'> = {}): Promise<TaskCapture> {
  const heap = new HeapTasks(await parseSnapshotFile(file), idPrefix(options));
  const places = new FunctionPlaces(new Scripts(new DiskScripts()));
  const tasks: Task[] = [];
  await nameFunctions(heap, places);
  heap.finish();
  for (const task of heap.tasks) {
    const { defined } = places.of(task);
    tasks.push(toTask(task, defined, task.kind === 'promise', defined));
  }
  const warnings = tasks.length
    ? ['A snapshot file does not tell at which await a task is suspended: the places are where the functions start. It has no locals either.']
    : [];
  return { tasks, warnings, inspect: () => Promise.resolve(undefined), release: () => Promise.resolve() };
}

/** Reads a snapshot file in pieces. The error's sentence begins with the file's name. */
export async function parseSnapshotFile(file: string): Promise<HeapGraph> {
  try {
    if (!(await stat(file)).isFile()) throw new SnapshotError('is no file');
    const parser = new SnapshotParser();
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) parser.push(chunk as Buffer);
    return parser.finish();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SnapshotError) throw new SnapshotError(`${file} ${error.message}.`);
    if (code === 'ENOENT') throw new SnapshotError(`${file} does not exist.`);
    if (code === 'EACCES' || code === 'EPERM') throw new SnapshotError(`${file} cannot be read: permission denied.`);
    throw error;
  }
}

const idPrefix = ({ idPrefix: prefix }: Pick<CaptureOptions, 'idPrefix'>): HeapTasksOptions => (prefix === undefined ? {} : { idPrefix: prefix });

async function takeSnapshot(session: InspectorSession, scripts: LiveScripts, snapshotMs: number | undefined): Promise<{ graph: HeapGraph; now: number | undefined }> {
  const parser = new SnapshotParser({ retainers: true });
  // One after the other: a second small answer waits in the target's socket until the first is acknowledged, 40 ms later.
  const { usedSize } = await session.send<{ usedSize: number }>('Runtime.getHeapUsage');
  const { result } = await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression: 'performance.now()', returnByValue: true, silent: true });
  const timeoutMs = snapshotMs ?? Math.max(MIN_SNAPSHOT_MS, (usedSize / 2 ** 20) * SNAPSHOT_MS_PER_MB);
  let announced: Promise<unknown> | undefined;
  const onChunk = (chunk: string) => {
    // Asked now, the scripts are announced right after the snapshot, while we are busy with it.
    announced ??= scripts.enable().catch(() => undefined);
    parser.push(chunk);
  };
  await requestHeapSnapshot(session, { onChunk, timeoutMs });
  return { graph: parser.finish(), now: typeof result.value === 'number' ? result.value : undefined };
}

/** Keeps what was read of the tasks, but not the heap: a capture may be looked at for long. */
class LiveCapture implements TaskCapture {
  readonly tasks: Task[] = [];
  readonly warnings: string[] = [];
  /** In the order of `tasks`. */
  #heapTasks: readonly HeapTask[] = [];
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

  async complete(heap: HeapTasks, inspectMs: number): Promise<void> {
    const [addresses] = await Promise.all([this.#addresses(heap), nameFunctions(heap, this.#places)]);
    heap.finish(addresses);
    this.#heapTasks = heap.tasks;
    for (const task of heap.tasks) {
      const { defined, only } = this.#places.of(task);
      const exact = task.kind === 'promise' ? defined : task.state === 'running' ? undefined : only;
      this.tasks.push(toTask(task, exact ?? defined, exact !== undefined, defined));
    }
    await this.#locate(inspectMs);
    await this.#inspector.release();
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

/** Renames functions and classes to what they were called before a bundler renamed them. */
async function nameFunctions(heap: HeapTasks, places: FunctionPlaces): Promise<void> {
  await places.read(heap.tasks);
  for (const task of heap.tasks) {
    const { ownName, className } = places.of(task);
    if (ownName) task.ownName = ownName;
    if (className) task.className = className;
  }
}

/** Tasks of one kind are likely to be suspended at the same await: they run the same function and wait for the same sort of thing. */
function kindOf({ fn, awaits, target }: HeapTask): string {
  const what =
    target?.kind === 'call' ? `call ${target.resolver}` : 'group' in awaits ? `group ${awaits.group}` : 'resource' in awaits ? `resource ${awaits.resource}` : 'promise';
  return `${fn.scriptId}:${fn.line}:${fn.column} ${what}`;
}

function toTask(from: HeapTask, at: Place, atIsExact: boolean, defined: Place): Task {
  const { id, kind, state, stuck, awaits, awaitedBy } = from;
  const task: Task = { id, name: nameOf(from), kind, state, stuck, at, atIsExact, defined, awaits, awaitedBy };
  if (from.stuckReason !== undefined) task.stuckReason = from.stuckReason;
  if (from.receiver !== undefined) task.receiver = from.receiver;
  return task;
}
