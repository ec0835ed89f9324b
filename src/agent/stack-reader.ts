import { createContext, runInContext } from 'node:vm';

/** What we read of one frame of a stack. */
export interface CallFrame {
  getFileName(): string | null | undefined;
  getScriptNameOrSourceURL(): string | null | undefined;
  getFunctionName(): string | null;
  /** The class of `this`. */
  getTypeName(): string | null;
  /** The property of `this` that the function is. */
  getMethodName(): string | null;
  isToplevel(): boolean;
  isEval(): boolean;
  /** A caller that waits at an await, and is not on the stack itself. */
  isAsync(): boolean;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  /** Offset in the script. */
  getPosition(): number;
  getEnclosingLineNumber?(): number | null;
  getEnclosingColumnNumber?(): number | null;
}

const DEPTH = 11;

/**
 * Makes what reads the caller's stack, innermost frame first, `depth` frames at most unless it is told another number; the first ones are the agent's own. It lives in a realm of
 * its own, so that neither `Error.stackTraceLimit` nor `Error.prepareStackTrace` of the program is ever touched or seen.
 */
export function stackReader(depth = DEPTH): (frames?: number) => CallFrame[] {
  const context = createContext({}, { name: 'asyncscope' });
  return runInContext(
    // As short as it can be: the text is not minified.
    `Error.prepareStackTrace=(e,frames)=>frames;(depth=${depth})=>{Error.stackTraceLimit=depth;const e={};Error.captureStackTrace(e);const{stack}=e;return Array.isArray(stack)?stack:[]}`,
    context,
  ) as (frames?: number) => CallFrame[];
}
