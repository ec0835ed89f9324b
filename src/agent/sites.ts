import type { SiteRow } from './protocol';
import type { CallFrame } from './stack-reader';

/** What made a promise, told by the stack. */
export enum SiteKind {
  /** Not read. */
  unknown = 0,
  /** An async function was called. */
  call = 1,
  /** `new Promise`, `Promise.resolve`, a native function's promise. */
  made = 2,
  /** `Promise.all` and its like. */
  group = 3,
  /** An await: the promise is V8's own, for the continuation. */
  await = 4,
  /** `.then`, `.catch`, `.finally`; or V8 lets one promise follow another. */
  then = 5,
  /** A combinator's `.then` on one of its members. */
  member = 6,
  /** An async generator was asked for its next value. */
  next = 7,
}

/** Where promises are made. Lines and columns from 1; 0 where they are not known. */
export interface Site {
  kind: SiteKind;
  /** The innermost function with source text: its script's name, its own name (with its class, where V8 knows it), and where in it. */
  file: string;
  name: string;
  line: number;
  column: number;
  /** Where that function starts. */
  fnLine: number;
  fnColumn: number;
  /** `all`, `race`, … for a group. */
  builtin: string;
  /** Who called that function; empty where nothing did (a continuation). */
  callerFile: string;
  callerLine: number;
  callerColumn: number;
}

/** Sites beyond so many are all the unknown one; their promises are counted. */
export const MAX_SITES = 1 << 14;
const COMBINATORS = new Set(['all', 'allSettled', 'any', 'race']);
const RETURN = 'return';
const REQUESTS = new Set(['next', RETURN, 'throw']);
/** Classes of `this` that tell a reader nothing. */
const PLAIN_TYPES = new Set(['Object', 'Function', 'Module', 'global', 'Window']);
const NO_SITE: Site = { kind: SiteKind.unknown, file: '', name: '', line: 0, column: 0, fnLine: 0, fnColumn: 0, builtin: '', callerFile: '', callerLine: 0, callerColumn: 0 };

export enum Trait {
  /** These bits are the SiteKind. */
  kind = 7,
  /** V8 itself lets one promise follow another: no code is on the stack. */
  adoption = 8,
  /** A function of Node itself. */
  internal = 16,
}
export const FUNCTION_SHIFT = 5;

/** All sites seen, by number; 0 is the unknown one. A number never changes its meaning. */
export class SiteTable {
  readonly sites: Site[] = [NO_SITE];
  /** By site number: its kind, the marks below, and above FUNCTION_SHIFT, the function that it is in: sites in one function share that. */
  readonly traits = new Int32Array(MAX_SITES);
  /** How many captures found the table full. */
  overflowed = 0;
  private readonly numbers = new Map<string, number>();
  private readonly functionNumbers = new Map<string, number>();
  /** Where functions start, by their number. */
  private readonly entries = new Map<number, number>();

  kind(site: number): SiteKind {
    return this.traits[site]! & Trait.kind;
  }

  functionOf(site: number): number {
    return this.traits[site]! >> FUNCTION_SHIFT;
  }

  /** True for functions of Node itself. */
  isInternal(site: number): boolean {
    return (this.traits[site]! & Trait.internal) !== 0;
  }

  /**
   * Whether a call that waits at a site is a task: not one of Node's own, nor a function that is over and only follows
   * another promise, nor a generator that waits nobody knows where.
   */
  isTaskAt(site: number): boolean {
    return !this.isInternal(site) && this.kind(site) <= SiteKind.await;
  }

