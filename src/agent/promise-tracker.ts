// Keeps the table of pending promises by V8's promise hooks, and works out which of them are calls of async functions
// and what each call waits for. V8 says of a promise only when it is made, on which other one it hangs, and when a
// continuation runs; the rest follows from the order of these, and from the stack where it is read.
import { promiseHooks } from 'node:v8';
import { Flag, isCall, NO_SLOT, PromiseTable } from './promise-table';
import { SitePredictor } from './predictor';
import { SiteKind, SiteTable } from './sites';
import { stackReader } from './stack-reader';

/** What a promise is known by, in a private field: a slot; RELEASED; or an await's continuation of the call in slot -2 - n. */
const RELEASED = -1;
const continuationOf = (slot: number): number => -2 - slot;

class ReturnItsArgument {
  constructor(object: object) {
    return object;
  }
}

/** Stamps a promise with a number that the program has no way to see. */
class Stamp extends ReturnItsArgument {
  #number: number;
  constructor(promise: object, number: number) {
    super(promise);
    this.#number = number;
  }
  static write(promise: object, number: number): void {
    if (#number in promise) promise.#number = number;
    else new Stamp(promise, number);
  }
  /** The number, or RELEASED for a promise that is older than the tracker. */
  static read(promise: object): number {
    return #number in promise ? promise.#number : RELEASED;
  }
}

/** Calls within calls that have not come to their first await. */
const DEEPEST = 1 << 10;
/** The stack may be read so often for each millisecond that passes, and so often at once: half of one processor's time at worst. */
const READS_PER_MS = 120;
const MOST_READS_AT_ONCE = 40_000;
/** Continuations between two looks at the clock. */
const TICKS = 16;
/** The agent's own frames on a stack: the reader, `readSite`, `siteOf`, the hook. */
const OWN_FRAMES = 4;
const FLUSH_MS = 25;
/** What happened since the last site: nothing, its call was continued, its call ended, V8 takes up a promise for it. */
const After = { made: 0, continued: 1, ended: 2, adopting: 3 } as const;

export interface LostCall {
  site: number;
  awaitSite: number;
  ageMs: number;
}

export const MAX_LOST = 1_000;

export class PromiseTracker {
  readonly table = new PromiseTable();
  readonly sites = new SiteTable();
  /** The newest calls that were collected while pending; older ones are only counted. */
  readonly lostCalls: LostCall[] = [];
  lostCallCount = 0;
  /** Promises whose site was guessed or unknown since the stack was read too often already. */
  unread = 0;
  /** Events that could not be taken in. */
  failures = 0;
  private readonly predictor = new SitePredictor();
  private readonly readStack = stackReader();
  private readonly started = performance.now();
  private readonly stopHooks: () => void;
  private readonly flush: NodeJS.Timeout;
  private flushing = false;
  private now = 0;
  private ticks = 0;
  private reads = MOST_READS_AT_ONCE;
  private readsAt = 0;

  // The synchronous stretch of code that runs now.
  private inJob = false;
  /** Calls that have not come to an await in this stretch, the innermost last. */
  private readonly stack = new Int32Array(DEEPEST);
  private depth = 0;
  private lastSite = 0;
  private after = After.made as number;
  private transition = 0;
  private unsure = false;
  /** The call that is continued, NO_SLOT for none; and its id. */
  private base = NO_SLOT;
  private baseId = 0;
  /** When the continued call began, for one that is known by its awaits only. */
  private orphanBorn = -1;
  /** The newest promise of this stretch that hangs on another, with its slot, id and transition. */
  private lastChild: object | undefined;
  private lastChildSlot = NO_SLOT;
  private lastChildId = 0;
  private lastChildTransition = 0;
  private selfAwait = false;
  /** The newest combinator of this stretch. */
  private group = NO_SLOT;
  private groupId = 0;

