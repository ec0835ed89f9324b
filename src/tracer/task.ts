/**
 * The one task model: what is pending in a Node process, whichever source it came from (a heap snapshot or the agent).
 * These types are the JSON that `ps --json` and `tree --json` print.
 */

/** A place in a source file; lines and columns count from 1. */
export interface Position {
  /** Absolute path of a file on disk; the script's URL as it is where it is not a file (`node:internal/…`, `evalmachine.<anonymous>`). */
  file: string;
  line: number;
  column: number;
}

/** A place in what the programmer wrote; `generated` is the place that runs, where a source map led from there to here. */
export interface Place extends Position {
  generated?: Position;
}

export type TaskId = string;

export type TaskKind = 'async-function' | 'async-generator' | 'promise';

/**
 * `awaiting`: suspended at an await. `ready`: what it waits for is settled, its continuation is queued.
 * `running`: on the stack at the moment of the look.
 */
export type TaskState = 'awaiting' | 'ready' | 'running';

export type GroupKind = 'all' | 'allSettled' | 'any' | 'race';

/** Waits for another task's result, directly or through `.then` handlers or `return promise`. */
export interface AwaitsTask {
  task: TaskId;
}

/** Waits for a combinator: `pending` of its `total` promises are not settled; `tasks` are those of them that are tasks. */
export interface AwaitsGroup {
  group: GroupKind;
  tasks: TaskId[];
  pending: number;
  /** 0 for a race over nothing. */
  total: number;
  /** What the pending promises wait for that are no tasks themselves (a timer in `Promise.race([work(), timeout])`). */
  resources?: AwaitsResource[];
}

/** Waits for something outside JavaScript, or for an object of Node's that will call back. */
export interface AwaitsResource {
  /** `Timeout`, `Immediate`, `Socket`, `Server`, `FileRequest`, `FileHandle`, `ChildProcess`, `MessagePort`, `AbortSignal`, a stream's or emitter's class, … */
  resource: string;
  /** Which one, for a reader: a due time, an address, a path, a pid; empty where the heap does not tell. */
  detail: string;
}

/** Waits for a promise that nothing more is known of. */
export interface AwaitsPromise {
  promise: true;
}

export type Awaits = AwaitsTask | AwaitsGroup | AwaitsResource | AwaitsPromise;

export interface Local {
  name: string;
  /** A one-line preview that was made without running any getter, proxy or `toJSON` of the program. */
  value: string;
}

export interface Task {
  /** Unique within one report; not stable from one look to the next. */
  id: TaskId;
  /** The function's name, with the class where it is known (`Worker.loop`); `(anonymous)` where it has none. */
  name: string;
  kind: TaskKind;
  state: TaskState;
  /** Proved: nothing that still exists can ever resume it. */
  stuck: boolean;
  /** One sentence; set when `stuck`. */
  stuckReason?: string;
  /** The await where it is suspended; where that is not known it is the same as `defined`, and `atIsExact` is false. */
  at?: Place;
  atIsExact?: boolean;
  /** Where the function starts. */
  defined?: Place;
  awaits: Awaits;
  /** The tasks that wait for this one, directly or through a group or `.then` handlers. */
  awaitedBy: TaskId[];
  /** The class of `this`, where it has one. */
  receiver?: string;
  /** Where the task was created; only the agent knows. */
  created?: Place;
  /** Milliseconds since it was created; only the agent knows. */
  ageMs?: number;
  /** The task is older than what watched it: its age is `ageMs` or more. */
  ageIsMinimum?: true;
  locals?: Local[];
}

/** One JavaScript thread of the process and what is pending in it. */
export interface TaskThread {
  id: string;
  name: string;
  tasks: Task[];
}

export interface TaskTarget {
  /** Absent for a snapshot file. */
  pid?: number;
  /** `v24.1.0`; absent for a snapshot file. */
  node?: string;
  source: 'heap' | 'live';
  /** The snapshot file that was read. */
  file?: string;
}

/** What `ps --json` and `tree --json` print. */
export interface TaskReport {
  version: 1;
  target: TaskTarget;
  threads: TaskThread[];
  /** What could not be done or is less sure than usual, a sentence each. */
  warnings: string[];
}

/** One look at one thread. While the session is open, more can be asked about the tasks it found. */
export interface TaskCapture {
  readonly tasks: Task[];
  readonly warnings: string[];
  /**
   * The exact await and the locals of one task, from the live process; also stored in the task. Undefined where the
   * task has finished since, or there is no session (a snapshot file). The first question about a large heap costs a walk of it (100 ms for 20 MB).
   */
  inspect(id: TaskId): Promise<TaskDetails | undefined>;
  /** How the process's inspector finds a suspended call again; undefined for a promise, and for a snapshot file. */
  inHeap(id: TaskId): CallInHeap | undefined;
  /** Lets go of what the capture holds in the process. */
  release(): Promise<void>;
}

/** A suspended call as the heap has it. The numbers are what `HeapProfiler.getObjectByHeapObjectId` takes; they stay the same. */
export interface CallInHeap {
  heapId: number;
  /** What the agent has stamped its promise with; undefined without an agent, or with several. */
  stamp?: number;
  /** The timers and signals that it waits for, directly or in a group. */
  waitsFor: { className: 'Timeout' | 'AbortSignal'; heapId: number }[];
}

export interface TaskDetails {
  at: Place;
  locals: Local[];
}
