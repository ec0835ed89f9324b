// Keeps the table of pending promises by V8's promise hooks, and works out which of them are calls of async functions
// and what each call waits for. V8 says of a promise only when it is made, on which other one it hangs, and when a
// continuation runs; the rest follows from the order of these, and from the stack where it is read.
import type { CallListener } from './call-listener';
import { CallStack } from './call-stack';
import { Clock } from './clock';
import { LostCalls } from './lost-calls';
import { followPromises, type PromiseEvents } from './promise-events';
import { isCall, PromiseTable } from './promise-table';
import { continuationOf, RELEASED, SLOT_MASK, Stamp } from './promise-stamp';
import { After, SiteFinder } from './site-finder';
import { FUNCTION_SHIFT, SiteKind, Trait, type SiteTable } from './sites';
import { Flag, NO_SLOT } from './slot';
import { Starvation } from './starvation';
import { isSlotStamp, UnheardCalls } from './unheard-calls';

/** Promises that settle within this time cost no weak reference. */
const FLUSH_MS = 25;

export class PromiseTracker implements PromiseEvents {
  readonly table = new PromiseTable();
  readonly finder = new SiteFinder((was, site) => this.correctRoot(was, site));
  readonly sites: SiteTable = this.finder.table;
  readonly lost = new LostCalls(this.table, this.sites);
  readonly unheard = new UnheardCalls();
  readonly starvation = new Starvation();
  /** Told of each step of a call while somebody records. */
  listener: CallListener | undefined;
  busy = false;
  private readonly clock = new Clock();
  private readonly stopHooks: () => void;
  private readonly flush: NodeJS.Timeout;
  private flushing = false;

