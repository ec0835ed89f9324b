// What the agent and its client say to each other. A client evaluates `handle.poll(request)` in the process; both are
// JSON text, both sides check what they get. Imports nothing, so that either side can load it alone.

export const PROTOCOL_VERSION = 1;

export interface PollRequest {
  version: typeof PROTOCOL_VERSION;
  /** How many sites the client has; the answer has those after. */
  sites: number;
  /** Asks for TaskChanges in place of TaskData: since the answer with this `sequence`, or 0 for all. */
  since?: number;
}

/** What every answer begins with. `parts` has one entry for each thing that the agent watches. */
export interface PollAnswer {
  version: typeof PROTOCOL_VERSION;
  pid: number;
  /** `worker_threads.threadId`: 0 for the main thread. */
  thread: number;
  node: string;
  parts: Record<string, unknown>;
}

export interface PollError {
  version: typeof PROTOCOL_VERSION;
  error: string;
}

/** Why a process or thread ended: its event loop had nothing left to do, `process.exit` or an error, or a signal. */
export type EndReason = 'dry' | 'exit' | 'SIGINT' | 'SIGTERM';

/** The file that is written at the end: `PID-THREAD.json`. */
export interface ExitReport {
  version: typeof PROTOCOL_VERSION;
  /** The script and its arguments. */
  command: string[];
  reason: EndReason;
  /** The exit code, where there is one. */
  code: number | null;
  /** A PollAnswer's text. */
  answer: string;
}

/** A request that is longer than this is not looked at. */
const MAX_REQUEST_LENGTH = 10_000;

/** The agent's side. Throws a one-sentence Error. */
export function parseRequest(text: unknown): PollRequest {
  if (typeof text !== 'string' || text.length > MAX_REQUEST_LENGTH) throw new Error('A request must be a short JSON text.');
  const value = JSON.parse(text) as Partial<PollRequest> | null;
  if (value?.version !== PROTOCOL_VERSION) throw new Error(`The agent speaks version ${PROTOCOL_VERSION}, the client another one.`);
  if (!isCount(value.sites)) throw new Error('A request needs "sites", a number.');
  const { sites, since } = value;
  if (since !== undefined && !isCount(since)) throw new Error('In a request "since" is a number.');
  return { version: PROTOCOL_VERSION, sites, ...(since !== undefined && { since }) };
}

/** The client's side: checks the frame; each part is checked by who reads it. Throws a one-sentence Error. */
export function parseAnswer(text: unknown): PollAnswer {
  if (typeof text !== 'string') throw new Error('The agent gave no answer: it is not there, or was removed.');
  let value: Partial<PollAnswer & PollError> | null;
  try {
    value = JSON.parse(text) as Partial<PollAnswer & PollError> | null;
  } catch {
    throw new Error('The agent’s answer is damaged.');
  }
  if (value?.version !== PROTOCOL_VERSION) throw new Error(`The agent in the process is of another version than ${PROTOCOL_VERSION}: restart the process.`);
  if (typeof value.error === 'string') throw new Error(`The agent refused: ${value.error}`);
  const { pid, thread, node, parts } = value;
  if (!isCount(pid) || !isCount(thread) || typeof node !== 'string' || typeof parts !== 'object' || parts === null) throw new Error('The agent’s answer is damaged.');
  return { version: PROTOCOL_VERSION, pid, thread, node, parts };
}

