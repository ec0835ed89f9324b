// What the recorder in the process and its client say to each other; see protocol.ts. Imports nothing but that.
import { isBlockedFrames, type BlockedFrame } from './blocked-loop';
import { isCount, isSiteRow, parseTaskData, PROTOCOL_VERSION, type SiteRow, type TaskData } from './protocol';

/** What happens to calls. Each takes four unsigned 32-bit numbers in the ring: `packStep`, time, id, ref. */
export const Step = {
  /** An async function was called; site: where; code: its TaskMark. */
  begin: 1,
  /** It waits at the site, for what code (an AwaitsCode) and ref tell. */
  suspend: 2,
  resume: 3,
  /** Its promise is settled. */
  end: 4,
  /** It was collected while pending: nothing could have resumed it. */
  lost: 5,
  /** It is no call; what was told of it counts for nothing. */
  mistake: 6,
  /** The combinator `id` waits for what code and ref tell. */
  member: 7,
  /** A call that began before it was watched has the number `id` now; before it had `ref`, 0 for none. */
  orphan: 8,
  /** What a call is about to wait for: a combinator at the site, with `ref` members. */
  group: 9,
} as const;

export const LAST_STEP = Step.group;
export const NUMBERS_PER_STEP = 4;
const SITE_BITS = 14;
const CODE_BITS = 3;

/** `site` is below MAX_SITES; `code` an AwaitsCode, whose ref is a task's or group's id here, or a site. */
export function packStep(step: number, site: number, code: number): number {
  return (((step << CODE_BITS) | code) << SITE_BITS) | site;
}

export function stepOf(packed: number): number {
  return packed >>> (SITE_BITS + CODE_BITS);
}

export function codeOf(packed: number): number {
  return (packed >>> SITE_BITS) & ((1 << CODE_BITS) - 1);
}

export function siteOf(packed: number): number {
  return packed & ((1 << SITE_BITS) - 1);
}

/** A block of the event loop that is over. */
export interface RecordedBlock {
  /** Milliseconds since 1970. */
  at: number;
  ms: number;
  /** Innermost first; empty where no JavaScript was met. */
  frames: BlockedFrame[];
}

export interface DrainRequest {
  version: typeof PROTOCOL_VERSION;
  /** How many sites the client has. */
  sites: number;
}

/** What was recorded since the last time. */
export interface RecorderData {
  version: typeof PROTOCOL_VERSION;
  /** Milliseconds since tracking began, with their fraction: the clock of the steps, which tell microseconds modulo 2^32. */
  now: number;
  /** When tracking began, in milliseconds since 1970. */
  origin: number;
  /** Steps that were overwritten before anybody asked. */
  dropped: number;
  /** Base64 of little-endian numbers; the parts follow one another. */
  steps: string[];
  /** The first site in `sites`. */
  firstSite: number;
  sites: SiteRow[];
  /** Names that the program gave, by id. */
  names: [number, string][];
  blocks: RecordedBlock[];
  /** What is pending now: at the beginning, and after steps were dropped. */
  tasks?: TaskData;
  /** With `tasks`: the other calls that have not ended, by id. They run, or are over and follow another promise. */
  others?: number[];
  /** Nothing is told yet: the question came into the middle of the agent's own work. To be asked again at once. */
  again?: boolean;
}

/** So many names and blocks are kept between two questions; the oldest are forgotten. */
export const MOST_NAMES = 10_000;
export const MOST_BLOCKS = 1_000;

/** The agent's side. Throws a one-sentence Error. */
export function parseDrainRequest(text: unknown): DrainRequest {
  const value = typeof text === 'string' && text.length < 1000 ? (JSON.parse(text) as Partial<DrainRequest> | null) : null;
  if (value?.version !== PROTOCOL_VERSION || !isCount(value.sites)) throw new Error('A question to the recorder needs its version and "sites", a number.');
  return { version: PROTOCOL_VERSION, sites: value.sites };
}

/** The client's side. Throws a one-sentence Error where anything does not fit. */
export function parseRecorderData(text: unknown): RecorderData {
  if (typeof text !== 'string') throw new Error('The recorder gave no answer: it is not in the process any more.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged();
  }
  return readRecorderData(value);
}

/** The same for what has been parsed, such as the part `recorder` of an answer. */
export function readRecorderData(sent: unknown): RecorderData {
  const value = sent as (Partial<RecorderData> & { error?: unknown }) | null | undefined;
  if (typeof value?.error === 'string') throw new Error(`The recorder refused: ${value.error}`);
  if (value?.version !== PROTOCOL_VERSION) throw new Error(`The recorder in the process is of another version than ${PROTOCOL_VERSION}: restart the process.`);
  const { now, origin, dropped, steps, firstSite, sites, names, blocks, tasks, others, again } = value;
  if (!isTime(now) || !isTime(origin) || !isCount(dropped) || !isCount(firstSite)) throw damaged();
  if (!Array.isArray(steps) || !steps.every((part) => typeof part === 'string')) throw damaged();
  if (!Array.isArray(sites) || !sites.every(isSiteRow)) throw damaged();
  if (!Array.isArray(names) || !names.every((row: unknown) => Array.isArray(row) && isCount(row[0]) && typeof row[1] === 'string')) throw damaged();
  if (!Array.isArray(blocks) || !blocks.every((block) => isTime(block?.at) && isTime(block.ms) && isBlockedFrames(block.frames))) throw damaged();
  if (tasks !== undefined) parseTaskData(tasks);
  if (others !== undefined && !(Array.isArray(others) && others.every(isCount))) throw damaged();
  return { version: PROTOCOL_VERSION, now, origin, dropped, steps, firstSite, sites, names, blocks, tasks, others, again: again === true };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function damaged(): Error {
  return new Error('The recorder’s answer is damaged.');
}
