// Keeps the table of pending promises by V8's promise hooks, and works out which of them are calls of async functions
// and what each call waits for. V8 says of a promise only when it is made, on which other one it hangs, and when a
// continuation runs; the rest follows from the order of these, and from the stack where it is read.
import type { CallListener } from './call-listener';
import { LostCalls } from './lost-calls';
import { followPromises, type PromiseEvents } from './promise-events';
import { Flag, isCall, NO_SLOT, PromiseTable } from './promise-table';
import { continuationOf, RELEASED, SLOT_MASK, Stamp } from './promise-stamp';
import { After, SiteFinder } from './site-finder';
import { SiteKind, type SiteTable } from './sites';

/** Calls within calls that have not come to their first await. */
const DEEPEST = 1 << 10;
/** After so many continuations the clock is looked at again. */
const TICKS = 16;
/** Promises that settle within this time cost no weak reference. */
const FLUSH_MS = 25;
/** Fewer weak references are not searched for what was collected, unless someone asks. */
const LEAST_SWEPT = 1 << 12;
export class PromiseTracker implements PromiseEvents {
  readonly table = new PromiseTable();
  readonly finder = new SiteFinder((was, site) => this.correctRoot(was, site));
  readonly sites: SiteTable = this.finder.table;
  readonly lost = new LostCalls();
  /** Told of each step of a call while somebody records. */
  listener: CallListener | undefined;
  busy = false;
  private readonly started = performance.now();
  private readonly stopHooks: () => void;
  private readonly flush: NodeJS.Timeout;
  private flushing = false;
  private sweepAt = LEAST_SWEPT;
  private now = 0;
  private ticks = 0;
  private isClockOld = true;

  // The synchronous stretch of code that runs now.
  private inJob = false;
  /** Nothing has happened in this stretch. */
  private isFresh = true;
  /** Calls that have not come to an await in this stretch, the innermost last. */
  private readonly stack = new Int32Array(DEEPEST);
  private depth = 0;
  /** The newest promise that hangs on no other. */
  private rootSlot = NO_SLOT;
  private rootId = 0;
  /** The call that is continued, NO_SLOT for none; and its id. */
  private base = NO_SLOT;
  private baseId = 0;
  /** When the continued call began, for one that is known by its awaits only. */
  private orphanBorn = -1;
  /** The newest promise of this stretch that hangs on another, with its slot, id and predictor entry. */
  private lastChild: object | undefined;
  private lastChildSlot = NO_SLOT;
  private lastChildId = 0;
  private lastChildEntry = -1;
  /** The promise that was taken for V8's wrapper of what a call awaits, and that call, until what comes next shows it. */
  private wrapper: object | undefined;
  private wrapped = NO_SLOT;
  private wrapperSite = 0;
  private wrapperCaller = NO_SLOT;
  private wrapperCallerId = 0;
  /** The promise whose job runs. */
  private jobSlot = NO_SLOT;
  private jobId = 0;
  /** The newest combinator of this stretch. */
  private group = NO_SLOT;
  private outerGroup = NO_SLOT;

  constructor() {
    // One timer for good: made now, no hook of the program ever sees another one made.
    this.flush = setTimeout(() => this.onFlush(), FLUSH_MS).unref();
    this.stopHooks = followPromises(this);
  }

  stop(): void {
    this.stopHooks();
    clearTimeout(this.flush);
  }

  /** Milliseconds since the tracker started. */
  elapsed(): number {
    this.isClockOld = false;
    return (this.now = performance.now() - this.started);
  }

  /** Takes out what was collected while pending. */
  sweep(): void {
    if (this.busy) return;
    this.table.watched.flush();
    this.table.sweep((slot) => this.onLost(slot));
  }

  /** The call that runs now, or NO_SLOT. */
  current(): number {
    return this.depth > 0 ? this.stack[this.depth - 1]! : NO_SLOT;
  }

  /** What can't be taken in is not tracked: a promise without a stamp is an unknown one. */
  onFailure(): void {
    this.table.dropped++;
  }

  onInit(promise: object, parent: object | undefined): void {
    this.isFresh = false;
    if (this.wrapper !== undefined) this.checkWrapper(parent);
    const parentSlot = parent === undefined ? RELEASED : this.slotOf(parent);
    if (this.isClockOld || !this.inJob) this.elapsed();
    const site = this.finder.find(parent === undefined ? -1 : parentSlot < 0 ? 0 : this.table.site[parentSlot]!, this.now);
    const kind: SiteKind = this.sites.kinds[site]!;
    if (parent === undefined) this.addRoot(promise, site, kind);
    else if (kind === SiteKind.await) this.addAwait(promise, site, parentSlot);
    else this.addChild(promise, site, kind, parentSlot);
  }

