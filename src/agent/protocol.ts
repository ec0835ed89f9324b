// What the agent and its client say to each other. A client evaluates `handle.poll(request)` in the process; both are
// JSON text, both sides check what they get. Imports nothing, so that either side can load it alone.

export const PROTOCOL_VERSION = 1;

export interface PollRequest {
  version: typeof PROTOCOL_VERSION;
  /** How many sites the client has; the answer has those after. */
  sites: number;
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

/** A request that is longer than this is not looked at. */
const MAX_REQUEST_LENGTH = 10_000;

/** The agent's side. Throws a one-sentence Error. */
export function parseRequest(text: unknown): PollRequest {
  if (typeof text !== 'string' || text.length > MAX_REQUEST_LENGTH) throw new Error('A request must be a short JSON text.');
  const value = JSON.parse(text) as Partial<PollRequest> | null;
  if (value?.version !== PROTOCOL_VERSION) throw new Error(`The agent speaks version ${PROTOCOL_VERSION}, the client another one.`);
  if (!isCount(value.sites)) throw new Error('A request needs "sites", a number.');
  return { version: PROTOCOL_VERSION, sites: value.sites };
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

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