  /** The number of the site that a stack shows; `own` frames at its start are the agent's. `parented`: the promise hangs on another. */
  read(frames: CallFrame[], own: number, parented: boolean): number {
    // Builtins have no file.
    let at = own;
    while (at < frames.length && !fileOf(frames[at]!)) at++;
    const [first, second] = frames.slice(own, at).map((frame) => frame.getFunctionName() ?? '(builtin)');
    // `return()` of a suspended async generator awaits its value first, in the generator's stead, and in nobody's code.
    const isReturn = parented && first === RETURN;
    const frame = !isReturn && isCaller(frames[at]) ? frames[at] : undefined;
    const fn = frame ? this.functionNumber(frame) : 0;
    let kind: SiteKind = kindOf(first ?? '', second ?? '', parented);
    if (kind === SiteKind.call && frame && !this.isEntry(fn, frame.getPosition())) kind = SiteKind.made;
    const withCaller = kind !== SiteKind.await && kind !== SiteKind.member;
    const next = withCaller ? frames.slice(at + 1).find((each) => fileOf(each)) : undefined;
    const caller = isCaller(next) ? next : undefined;
    const key = `${kind} ${frame ? `${fileOf(frame)}:${frame.getPosition()}` : first} ${caller ? `${fileOf(caller)}:${caller.getPosition()}` : ''}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    if (this.sites.length >= MAX_SITES) {
      this.overflowed++;
      return 0;
    }
    return this.add(key, kind, first ?? '', fn, frame, caller);
  }

  /** The number of the function that a frame is of. */
  private functionNumber(frame: CallFrame): number {
    const key = `${fileOf(frame)}:${frame.getEnclosingLineNumber?.() ?? 0}:${frame.getEnclosingColumnNumber?.() ?? 0}`;
    let fn = this.functionNumbers.get(key);
    if (fn === undefined) this.functionNumbers.set(key, (fn = this.functionNumbers.size + 1));
    return fn;
  }

  /**
   * An async function's promise is made at its very start. What makes one later without a frame of its own is no call:
   * `import()`, a native function, `Promise.resolve` in optimized code.
   */
  private isEntry(fn: number, position: number): boolean {
    const entry = this.entries.get(fn);
    if (entry !== undefined && entry < position) return false;
    this.entries.set(fn, position);
    return true;
  }

  private add(key: string, kind: SiteKind, builtin: string, fn: number, frame: CallFrame | undefined, caller: CallFrame | undefined): number {
    const number = this.sites.length;
    const site: Site = {
      ...NO_SITE,
      kind,
      builtin,
      ...(frame && {
        file: fileOf(frame),
        name: nameOf(frame),
        line: frame.getLineNumber() ?? 0,
        column: frame.getColumnNumber() ?? 0,
        fnLine: frame.getEnclosingLineNumber?.() ?? 0,
        fnColumn: frame.getEnclosingColumnNumber?.() ?? 0,
      }),
      ...(caller && { callerFile: fileOf(caller), callerLine: caller.getLineNumber() ?? 0, callerColumn: caller.getColumnNumber() ?? 0 }),
    };
    this.sites.push(site);
    this.numbers.set(key, number);
    this.traits[number] =
      kind | (kind === SiteKind.then && !site.file ? Trait.adoption : 0) | (site.file.startsWith('node:') || (kind === SiteKind.await && fn === 0) ? Trait.internal : 0) | (fn << FUNCTION_SHIFT);
    return number;
  }
}

/** True for a frame of a function that really called what is above it: not one that waits, and not Node's running of jobs. */
function isCaller(frame: CallFrame | undefined): boolean {
  return frame !== undefined && !frame.isAsync() && frame.getFileName() !== 'node:internal/process/task_queues';
}

/** Empty for V8's own functions; code made by `eval` has no file, either. */
function fileOf(frame: CallFrame): string {
  return frame.getFileName() || frame.getScriptNameOrSourceURL() || (frame.isEval() || frame.getPosition() > 0 ? '(eval)' : '');
}

function nameOf(frame: CallFrame): string {
  const name = frame.getFunctionName() ?? '';
  // V8 adds what a function was assigned to (`exports.send`); only a class tells a reader something.
  const last = name.startsWith('[') ? name : name.slice(name.lastIndexOf('.') + 1);
  if (!name || (last !== name && /^[A-Z]/.test(name))) return name;
  const isMethod = !frame.isToplevel() && (last.startsWith('#') || last.startsWith('[') || frame.getMethodName() === last);
  const type = isMethod ? frame.getTypeName() : null;
  return type && !PLAIN_TYPES.has(type) ? `${type}.${last}` : last;
}

function kindOf(builtin: string, under: string, parented: boolean): SiteKind {
  if (parented) {
    if (!builtin || builtin === RETURN) return SiteKind.await;
    return COMBINATORS.has(under) || COMBINATORS.has(builtin) ? SiteKind.member : SiteKind.then;
  }
  if (!builtin) return SiteKind.call;
  if (COMBINATORS.has(builtin)) return SiteKind.group;
  return REQUESTS.has(builtin) ? SiteKind.next : SiteKind.made;
}

/** A site as a client is told of it. */
export function siteRow({ kind, builtin, file, name, line, column, fnLine, fnColumn, callerFile, callerLine, callerColumn }: Site): SiteRow {
  return [kind, builtin, file, name, line, column, fnLine, fnColumn, callerFile, callerLine, callerColumn];
}