  // The synchronous stretch of code that runs now.
  private inJob = false;
  /** Nothing has happened in this stretch. */
  private isFresh = true;
  /** The calls that run now. */
  readonly stack = new CallStack();
  /** The newest promise that hangs on no other. */
  private rootSlot = NO_SLOT;
  private rootId = 0;
  /** The call that is continued, NO_SLOT for none; and its id. */
  private base = NO_SLOT;
  private baseId = 0;
  /** When the continued call began, for one that is known by its awaits only. */
  private orphanBorn = -1;
  /** The newest promise of this stretch that hangs on another, where it has a slot of its own; with its id and predictor entry. */
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
    return this.clock.read();
  }

  /** When the tracker started, on the clock of `performance.now()`. */
  get startedAt(): number {
    return this.clock.started;
  }

  /** Takes out what was collected while pending. */
  sweep(): void {
    if (this.busy) return;
    this.table.watched.flush();
    this.lost.sweep(this.clock.now, this.listener);
  }

  /** What can't be taken in is not tracked: a promise without a stamp is an unknown one. */
  onFailure(): void {
    this.table.dropped++;
  }

  onInit(promise: object, parent: object | undefined): void {
    this.isFresh = false;
    if (this.wrapper !== undefined) this.checkWrapper(parent);
    if (!this.inJob) {
      this.starvation.end();
      if (this.stack.depth === 0) this.clock.isOld = true;
      else this.clock.tick();
    }
    if (this.clock.isOld) {
      this.elapsed();
      if (this.inJob) this.starvation.look(this.clock.now, this.clock.ticks, this.finder.lastSite);
    }
    const { table } = this;
    if (parent === undefined) {
      const site = this.finder.find(-1, this.clock.now);
      const slot = (this.rootSlot = this.add(promise, site, NO_SLOT));
      if (slot === NO_SLOT) return;
      this.rootId = table.id(slot);
      this.enter(slot, this.sites.traits[site]!);
      return;
    }
    const parentSlot = this.slotOf(parent);
    if (parentSlot === RELEASED) this.unheard.hear(parent);
    const site = this.finder.find(parentSlot < 0 ? 0 : table.site(parentSlot), this.clock.now);
    const traits = this.sites.traits[site]!;
    if ((traits & Trait.kind) === (SiteKind.await as number)) this.addAwait(promise, site, traits >> FUNCTION_SHIFT, parentSlot);
    else this.addChild(promise, site, traits, parentSlot);
  }

  private enter(slot: number, traits: number): void {
    const kind: SiteKind = traits & Trait.kind;
    if (isCall(kind)) {
      this.stack.push(slot, traits);
      this.listener?.onBegin(slot);
    } else if (kind === SiteKind.group) {
      this.outerGroup = this.group;
      this.group = slot;
      this.table.countMembers(slot, 0);
    }
  }

  private addChild(promise: object, site: number, traits: number, parent: number): void {
    const { table } = this;
    if (traits & Trait.adoption && this.follow(promise, parent, site)) return;
    const slot = this.addLastChild(promise, site, parent);
    if (slot === NO_SLOT) return;
    if (parent >= 0) table.mark(parent, Flag.chained);
    if ((traits & Trait.kind) === (SiteKind.member as number) && this.group >= 0 && table.flags(this.group) !== 0) {
      table.countMembers(this.group, table.parent(this.group) + 1);
      table.setExtra(slot, this.group);
      this.listener?.onMember(slot);
    }
  }

  /** A slot for a promise that hangs on another. */
  private addLastChild(promise: object, site: number, parent: number): number {
    const slot = (this.lastChildSlot = this.add(promise, site, parent < 0 ? NO_SLOT : parent));
    this.lastChildId = this.table.id(slot);
    this.lastChildEntry = this.finder.lastEntry;
    return slot;
  }

  /** The promise whose job runs was resolved with another one, `parent`: V8 makes `promise` to follow that. */
  private follow(promise: object, parent: number, site: number): boolean {
    const { jobSlot: slot, table } = this;
    if (slot === NO_SLOT || !table.isSame(slot, this.jobId)) return false;
    if (isCall(this.sites.kind(table.site(slot)))) {
      new Stamp(promise, continuationOf(slot));
      this.suspend(slot, promise, parent, site);
    } else {
      new Stamp(promise, RELEASED);
      table.setParent(slot, parent);
      table.mark(slot, Flag.follows);
      if (parent >= 0) table.mark(parent, Flag.chained);
    }
    return true;
  }

  private addAwait(promise: object, site: number, fn: number, parent: number): void {
    this.lastChildSlot = NO_SLOT;
    const { stack, table } = this;
    const at = stack.innermost(fn, stack.depth);
    const owner = stack.at(at);
    if (owner >= 0 && owner !== parent) {
      stack.depth = at; // what was called after it has returned
      new Stamp(promise, continuationOf(owner));
      this.suspend(owner, promise, parent, site);
      return;
    }
    if (owner >= 0) {
      // `await value` of what is no promise: V8 wraps it in one that hangs on the call's own promise.
      new Stamp(promise, RELEASED);
      this.wrapper = promise;
      this.wrapped = parent;
      const same = stack.innermost(fn, at);
      // Only its caller can have the promise of a call that has just begun; where that awaits it is not known.
      const isCallers = same < 0 && parent !== this.base;
      this.wrapperCaller = isCallers ? stack.at(at - 1) : same < 0 ? parent : stack.at(same);
      this.wrapperSite = isCallers ? table.site(this.wrapperCaller) : site;
      this.wrapperCallerId = table.id(this.wrapperCaller);
      return;
    }
    // A call that begins here was forecast as something else, and so was what it has made since.
    if (!this.inJob && parent === this.rootSlot) this.correctRoot(table.site(parent), 0);
    const slot = this.addLastChild(promise, site, parent);
    if (slot === NO_SLOT) return;
    table.setExtra(slot, site);
    // From here on it may be told of: an inspector can ask in the middle of this.
    table.mark(slot, Flag.orphan | Flag.waiting);
    if (this.orphanBorn >= 0) {
      table.setBorn(slot, this.orphanBorn);
      table.unmark(this.jobSlot, Flag.orphan | Flag.waiting); // the same call, which would be told of twice until the job is over
    }
    if (parent >= 0) table.mark(parent, Flag.awaited);
    this.listener?.onOrphan(slot, this.orphanBorn >= 0 ? this.jobId : 0);
  }

  /**
   * An await of what is no promise makes two: the wrapper, which hangs on the call's own promise, and at once one that
   * hangs on the wrapper. Where the second does not come, the first was an await of that call's promise: by an outer
   * call of the same function, by the call itself, or by whoever called it, where something else had been forecast.
   */
  private checkWrapper(nextParent: object | undefined): void {
    const { wrapper, wrapped, wrapperCaller: caller, table } = this;
    this.wrapper = undefined;
    if (nextParent === wrapper || wrapper === undefined || !table.isSame(caller, this.wrapperCallerId)) return;
    this.finder.check(this.finder.lastEntry);
    this.stack.leave(caller);
    this.suspendAfterAll(caller, wrapper, table.flags(wrapped) ? wrapped : NO_SLOT, this.wrapperSite, NO_SLOT);
  }

  /** A `continuation` was taken for something else, and may have got a slot of its own for that. */
  private suspendAfterAll(slot: number, continuation: object, parent: number, site: number, ownSlot: number): void {
    if (ownSlot !== NO_SLOT) {
      this.listener?.onMistake(ownSlot);
      this.table.remove(ownSlot);
    }
    Stamp.change(continuation, continuationOf(slot));
    this.suspend(slot, continuation, parent, site);
  }

  /** The call in `slot` is suspended until `parent` settles; `continuation` is V8's own promise for that. */
  private suspend(slot: number, continuation: object, parent: number, site: number): void {
    const { table } = this;
    if (table.flags(slot) & Flag.waiting) {
      // The earlier one was no await after all.
      const earlier = table.watched.of(slot);
      if (earlier) Stamp.change(earlier, RELEASED);
    }
    table.suspend(slot, parent, site);
    table.watched.keep(slot, continuation);
    this.armFlush();
    this.listener?.onSuspend(slot);
  }

  onBefore(promise: object): void {
    if (this.wrapper !== undefined) this.checkWrapper(undefined);
    this.clock.tick();
    if (!this.isFresh) this.begin();
    this.isFresh = false;
    this.inJob = true;
    const stamp = this.slotOf(promise);
    if (stamp === RELEASED) return;
    const { table } = this;
    if (stamp >= 0) {
      this.beginJob(stamp);
      return;
    }
    const slot = continuationOf(stamp); // its own inverse
    this.finder.begin(table.extra(slot), After.continued);
    this.listener?.onResume(slot);
    table.unmark(slot, Flag.waiting);
    table.watched.forget(slot);
    this.setBase(slot);
    this.stack.push(slot, this.sites.traits[table.site(slot)]!);
  }

  /** What was given to `.then` runs, an await goes on whose call is not known, or a call has returned a promise. */
  private beginJob(slot: number): void {
    const { table } = this;
    const site = table.site(slot);
    this.jobSlot = slot;
    this.jobId = table.id(slot);
    if (table.flags(slot) & Flag.orphan) {
      this.orphanBorn = table.born(slot);
      this.listener?.onResume(slot);
    } else if (isCall(this.sites.kind(site))) {
      this.finder.begin(site, After.adopting);
      this.setBase(slot);
      return;
    }
    this.finder.begin(site, After.continued);
  }

  onAfter(): void {
    if (this.wrapper !== undefined) this.checkWrapper(undefined);
    this.settleAccount();
    this.inJob = false;
    this.begin();
  }

  /** After a continuation its call has ended, or the last promise that hangs on another is its await, whatever was forecast. */
  private settleAccount(): void {
    const { base, table, lastChildSlot: child } = this;
    if (child === NO_SLOT || base < 0 || this.finder.after === After.adopting || !table.isSame(base, this.baseId) || !table.isSame(child, this.lastChildId)) return;
    const isOrphan = (table.flags(child) & Flag.orphan) !== 0;
    const continuation = table.watched.of(child);
    if (!continuation) return;
    if (table.flags(base) & Flag.waiting) {
      const at = table.extra(child);
      if (isOrphan && this.sites.functionOf(at) === this.sites.functionOf(table.extra(base))) this.suspendAfterAll(base, continuation, table.pendingParent(child), at, child);
    } else if (this.stack.depth === 1 && !isOrphan && table.flags(child) & Flag.unsure) {
      // The call goes on pending, and what should be a `.then` came last: `return promise.then(…)`, or an await that was taken for one.
      this.finder.distrust(this.lastChildEntry);
      this.suspendAfterAll(base, continuation, table.pendingParent(child), table.site(child), child);
    }
  }

  onSettled(promise: object): void {
    if (!this.inJob) {
      this.clock.isOld = true; // whatever it lets run comes after a while of nothing, perhaps
      this.starvation.end();
    }
    const slot = this.slotOf(promise);
    if (slot < 0) return;
    const { table, sites, finder } = this;
    const site = table.site(slot);
    // Nobody listens to the promise of that call.
    const isUnheard = this.unheard.isWanted && isCall(sites.kind(site)) && !sites.isInternal(site) && !(table.flags(slot) & (Flag.awaited | Flag.chained));
    Stamp.change(promise, isUnheard ? this.unheard.add(promise, site, this.clock.now) : RELEASED);
    if (slot === this.rootSlot) finder.after = After.ended;
    // A combinator wraps what is no promise in one of its own, which looks like another combinator.
    if (slot === this.group && table.parent(slot) === 0) this.group = this.outerGroup;
    this.listener?.onEnd(slot);
    if (isCall(sites.kind(site))) {
      if (this.stack.leave(slot) && slot !== this.rootSlot) finder.end(site);
    }
    table.remove(slot);
  }

  /** The slot of a promise, or what else its stamp says. */
  private slotOf(promise: object): number {
    const stamp = Stamp.read(promise);
    if (stamp < 0) return isSlotStamp(stamp) ? stamp : RELEASED;
    return this.table.isStamp(stamp) ? stamp & SLOT_MASK : RELEASED;
  }

  private begin(): void {
    this.isFresh = true;
    this.finder.begin(0, After.made);
    this.stack.depth = 0;
    this.rootSlot = NO_SLOT;
    this.base = NO_SLOT;
    this.jobSlot = NO_SLOT;
    this.orphanBorn = -1;
    this.lastChildSlot = NO_SLOT;
    this.group = this.outerGroup = NO_SLOT;
  }

  private setBase(slot: number): void {
    this.base = slot;
    this.baseId = this.table.id(slot);
  }

  private add(promise: object, site: number, parent: number): number {
    const slot = this.table.add(promise, site, parent, this.clock.now, this.finder.unsure ? Flag.unsure : 0);
    new Stamp(promise, slot === NO_SLOT ? RELEASED : this.table.stamp(slot));
    if (slot !== NO_SLOT) this.armFlush();
    return slot;
  }

  /** The newest promise without a parent was made at another site than was said. */
  private correctRoot(was: number, site: number): boolean {
    const { rootSlot: slot, table } = this;
    const wasCall = isCall(this.sites.kind(was));
    if (slot === NO_SLOT || !table.isSame(slot, this.rootId)) return false;
    table.setSite(slot, site);
    if (wasCall && this.stack.top() === slot) this.stack.depth--;
    if (wasCall) this.listener?.onMistake(slot);
    this.enter(slot, this.sites.traits[site]!);
    return true;
  }

  private armFlush(): void {
    if (!this.flushing) this.flush.refresh();
    this.flushing = true;
  }

  private onFlush(): void {
    this.flushing = false;
    this.elapsed();
    this.starvation.end();
    this.begin(); // the stretch of code before is over: nothing of it is held
    this.wrapper = undefined;
    this.table.watched.flush();
    this.unheard.check(this.clock.now);
    if (this.lost.isDue) this.lost.sweep(this.clock.now, this.listener);
  }
}
