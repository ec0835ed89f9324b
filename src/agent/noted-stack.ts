// The stack of the main thread, noted while an interruption holds it up.
import { maxFrames, type BlockedFrame, type BlockedTask } from './blocked-loop';
import { stackReader, type CallFrame } from './stack-reader';

export interface NotedStack {
  /** Innermost first. */
  frames: BlockedFrame[];
  /** See BlockedPlace. */
  late: boolean;
  task: BlockedTask | undefined;
  /** How much of the block it stands for, in milliseconds. */
  ms: number;
}

/** JavaScript is interrupted within a millisecond or two; after longer it was native code that ran. */
const promptMs = 10;
const maxName = 200;
const maxUrl = 2000;

/** The reader's frame, that of `read`, its caller's, and the text that the inspector runs. */
const ownFrames = 4;
const read = stackReader(ownFrames + maxFrames);
/** The agent, where it was loaded as a file, and its other bundles beside it: not the program's, which has called them. */
const ownFile: string | undefined = module.filename;
const otherBundles = /(handles|recorder).js$/;

/** The stack that an interruption holds up; `delayMs` is how long the interruption had to wait for it. */
export function heldUpStack(ms: number, delayMs: number, task: BlockedTask | undefined): NotedStack {
  const late = delayMs > promptMs;
  // Native functions have no file, and those that wait at an await are not on the stack.
  const frames = read().slice(ownFrames).filter((frame) => (frame.getFileName() || ownFile)?.replace(otherBundles, 'agent.js') !== ownFile && !frame.isAsync());
  if (late && frames[0] && isAtItsStart(frames[0])) frames.shift();
  return { frames: frames.map(frameOf), late, task, ms };
}

/** Native code is over, and the next function was about to begin when the interruption came: it has nothing to do with it. */
function isAtItsStart(frame: CallFrame): boolean {
  const name = frame.getFunctionName()?.split('.').at(-1) ?? '';
  // V8 lets a function begin at its parameter list.
  const body = (frame.getEnclosingColumnNumber?.() ?? 0) + 'async function* '.length + name.length;
  return frame.getLineNumber() === frame.getEnclosingLineNumber?.() && (frame.getColumnNumber() ?? 0) <= body;
}

function frameOf(frame: CallFrame): BlockedFrame {
  return {
    name: (frame.getFunctionName() ?? '').slice(0, maxName),
    url: (frame.getFileName() ?? '').slice(0, maxUrl),
    line: frame.getLineNumber() ?? 1,
    column: frame.getColumnNumber() ?? 1,
  };
}

/** The stack that stands for most of a block, counting together those of one place. */
export function heaviest(stacks: readonly NotedStack[]): NotedStack | undefined {
  const weights = new Map<string, number>();
  for (const stack of stacks) weights.set(placeKey(stack.frames), (weights.get(placeKey(stack.frames)) ?? 0) + stack.ms);
  const most = Math.max(...weights.values());
  return stacks.filter((stack) => weights.get(placeKey(stack.frames)) === most).sort((one, other) => other.ms - one.ms)[0];
}

/**
 * Stacks with the same key are one place: the same calls of the program's, and the same line of its innermost function
 * (in which the work moves about). Node's own functions do not count.
 */
export function placeKey(frames: readonly BlockedFrame[]): string {
  const own = frames.filter((frame) => !frame.url.startsWith('node:'));
  return JSON.stringify(own.map(({ url, line, column, name }, index) => [url, line, index === 0 ? name : column]));
}