  constructor() {
    // One timer for good: made now, no hook of the program ever sees another one made.
    this.flush = setTimeout(() => this.onFlush(), FLUSH_MS).unref();
    this.stopHooks = promiseHooks.createHook({
      init: (promise, parent) => {
        try {
          this.onInit(promise, parent);
        } catch {
          this.failures++; // at the end of the stack, say: what a hook throws would end the program
        }
      },
      before: (promise) => {
        try {
          this.onBefore(promise);
        } catch {
          this.failures++;
        }
      },
      after: () => {
        try {
          this.onAfter();
        } catch {
          this.failures++;
        }
      },
      settled: (promise) => {
        try {
          this.onSettled(promise);
        } catch {
          this.failures++;
        }
      },
    }) as () => void;
  }

  stop(): void {
    this.stopHooks();
    clearTimeout(this.flush);
  }

  /** Milliseconds since the tracker started. */
  elapsed(): number {
    return (this.now = performance.now() - this.started);
  }

  /** Takes out what was collected while pending. */
  sweep(): void {
    this.table.releaseAll();
    this.table.sweep((slot) => this.onLost(slot));
  }

  /** The call that runs now, or NO_SLOT. */
  current(): number {
    return this.depth > 0 ? this.stack[this.depth - 1]! : NO_SLOT;
  }

  private onInit(promise: object, parent: object | undefined): void {
    const parentSlot = parent === undefined ? RELEASED : Stamp.read(parent);
    // `await value` of something that is no promise: V8 wraps it in one that hangs on the call's own promise.
    if (parentSlot >= 0 && this.depth > 0 && this.stack[this.depth - 1] === parentSlot && this.sites.kinds[this.table.site[parentSlot]!] === SiteKind.call) {
      Stamp.write(promise, RELEASED);
      this.selfAwait = parentSlot === this.base;
      this.lastChild = promise;
      this.lastChildSlot = NO_SLOT;
      return;
    }
    if (!this.inJob) this.elapsed();
    const adopting = this.after === After.adopting;
    const site = this.siteOf(parent !== undefined);
    const kind = this.sites.kinds[site]!;
    this.lastSite = site;
    this.after = After.made;
    if (parent === undefined) this.addRoot(promise, site, kind);
    else if (kind === SiteKind.await) this.addAwait(promise, site, parentSlot);
    else this.addChild(promise, site, kind, parentSlot, adopting);
  }

  private addRoot(promise: object, site: number, kind: number): void {
    const slot = this.add(promise, site, NO_SLOT);
    if (slot === NO_SLOT) return;
    if (isCall(kind)) {
      if (this.depth < DEEPEST) this.stack[this.depth++] = slot;
    } else if (kind === SiteKind.group) {
      this.group = slot;
      this.groupId = this.table.id[slot]!;
      this.table.parent[slot] = 0; // its members, to be counted
    }
  }

  private addChild(promise: object, site: number, kind: number, parent: number, adopting: boolean): void {
    const { table } = this;
    const slot = this.add(promise, site, parent < 0 ? NO_SLOT : parent);
    this.lastChild = promise;
    this.lastChildSlot = slot;
    this.lastChildTransition = this.transition;
    this.selfAwait = false;
    if (slot === NO_SLOT) return;
    this.lastChildId = table.id[slot]!;
    if (parent >= 0) table.flags[parent]! |= Flag.chained;
    if (kind === SiteKind.member && this.group >= 0 && table.isSame(this.group, this.groupId)) {
      table.extra[slot] = this.group;
      table.parent[this.group]!++;
    }
    // V8 follows the promise that an async function returned; nothing else runs in such a job.
    if (adopting && this.base >= 0) this.suspend(this.base, promise, parent, site, slot);
  }

  private addAwait(promise: object, site: number, parent: number): void {
    this.lastChild = promise;
    this.lastChildSlot = NO_SLOT;
    this.lastChildTransition = this.transition;
    this.selfAwait = false;
    const owner = this.popCall(site, parent);
    if (owner >= 0 && owner === parent) {
      Stamp.write(promise, RELEASED); // an async generator's wrapper, as above
      return;
    }
    if (owner !== NO_SLOT) {
      this.suspend(owner, promise, parent, site, NO_SLOT);
      return;
    }
    const slot = this.add(promise, site, parent < 0 ? NO_SLOT : parent);
    if (slot === NO_SLOT) return;
    const { table } = this;
    this.lastChildSlot = slot;
    this.lastChildId = table.id[slot]!;
    table.flags[slot]! |= Flag.orphan | Flag.waiting;
    table.extra[slot] = site;
    if (this.orphanBorn >= 0) table.born[slot] = this.orphanBorn;
    if (parent >= 0) table.flags[parent]! |= Flag.awaited;
  }