  private addRoot(promise: object, site: number, kind: SiteKind): void {
    const slot = (this.rootSlot = this.add(promise, site, NO_SLOT));
    if (slot === NO_SLOT) return;
    this.rootId = this.table.id[slot]!;
    this.enter(slot, kind);
  }

  private enter(slot: number, kind: SiteKind): void {
    if (isCall(kind)) {
      if (this.depth < DEEPEST) this.stack[this.depth++] = slot;
      if (this.listener !== undefined) this.listener.onBegin(slot);
    } else if (kind === SiteKind.group) {
      this.outerGroup = this.group;
      this.group = slot;
      this.table.parent[slot] = 0; // its members, to be counted
    }
  }

  private addChild(promise: object, site: number, kind: SiteKind, parent: number): void {
    const { table } = this;
    if (this.sites.isAdoption[site] && this.follow(promise, parent, site)) return;
    const slot = this.add(promise, site, parent < 0 ? NO_SLOT : parent);
    this.lastChild = promise;
    this.lastChildSlot = slot;
    this.lastChildEntry = this.finder.lastEntry;
    if (slot === NO_SLOT) return;
    this.lastChildId = table.id[slot]!;
    if (parent >= 0) table.flags[parent]! |= Flag.chained;
    if (kind === SiteKind.member && this.group >= 0 && table.flags[this.group] !== 0) {
      table.extra[slot] = this.group;
      table.parent[this.group]!++;
      if (this.listener !== undefined) this.listener.onMember(slot);
    }
  }

  /** The promise whose job runs was resolved with another one, `parent`: V8 makes `promise` to follow that. */
  private follow(promise: object, parent: number, site: number): boolean {
    const { jobSlot: slot, table } = this;
    if (slot === NO_SLOT || !table.isSame(slot, this.jobId)) return false;
    if (isCall(this.sites.kinds[table.site[slot]!]!)) {
      new Stamp(promise, continuationOf(slot));
      this.suspend(slot, promise, parent, site);
    } else {
      new Stamp(promise, RELEASED);
      table.parent[slot] = parent < 0 ? NO_SLOT : parent;
      table.parentId[slot] = parent < 0 ? 0 : table.id[parent]!;
      table.flags[slot]! |= Flag.follows;
      if (parent >= 0) table.flags[parent]! |= Flag.chained;
    }
    return true;
  }

