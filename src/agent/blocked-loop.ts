// What the agent says about a blocked event loop. Imports nothing: both ends of the wire read it.

/** One function on the stack of a block, and the place in it that ran. Lines and columns from 1. */
export interface BlockedFrame {
  /** Empty for an anonymous function. */
  name: string;
  /** As V8 gives it: a path, a file: URL, node:internal/… */
  url: string;
  line: number;
  column: number;
}

/** The async call that ran, and where its function starts. */
export interface BlockedTask extends BlockedFrame {
  /** As in the list of tasks. */
  id: number;
}

/** All blocks of one place. */
export interface BlockedPlace {
  /** Innermost first, at most `maxFrames`. Empty where no JavaScript was met before the loop turned again. */
  frames: BlockedFrame[];
  /**
   * The stack was met only when native code returned to JavaScript. What blocked is not the call at the innermost place
   * but the last one before it, or native code that Node's own function there has called.
   */
  late: boolean;
  /** What ran when the longest of them was met; undefined where that was no async call. */
  task?: BlockedTask | undefined;
  count: number;
  totalMs: number;
  longestMs: number;
  /** When the last of them began, in milliseconds since 1970. */
  lastAt: number;
}

/** A block that still lasts. */
export interface BlockGoingOn {
  ms: number;
  frames: BlockedFrame[];
  task?: BlockedTask | undefined;
}

export interface BlockedLoop {
  /** Shorter blocks are not counted. */
  thresholdMs: number;
  places: BlockedPlace[];
  /** Blocks at places beyond the `maxPlaces` that are kept. */
  dropped: number;
  goingOn?: BlockGoingOn;
}

export const maxFrames = 32;
export const maxPlaces = 200;

/** What the watching thread is called, where threads have names. */
export const watchThreadName = 'asyncscope watchdog';

/** Matches the names of all watchdogs. */
export const watchdogNames = /^asyncscope:[0-9a-f]+:loop$/;

/** The name of the global property that the watchdog answers under. */
export function watchdogName(secret: string): string {
  return `asyncscope:${secret}:loop`;
}

/** What was sent, where it has that shape; undefined otherwise. */
export function readBlockedLoop(sent: unknown): BlockedLoop | undefined {
  if (!isRecord(sent) || !areAmounts(sent['thresholdMs'], sent['dropped'])) return undefined;
  const { places, goingOn } = sent;
  if (!Array.isArray(places) || places.length > maxPlaces || !places.every(isPlace)) return undefined;
  if (goingOn !== undefined && !(isRecord(goingOn) && areAmounts(goingOn['ms']) && isBlockedFrames(goingOn['frames']) && isTask(goingOn['task']))) return undefined;
  return sent as unknown as BlockedLoop;
}

function isPlace(sent: unknown): boolean {
  return (
    isRecord(sent) &&
    typeof sent['late'] === 'boolean' &&
    isBlockedFrames(sent['frames']) &&
    isTask(sent['task']) &&
    areAmounts(sent['count'], sent['totalMs'], sent['longestMs'], sent['lastAt'])
  );
}

function isTask(sent: unknown): boolean {
  return sent === undefined || (isFrame(sent) && isRecord(sent) && areAmounts(sent['id']));
}

export function isBlockedFrames(sent: unknown): sent is BlockedFrame[] {
  return Array.isArray(sent) && sent.length <= maxFrames && sent.every(isFrame);
}

function isFrame(sent: unknown): boolean {
  return isRecord(sent) && typeof sent['name'] === 'string' && typeof sent['url'] === 'string' && areAmounts(sent['line'], sent['column']);
}

function isRecord(sent: unknown): sent is Record<string, unknown> {
  return typeof sent === 'object' && sent !== null;
}

function areAmounts(...sent: unknown[]): boolean {
  return sent.every((amount) => typeof amount === 'number' && Number.isFinite(amount) && amount >= 0);
}