  /** The innermost call that the await's function can be; what was called after it has returned. */
  private popCall(site: number, parent: number): number {
    const { functions, kinds } = this.sites;
    const fn = functions[site];
    for (let at = this.depth - 1; at >= 0; at--) {
      const slot = this.stack[at]!;
      const callSite = this.table.site[slot]!;
      // A generator's request is made by its caller's function, and continued by the generator's.
      if ((functions[callSite] === fn) === (kinds[callSite] === SiteKind.next)) continue;
      if (slot !== parent) this.depth = at;
      return slot;
    }
    return NO_SLOT;
  }

  /** The call in `slot` is suspended until `parent` settles; `continuation` is the promise of V8's own for that, with a slot of its own to give up. */
  private suspend(slot: number, continuation: object, parent: number, site: number, ownSlot: number): void {
    const { table } = this;
    if (ownSlot !== NO_SLOT) table.remove(ownSlot);
    if (table.flags[slot]! & Flag.waiting) {
      // The earlier one was no await after all.
      const earlier = table.watched(slot);
      if (earlier) Stamp.write(earlier, RELEASED);
    }
    Stamp.write(continuation, continuationOf(slot));
    table.flags[slot]! |= Flag.waiting;
    table.parent[slot] = parent < 0 ? NO_SLOT : parent;
    table.parentId[slot] = parent < 0 ? 0 : table.id[parent]!;
    table.extra[slot] = site;
    table.keep(slot, continuation);
    if (parent >= 0) table.flags[parent]! |= Flag.awaited;
    this.armFlush();
  }

  private onBefore(promise: object): void {
    if (++this.ticks % TICKS === 0) this.elapsed();
    this.begin();
    this.inJob = true;
    const stamp = Stamp.read(promise);
    if (stamp >= 0) {
      this.lastSite = this.table.site[stamp]!;
      if (this.table.flags[stamp]! & Flag.orphan) {
        this.after = After.continued;
        this.orphanBorn = this.table.born[stamp]!;
      } else if (isCall(this.sites.kinds[this.lastSite]!)) {
        this.after = After.adopting;
        this.setBase(stamp);
      } else this.after = After.continued;
      return;
    }
    if (stamp === RELEASED) return;
    const slot = -2 - stamp;
    this.lastSite = this.table.extra[slot]!;
    this.after = After.continued;
    this.table.flags[slot]! &= ~Flag.waiting;
    this.table.letGo(slot);
    this.setBase(slot);
    this.stack[0] = slot;
    this.depth = 1;
  }

  private onAfter(): void {
    this.settleAccount();
    this.inJob = false;
    this.begin();
  }

  /** After a continuation its call has ended, or the last promise that hangs on another is its await, whatever was forecast. */
  private settleAccount(): void {
    const { base, table, lastChild } = this;
    if (base < 0 || !table.isSame(base, this.baseId) || this.after === After.adopting) return;
    const { flags } = table;
    if (flags[base]! & Flag.waiting) {
      const other = this.lastChildSlot;
      if (other === NO_SLOT || !table.isSame(other, this.lastChildId) || !(flags[other]! & Flag.orphan) || !lastChild) return;
      if (this.sites.functions[table.extra[other]!] !== this.sites.functions[table.extra[base]!]) return;
      this.suspend(base, lastChild, this.parentOf(other), table.extra[other]!, other);
    } else if (this.selfAwait && lastChild) {
      this.suspend(base, lastChild, base, this.lastSite, NO_SLOT);
    } else if (lastChild && this.lastChildSlot !== NO_SLOT && table.isSame(this.lastChildSlot, this.lastChildId) && this.depth === 1 && !(flags[this.lastChildSlot]! & Flag.orphan)) {
      this.wasForecastWrong(base, lastChild);
    }
  }