  private addAwait(promise: object, site: number, parent: number): void {
    this.lastChild = promise;
    this.lastChildSlot = NO_SLOT;
    this.lastChildEntry = this.finder.lastEntry;
    let at = this.innermost(site, this.depth);
    const owner = at < 0 ? NO_SLOT : this.stack[at]!;
    if (owner >= 0 && owner === parent) {
      // `await value` of what is no promise: V8 wraps it in one that hangs on the call's own promise.
      new Stamp(promise, RELEASED);
      this.wrapper = promise;
      this.wrapped = parent;
      this.wrapperSite = site;
      at = this.innermost(site, at);
      this.wrapperCaller = at < 0 ? parent : this.stack[at]!;
      this.wrapperCallerId = this.table.id[this.wrapperCaller]!;
      return;
    }
    if (owner !== NO_SLOT) {
      this.depth = at; // what was called after it has returned
      new Stamp(promise, continuationOf(owner));
      this.suspend(owner, promise, parent, site);
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
    if (this.listener !== undefined) this.listener.onOrphan(slot, this.orphanBorn >= 0 ? this.jobId : 0);
  }

  /**
   * An await of what is no promise makes two: the wrapper, which hangs on the call's own promise, and at once one that
   * hangs on the wrapper. Where the second does not come, the first was an await of that call's promise: by an outer
   * call of the same function, or by the call itself.
   */
  private checkWrapper(nextParent: object | undefined): void {
    const { wrapper, wrapped, wrapperCaller: caller, table } = this;
    this.wrapper = undefined;
    if (nextParent === wrapper || wrapper === undefined || !table.isSame(caller, this.wrapperCallerId)) return;
    this.finder.check(this.finder.lastEntry);
    const at = this.stack.subarray(0, this.depth).indexOf(caller);
    if (at >= 0) this.depth = at;
    this.suspendAfterAll(caller, wrapper, table.flags[wrapped] ? wrapped : NO_SLOT, this.wrapperSite, NO_SLOT);
  }

  /** Where on the stack, below the place `below`, the call is that the await's function can be; -1 for none. */
  private innermost(site: number, below: number): number {
    const { functions, kinds } = this.sites;
    const fn = functions[site];
    for (let at = below - 1; at >= 0; at--) {
      const callSite = this.table.site[this.stack[at]!]!;
      // A generator's request is made by its caller's function, and continued by the generator's.
      if ((functions[callSite] === fn) !== (kinds[callSite] === SiteKind.next)) return at;
    }
    return -1;
  }

  /** The same for a `continuation` that was taken for something else, and got a slot of its own for that. */
  private suspendAfterAll(slot: number, continuation: object, parent: number, site: number, ownSlot: number): void {
    if (ownSlot !== NO_SLOT) {
      if (this.listener !== undefined) this.listener.onMistake(ownSlot);
      this.table.remove(ownSlot);
    }
    Stamp.change(continuation, continuationOf(slot));
    this.suspend(slot, continuation, parent, site);
  }

  /** The call in `slot` is suspended until `parent` settles; `continuation` is V8's own promise for that. */
  private suspend(slot: number, continuation: object, parent: number, site: number): void {
    const { table } = this;
    if (table.flags[slot]! & Flag.waiting) {
      // The earlier one was no await after all.
      const earlier = table.watched.of(slot);
      if (earlier) Stamp.change(earlier, RELEASED);
    }
    table.flags[slot]! |= Flag.waiting;
    table.parent[slot] = parent < 0 ? NO_SLOT : parent;
    table.parentId[slot] = parent < 0 ? 0 : table.id[parent]!;
    table.extra[slot] = site;
    table.watched.keep(slot, continuation);
    if (parent >= 0) table.flags[parent]! |= Flag.awaited;
    this.armFlush();
    if (this.listener !== undefined) this.listener.onSuspend(slot);
  }

  onBefore(promise: object): void {
    if (this.wrapper !== undefined) this.checkWrapper(undefined);
    if (++this.ticks % TICKS === 0) this.isClockOld = true;
    if (!this.isFresh) this.begin();
    this.isFresh = false;
    this.inJob = true;
    const stamp = this.slotOf(promise);
    const { table } = this;
    if (stamp >= 0) {
      const site = table.site[stamp]!;
      this.jobSlot = stamp;
      this.jobId = table.id[stamp]!;
      if (table.flags[stamp]! & Flag.orphan) {
        this.orphanBorn = table.born[stamp]!;
        if (this.listener !== undefined) this.listener.onResume(stamp);
      } else if (isCall(this.sites.kinds[site]!)) {
        this.finder.begin(site, After.adopting);
        this.setBase(stamp);
        return;
      }
      this.finder.begin(site, After.continued);
    } else if (stamp !== RELEASED) {
      const slot = continuationOf(stamp); // its own inverse
      this.finder.begin(table.extra[slot]!, After.continued);
      if (this.listener !== undefined) this.listener.onResume(slot);
      table.flags[slot]! &= ~Flag.waiting;
      table.watched.forget(slot);
      this.setBase(slot);
      this.stack[0] = slot;
      this.depth = 1;
    }
  }

  onAfter(): void {
    if (this.wrapper !== undefined) this.checkWrapper(undefined);
    this.settleAccount();
    this.inJob = false;
    this.begin();
  }

  /** After a continuation its call has ended, or the last promise that hangs on another is its await, whatever was forecast. */
  private settleAccount(): void {
    const { base, table, lastChild } = this;
    if (base < 0 || !table.isSame(base, this.baseId) || this.finder.after === After.adopting) return;
    const { flags } = table;
    if (flags[base]! & Flag.waiting) {
      const other = this.lastChildSlot;
      if (other === NO_SLOT || !table.isSame(other, this.lastChildId) || !(flags[other]! & Flag.orphan) || !lastChild) return;
      if (this.sites.functions[table.extra[other]!] !== this.sites.functions[table.extra[base]!]) return;
      this.suspendAfterAll(base, lastChild, this.parentOf(other), table.extra[other]!, other);
    } else if (lastChild && this.lastChildSlot !== NO_SLOT && table.isSame(this.lastChildSlot, this.lastChildId) && this.depth === 1 && !(flags[this.lastChildSlot]! & Flag.orphan)) {
      this.wasForecastWrong(base, lastChild);
    }
  }

  /** The call goes on pending, and what should be a `.then` came last: `return promise.then(…)`, or an await that was taken for one. */
  private wasForecastWrong(base: number, lastChild: object): void {
    if (!(this.table.flags[this.lastChildSlot]! & Flag.unsure)) return;
    this.finder.distrust(this.lastChildEntry);
    this.suspendAfterAll(base, lastChild, this.parentOf(this.lastChildSlot), this.table.site[this.lastChildSlot]!, this.lastChildSlot);
  }

  private parentOf(slot: number): number {
    const parent = this.table.parent[slot]!;
    return parent >= 0 && this.table.isSame(parent, this.table.parentId[slot]!) ? parent : NO_SLOT;
  }

  onSettled(promise: object): void {
    const slot = this.slotOf(promise);
    if (slot < 0) return;
    Stamp.change(promise, RELEASED);
    if (!this.inJob) this.isClockOld = true; // whatever it lets run comes after a while of nothing, perhaps
    if (slot === this.rootSlot) this.finder.after = After.ended;
    const site = this.table.site[slot]!;
    // A combinator wraps what is no promise in one of its own, which looks like another combinator.
    if (slot === this.group && this.table.parent[slot] === 0) this.group = this.outerGroup;
    if (this.listener !== undefined) this.listener.onEnd(slot);
    if (isCall(this.sites.kinds[site]!)) {
      for (let at = this.depth - 1; at >= 0; at--) {
        if (this.stack[at] !== slot) continue;
        this.depth = at;
        if (slot !== this.rootSlot) this.finder.end(site);
        break;
      }
    }
    this.table.remove(slot);
  }

  /** The slot of a promise, or what else its stamp says. */
  private slotOf(promise: object): number {
    const stamp = Stamp.read(promise);
    if (stamp < 0) return stamp;
    return this.table.isStamp(stamp) ? stamp & SLOT_MASK : RELEASED;
  }

  private begin(): void {
    this.isFresh = true;
    this.finder.begin(0, After.made);
    this.depth = 0;
    this.rootSlot = NO_SLOT;
    this.base = NO_SLOT;
    this.jobSlot = NO_SLOT;
    this.orphanBorn = -1;
    this.lastChild = undefined;
    this.lastChildSlot = NO_SLOT;
    this.group = NO_SLOT;
    this.outerGroup = NO_SLOT;
  }

  private setBase(slot: number): void {
    this.base = slot;
    this.baseId = this.table.id[slot]!;
  }

  private add(promise: object, site: number, parent: number): number {
    const slot = this.table.add(promise, site, parent, this.now);
    new Stamp(promise, slot === NO_SLOT ? RELEASED : this.table.stamp(slot));
    if (slot === NO_SLOT) return slot;
    if (this.finder.unsure) this.table.flags[slot]! |= Flag.unsure;
    this.armFlush();
    return slot;
  }

  /** The newest promise without a parent was made at another site than was said. */
  private correctRoot(was: number, site: number): boolean {
    const { rootSlot: slot, table } = this;
    const { kinds } = this.sites;
    if (slot === NO_SLOT || !table.isSame(slot, this.rootId)) return false;
    table.site[slot] = site;
    if (isCall(kinds[was]!) && this.depth > 0 && this.stack[this.depth - 1] === slot) this.depth--;
    if (this.listener !== undefined && isCall(kinds[was]!)) this.listener.onMistake(slot);
    this.enter(slot, kinds[site]!);
    return true;
  }

  private onLost(slot: number): void {
    const { table } = this;
    if (this.listener !== undefined) this.listener.onLost(slot);
    if (!(table.flags[slot]! & Flag.waiting) || this.sites.internal[table.extra[slot]!]) return;
    this.lost.add({ site: table.site[slot]!, awaitSite: table.extra[slot]!, ageMs: Math.round(this.now - table.born[slot]!) });
  }

  private armFlush(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.flush.refresh();
  }

  private onFlush(): void {
    this.flushing = false;
    this.elapsed();
    this.begin(); // the stretch of code before is over: nothing of it is held
    this.wrapper = undefined;
    this.table.watched.flush();
    // Slots of the collected are found when there are twice as many as were left after the last search.
    if (this.table.watched.weak > this.sweepAt) {
      this.table.sweep((slot) => this.onLost(slot));
      this.sweepAt = Math.max(LEAST_SWEPT, this.table.watched.weak * 2);
    }
  }
}
