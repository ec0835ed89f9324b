// Where handles are made, by the stack: of all that are made seldom, and of some of those that are made often.
import { join } from 'node:path';
import type { HandleSiteRow } from './handle-protocol';
import { stackReader, type CallFrame } from './stack-reader';

/** The place is not known. */
export const NO_SITE = -1;
const MAX_SITES = 1 << 12;
const MAX_GUESSES = 1 << 10;
/** Servers and requests that what follows from them takes its place from; the oldest are forgotten. */
const MAX_ORIGINS = 1 << 10;
/** Deep enough for what an HTTP client or a package has between the program and a socket. */
const DEPTH = 24;
/** Deep enough for a timer that the program's own code sets. Each frame takes some microseconds. */
const SHALLOW = 12;
/** Of the agent that was preloaded; code that was evaluated has no file. */
const OWN_FILE = typeof __dirname === 'string' ? join(__dirname, 'agent.js') : '';
/** What calls hooks. */
const HOOKS_SCRIPT = 'node:internal/async_hooks';

/**
 * How often the stack may be read at once, and for each millisecond that passes: each reading takes 10 to 50 µs. That
 * takes at most 2 to 4 % of one processor for timers, half of that for requests, a third of it for sockets and what is
 * rarer still, and next to nothing for immediates, of which there may be many with each turn of the loop.
 */
const budgets = { timer: { most: 1_000, perMs: 1 }, brief: { most: 300, perMs: 0.5 }, immediate: { most: 50, perMs: 0.05 }, rare: { most: 2_000, perMs: 10 } };
export type Frequency = keyof typeof budgets;

class Allowance {
  private left: number;
  private since = 0;

  constructor(private readonly frequency: Frequency) {
    this.left = budgets[frequency].most;
  }

  take(now: number): boolean {
    if (this.left === 0) {
      const { most, perMs } = budgets[this.frequency];
      this.left = Math.min(most, Math.floor((now - this.since) * perMs));
      if (this.left === 0) return false;
    }
    this.left--;
    if (this.left === 0) this.since = now;
    return true;
  }
}

export class HandleSites {
  /** Of the last answer of `find`: its HandleMark bits are these two. */
  isUnsure = false;
  isOfChild = false;
  /** The agent itself made the last one whose stack was read. */
  private isOwn = false;
  private readonly rows: HandleSiteRow[] = [];
  private readonly numbers = new Map<string, number>();
  /** By what tells handles apart without a stack, the places where the last two that were read were made. */
  private readonly guesses = new Map<string | number, { last: number; before: number }>();
  private readonly allowances: Record<Frequency, Allowance> = {
    timer: new Allowance('timer'),
    brief: new Allowance('brief'),
    immediate: new Allowance('immediate'),
    rare: new Allowance('rare'),
  };
  private readonly readFrames = stackReader(DEPTH);
  /** Where servers were made, and requests that others may follow from, by their asyncId. */
  private readonly origins: Record<'server' | 'request', Map<number, number>> = { server: new Map(), request: new Map() };

  /** The site of what is made now; handles of the same `trait` are likely to be made at the same place. */
  find(frequency: Frequency, trait: string | number, now: number): number {
    this.isOfChild = false;
    this.isUnsure = !this.allowances[frequency].take(now);
    if (this.isUnsure) return this.guess(trait);
    const site = frequency === 'rare' ? this.read(this.readFrames()) : this.read(this.readFrames(SHALLOW), SHALLOW);
    const seen = this.guesses.get(trait);
    if (this.isOwn) return NO_SITE;
    if (seen) {
      seen.before = seen.last;
      seen.last = site;
    } else if (this.guesses.size < MAX_GUESSES) this.guesses.set(trait, { last: site, before: NO_SITE });
    return site;
  }

  /** Where such a handle is likely to be made: where the last two were. */
  guess(trait: string | number): number {
    const seen = this.guesses.get(trait);
    return seen && seen.last === seen.before ? seen.last : NO_SITE;
  }

  row(site: number): HandleSiteRow | undefined {
    return this.rows[site];
  }

  keepOrigin(kind: 'server' | 'request', id: number, site: number): void {
    const known = this.origins[kind];
    if (known.size >= MAX_ORIGINS) known.delete(known.keys().next().value!);
    known.set(id, site);
  }

  /** The site of the server or request that something was made for; undefined where it is not known. */
  originSite(kind: 'server' | 'request', id: number): number | undefined {
    return this.origins[kind].get(id);
  }

  /** `shallow`: with so many frames the stack may go on. */
  private read(frames: readonly CallFrame[], shallow?: number): number {
    let made: CallFrame | undefined;
    let caller: CallFrame | undefined;
    for (const frame of frames.slice(frames.findIndex((each) => each.getFileName() === HOOKS_SCRIPT))) {
      const file = fileOf(frame);
      if (file.startsWith('node:')) {
        if (!made && CHILD_SCRIPTS.has(file)) this.isOfChild = true;
        continue;
      }
      if (!file) continue;
      made ??= frame;
      if (!isOfPackage(file)) {
        if (frame !== made) caller = frame;
        break;
      }
    }
    this.isOwn = made?.getFileName() === OWN_FILE;
    if (!made || this.isOwn) return NO_SITE;
    if (!caller && frames.length === shallow && isOfPackage(fileOf(made))) return this.read(this.readFrames());
    const row: HandleSiteRow = [...placeOf(made), ...(caller ? placeOf(caller) : (['', 0, 0] as const))];
    const key = row.join(' ');
    let site = this.numbers.get(key);
    if (site !== undefined) return site;
    if (this.rows.length >= MAX_SITES) return NO_SITE;
    site = this.rows.push(row) - 1;
    this.numbers.set(key, site);
    return site;
  }
}

/** What Node makes a child process's or worker thread's pipes and ports in. */
const CHILD_SCRIPTS = new Set(['node:internal/child_process', 'node:internal/worker']);

function isOfPackage(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file);
}

function fileOf(frame: CallFrame): string {
  return frame.getFileName() || frame.getScriptNameOrSourceURL() || '';
}

function placeOf(frame: CallFrame): [string, number, number] {
  return [fileOf(frame), frame.getLineNumber() ?? 0, frame.getColumnNumber() ?? 0];
}