  /** The call goes on pending, and what should be a `.then` came last: `return promise.then(…)`, or an await that was taken for one. */
  private wasForecastWrong(base: number, lastChild: object): void {
    if (!(this.table.flags[this.lastChildSlot]! & Flag.unsure)) return;
    this.predictor.doubt(this.lastChildTransition);
    this.suspend(base, lastChild, this.parentOf(this.lastChildSlot), this.table.site[this.lastChildSlot]!, this.lastChildSlot);
  }

  private parentOf(slot: number): number {
    const parent = this.table.parent[slot]!;
    return parent >= 0 && this.table.isSame(parent, this.table.parentId[slot]!) ? parent : NO_SLOT;
  }

  private onSettled(promise: object): void {
    const stamp = Stamp.read(promise);
    if (stamp < 0) return;
    Stamp.write(promise, RELEASED);
    if (!this.inJob) this.elapsed();
    if (isCall(this.sites.kinds[this.table.site[stamp]!]!)) {
      this.lastSite = this.table.site[stamp]!;
      this.after = After.ended;
      for (let at = this.depth - 1; at >= 0; at--) {
        if (this.stack[at] !== stamp) continue;
        this.depth = at;
        break;
      }
    }
    this.table.remove(stamp);
  }

  private begin(): void {
    this.depth = 0;
    this.lastSite = 0;
    this.after = After.made;
    this.base = NO_SLOT;
    this.orphanBorn = -1;
    this.lastChild = undefined;
    this.lastChildSlot = NO_SLOT;
    this.selfAwait = false;
    this.group = NO_SLOT;
  }

  private setBase(slot: number): void {
    this.base = slot;
    this.baseId = this.table.id[slot]!;
  }

  private add(promise: object, site: number, parent: number): number {
    const slot = this.table.add(promise, site, parent, this.now);
    Stamp.write(promise, slot === NO_SLOT ? RELEASED : slot);
    if (slot === NO_SLOT) return slot;
    if (this.unsure) this.table.flags[slot]! |= Flag.unsure;
    this.armFlush();
    return slot;
  }

  private siteOf(parented: boolean): number {
    const transition = (this.transition = SitePredictor.transition(this.lastSite, this.after, parented));
    const expected = this.predictor.expect(transition);
    if (expected !== 0) {
      this.unsure = !this.predictor.isSure(transition);
      return expected;
    }
    if (this.reads <= 0 && !this.earnReads()) {
      this.unread++;
      this.unsure = true;
      return this.predictor.guess(transition);
    }
    this.reads--;
    this.unsure = false;
    const site = this.sites.read(this.readStack(), OWN_FRAMES, parented);
    this.predictor.learn(transition, site);
    return site;
  }

  private earnReads(): boolean {
    const now = this.elapsed();
    this.reads = Math.min(MOST_READS_AT_ONCE, Math.floor((now - this.readsAt) * READS_PER_MS));
    if (this.reads > 0) this.readsAt = now;
    return this.reads > 0;
  }

  private onLost(slot: number): void {
    const { table } = this;
    if (!(table.flags[slot]! & Flag.waiting) || this.sites.internal[table.extra[slot]!]) return;
    this.lostCallCount++;
    if (this.lostCalls.length >= MAX_LOST) this.lostCalls.shift();
    this.lostCalls.push({ site: table.site[slot]!, awaitSite: table.extra[slot]!, ageMs: Math.round(this.now - table.born[slot]!) });
  }

  private armFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.flush.refresh();
  }

  private onFlush(): void {
    this.flushing = false;
    this.table.releaseAll();
    // Slots of the collected are found when there are twice as many as were left after the last search.
    if (this.table.weak > this.sweepAt) {
      this.table.sweep((slot) => this.onLost(slot));
      this.sweepAt = Math.max(LEAST_SWEPT, this.table.weak * 2);
    }
  }
  private sweepAt = LEAST_SWEPT;
}

const LEAST_SWEPT = 1 << 12;
