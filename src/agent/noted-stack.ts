// The stack of the main thread, noted while an interruption holds it up.
import { maxFrames, type BlockedFrame } from './blocked-loop';

export interface NotedStack {
  /** Innermost first. */
  frames: BlockedFrame[];
  /** See BlockedPlace. */
  late: boolean;
}

/** JavaScript is interrupted within a millisecond or two; after longer it was native code that ran. */
const promptMs = 8;
const maxName = 200;
const maxUrl = 2000;

/** The stack below `from`; `delayMs` is how long the interruption had to wait. Leaves nothing behind that the program sees. */
export function mainStack(delayMs: number, from: (asked: number) => void): NotedStack {
  const late = delayMs > promptMs;
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = maxFrames;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder, from);
    // The outermost function of the interruption is the text that the inspector ran; native functions have no file.
    const sites = (holder.stack ?? []).filter((site) => site.getFileName());
    if (late && sites[0] && isAtItsStart(sites[0])) sites.shift();
    return { frames: sites.map(frameOf), late };
  } catch {
    return { frames: [], late };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** Native code is over, and the next function was about to begin when the interruption came: it has nothing to do with it. */
function isAtItsStart(site: NodeJS.CallSite): boolean {
  const { line, column } = enclosing(site);
  const name = site.getFunctionName()?.split('.').at(-1) ?? '';
  // V8 lets a function begin at its parameter list.
  return site.getLineNumber() === line && (site.getColumnNumber() ?? 0) <= column + 'async function* '.length + name.length;
}

/** Where the function begins that a frame is in. */
function enclosing(site: NodeJS.CallSite): { line: number; column: number } {
  const { getEnclosingLineNumber, getEnclosingColumnNumber } = site as unknown as Record<string, (() => number) | undefined>;
  return { line: getEnclosingLineNumber?.call(site) ?? 0, column: getEnclosingColumnNumber?.call(site) ?? 0 };
}

function frameOf(site: NodeJS.CallSite): BlockedFrame {
  return {
    name: (site.getFunctionName() ?? '').slice(0, maxName),
    url: (site.getFileName() ?? '').slice(0, maxUrl),
    line: site.getLineNumber() ?? 1,
    column: site.getColumnNumber() ?? 1,
  };
}

/** Stacks with the same key are one place: the innermost line that is not Node's own, or no line at all. */
export function placeKey({ frames, late }: NotedStack): string {
  const index = frames.findIndex((frame) => !frame.url.startsWith('node:'));
  const place = frames[index];
  return place ? JSON.stringify([place.url, place.line, frames[index - 1]?.name, late]) : '';
}