/** The reader's side. Throws a one-sentence Error. */
export function parseExitReport(text: string): ExitReport {
  let value: Partial<ExitReport> | null;
  try {
    value = JSON.parse(text) as Partial<ExitReport> | null;
  } catch {
    throw new Error('The report is damaged.');
  }
  const { version, command, reason, code, answer } = value ?? {};
  const isWhole =
    version === PROTOCOL_VERSION &&
    Array.isArray(command) &&
    command.every((word) => typeof word === 'string') &&
    (reason === 'dry' || reason === 'exit' || reason === 'SIGINT' || reason === 'SIGTERM') &&
    (code === null || typeof code === 'number') &&
    typeof answer === 'string';
  if (!isWhole) throw new Error('The report is damaged, or of another version.');
  return { version, command, reason, code, answer };
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** What a task waits for, in `TaskColumns.awaits`; the meaning of `ref` beside it. */
export const AwaitsCode = {
  /** Nothing is known of it. */
  promise: 0,
  /** ref: the id of another task in the list. */
  task: 1,
  /** ref: index in `groups`. */
  group: 2,
  /** ref: the site where the promise was made. */
  made: 3,
  /** What it waited for is settled: its continuation is queued. */
  ready: 4,
} as const;

export const TaskCode = { call: 0, generator: 1, promise: 2 } as const;

/** Bits of `TaskColumns.marks`. */
export const TaskMark = {
  /** The call began before it was watched: its age is at least what is known. */
  older: 1,
  /** Where it was made is likely, not certain. */
  unsure: 2,
} as const;

/** One entry for each task in every column. */
export interface TaskColumns {
  /** Stays the same from poll to poll. */
  id: number[];
  kind: number[];
  site: number[];
  /** Where it is suspended; 0 for a promise. */
  at: number[];
  /** Milliseconds on the clock of `TaskData.now`. */
  born: number[];
  marks: number[];
  awaits: number[];
  ref: number[];
}

/** A combinator that tasks wait for. */
export interface GroupRow {
  /** Stays the same from poll to poll. */
  id: number;
  site: number;
  total: number;
  pending: number;
  /** Ids of the members that are tasks. */
  tasks: number[];
  /** Where the other pending members were made. */
  sites: number[];
}

/** kind, builtin, file, name, line, column, fnLine, fnColumn, callerFile, callerLine, callerColumn; see Site. */
export type SiteRow = [number, string, string, string, number, number, number, number, string, number, number];

/** The answer's part `tasks`. Times are in milliseconds since tracking began. */
export interface TaskData {
  now: number;
  /** The first site in `sites`; the client has those before. */
  firstSite: number;
  sites: SiteRow[];
  tasks: TaskColumns;
  groups: GroupRow[];
  /** Names that the program gave, by task id. */
  names: [number, string][];
  counts: TaskCounts;
  /** The newest calls that were collected while pending: site, site of the await, age in ms. */
  lost: [number, number, number][];
  /**
   * Where continuations followed upon each other for so long that all else of the event loop had to wait: the site of
   * most of them, how often that was, milliseconds and continuations of the longest time.
   */
  starved: [number, number, number, number][];
  /** Calls that have ended while a client looked, and nobody listens to their promises: number, site, milliseconds since. */
  unheard: [number, number, number][];
}

/** The answer's part `tasks` for a client that names the answer which it had before. */
export interface TaskChanges extends TaskData {
  /** Of this answer, never 0. */
  sequence: number;
  /** The client must forget what it knows: it has named no answer, or another one than the last. */
  whole: boolean;
  /** Only what is new or different since; of a task that waits for a group, `ref` is the group's id. */
  tasks: TaskColumns;
  groups: GroupRow[];
  names: [number, string][];
  /** Those since. */
  lost: [number, number, number][];
  /** Ids of tasks that are not pending any more. Groups that no task waits for are gone, too. */
  gone: number[];
}

export interface TaskCounts {
  /** Promises made, and pending, since tracking began. */
  created: number;
  pending: number;
  /** Async calls collected while pending. */
  lost: number;
  /** Promises that were not tracked since too many were pending. */
  dropped: number;
  /** Promises whose place is guessed, since reading the stack would have cost too much. */
  unread: number;
  /** Tasks beyond the limit of one answer. */
  untold: number;
}

/** One answer tells of so many tasks at most. */
export const MAX_TASKS_TOLD = 200_000;

/** The client's side. Throws a one-sentence Error where anything does not fit. */
export function parseTaskData(value: unknown): TaskData {
  const data = value as Partial<TaskData> | null | undefined;
  if (typeof data !== 'object' || data === null) throw damaged();
  const { tasks, sites, groups, names, counts, lost, starved, unheard } = data;
  if (!isCount(data.firstSite) || typeof data.now !== 'number' || !Array.isArray(sites) || !sites.every(isSiteRow)) throw damaged();
  if (typeof tasks !== 'object' || tasks === null || !Array.isArray(tasks.id)) throw damaged();
  for (const column of COLUMNS) {
    const values: unknown = tasks[column];
    if (!Array.isArray(values) || values.length !== tasks.id.length || values.length > MAX_TASKS_TOLD || !values.every(isCount)) throw damaged();
  }
  if (!Array.isArray(groups) || !groups.every(isGroupRow)) throw damaged();
  if (!Array.isArray(names) || !names.every((row: unknown) => Array.isArray(row) && isCount(row[0]) && typeof row[1] === 'string')) throw damaged();
  if (!areRows(lost, 3) || !areRows(starved, 4) || !areRows(unheard, 3)) throw damaged();
  if (typeof counts !== 'object' || counts === null || !COUNTS.every((name) => isCount(counts[name]))) throw damaged();
  return data as TaskData;
}

/** The client's side. Throws a one-sentence Error where anything does not fit. */
export function parseTaskChanges(value: unknown): TaskChanges {
  const { sequence, whole, gone } = parseTaskData(value) as Partial<TaskChanges>;
  if (!isCount(sequence) || typeof whole !== 'boolean' || !Array.isArray(gone) || !gone.every(isCount)) throw damaged();
  return value as TaskChanges;
}

/** The answer's part `resources`: how many of each kind keep the event loop alive. Throws a one-sentence Error. */
export function parseResources(value: unknown): Record<string, number> {
  if (typeof value !== 'object' || value === null || !Object.values(value).every(isCount)) throw new Error('The agent’s list of resources is damaged.');
  return value as Record<string, number>;
}

export const COLUMNS = ['id', 'kind', 'site', 'at', 'born', 'marks', 'awaits', 'ref'] as const satisfies readonly (keyof TaskColumns)[];
const COUNTS = ['created', 'pending', 'lost', 'dropped', 'unread', 'untold'] as const satisfies readonly (keyof TaskCounts)[];

function areRows(rows: unknown, length: number): boolean {
  return Array.isArray(rows) && rows.every((row: unknown) => Array.isArray(row) && row.length === length && row.every(isCount));
}

export function isSiteRow(row: unknown): row is SiteRow {
  const texts = new Set([1, 2, 3, 8]);
  return Array.isArray(row) && row.length === 11 && row.every((cell, index) => (texts.has(index) ? typeof cell === 'string' : isCount(cell)));
}

function isGroupRow(row: unknown): row is GroupRow {
  const { id, site, total, pending, tasks, sites } = (row ?? {}) as Partial<GroupRow>;
  return isCount(id) && isCount(site) && isCount(total) && isCount(pending) && Array.isArray(tasks) && tasks.every(isCount) && Array.isArray(sites) && sites.every(isCount);
}

function damaged(): Error {
  return new Error('The agent’s list of tasks is damaged.');
}
