// Every pending promise has a slot here; the promise knows its slot, the slot does not hold the promise.
import { SiteKind } from './sites';

export const NO_SLOT = -1;

/** What a slot's entry in `held` is. */
const Hold = { nothing: 0, strong: 1, weak: 2, implied: 3 } as const;

const FIRST_CAPACITY = 1 << 10;
/** 1,048,576 pending promises; those beyond are counted and not tracked. */
export const MAX_CAPACITY = 1 << 20;
const SLOT_BITS = 20;
const SLOT_MASK = MAX_CAPACITY - 1;
/** A stamp is a small integer of V8's: 31 bits without the sign. */
const MOST_GENERATIONS = (1 << 11) - 1;
/** The newest promises are held strongly, at most so many and only for moments: nearly all settle meanwhile, and a weak reference costs more than the promise. */
const NURSERY = 1 << 12;

export class PromiseTable {
  /** By slot: a number that no other promise of this thread had (it wraps after 4 billion). */
  id = new Uint32Array(FIRST_CAPACITY);
  site = new Int32Array(FIRST_CAPACITY);
  /** Milliseconds since the tracker started. */
  born = new Uint32Array(FIRST_CAPACITY);
  /** The slot of the promise that it hangs on (`.then`), that it waits for (a call), or the number of members (a group). */
  parent = new Int32Array(FIRST_CAPACITY);
  parentId = new Uint32Array(FIRST_CAPACITY);
  /** The site of the await for a waiting call; the slot of the group for a member. */
  extra = new Int32Array(FIRST_CAPACITY);
  /** Flag bits. */
  flags = new Uint8Array(FIRST_CAPACITY);
  private generation = new Uint16Array(FIRST_CAPACITY);
  used = 0;
  pending = 0;
  lost = 0;
  dropped = 0;
  created = 0;
  /** Slots with a weak reference. */
  weak = 0;
  private held: (object | undefined)[] = new Array<object | undefined>(FIRST_CAPACITY).fill(undefined);
  private hold = new Uint8Array(FIRST_CAPACITY);
  private heldAt = new Uint32Array(FIRST_CAPACITY);
  private free = new Int32Array(FIRST_CAPACITY);
  private freeCount = 0;
  private capacity = FIRST_CAPACITY;
  private readonly nursery = new Int32Array(NURSERY).fill(NO_SLOT);
  private nurserySteps = 0;

  /** A slot for a new promise; NO_SLOT when the table is full. */
  add(promise: object, site: number, parent: number, born: number): number {
    let slot: number;
    if (this.freeCount > 0) slot = this.free[--this.freeCount]!;
    else if (this.used < this.capacity || this.grow()) slot = this.used++;
    else {
      this.dropped++;
      return NO_SLOT;
    }
    this.id[slot] = ++this.created;
    this.site[slot] = site;
    this.born[slot] = born;
    this.parent[slot] = parent;
    this.parentId[slot] = parent >= 0 ? this.id[parent]! : 0;
    this.extra[slot] = NO_SLOT;
    this.flags[slot] = Flag.used;
    this.pending++;
    this.keep(slot, promise);
    return slot;
  }

  remove(slot: number): void {
    if (this.hold[slot] === Hold.weak) this.weak--;
    this.hold[slot] = Hold.nothing;
    this.held[slot] = undefined;
    this.flags[slot] = 0;
    this.pending--;
    this.free[this.freeCount++] = slot;
  }

  /** Watches, through `promise`, whether the slot's promise can still be settled. */
  keep(slot: number, promise: object): void {
    if (this.hold[slot] === Hold.weak) this.weak--;
    this.held[slot] = promise;
    this.hold[slot] = Hold.strong;
    const step = this.nurserySteps++;
    this.heldAt[slot] = step;
    const place = step & (NURSERY - 1);
    const oldest = this.nursery[place]!;
    this.nursery[place] = slot;
    if (oldest !== NO_SLOT) this.release(oldest, step - NURSERY);
  }

  /** Nothing of the slot needs to be watched. */
  letGo(slot: number): void {
    if (this.hold[slot] === Hold.weak) this.weak--;
    this.hold[slot] = Hold.nothing;
    this.held[slot] = undefined;
  }

  /** The object that is watched for the slot, where it still exists. */
  watched(slot: number): object | undefined {
    const held = this.held[slot];
    return this.hold[slot] === Hold.weak ? (held as WeakRef<object>).deref() : held;
  }

  /** Turns all strong references into weak ones. */
  releaseAll(): void {
    const steps = Math.min(NURSERY, this.nurserySteps);
    for (let back = steps; back > 0; back--) {
      const step = this.nurserySteps - back;
      const place = step & (NURSERY - 1);
      const slot = this.nursery[place]!;
      if (slot === NO_SLOT) continue;
      this.nursery[place] = NO_SLOT;
      this.release(slot, step);
    }
  }

  /** True while a strong reference may be there. */
  get hasStrong(): boolean {
    return this.nursery[(this.nurserySteps - 1) & (NURSERY - 1)] !== NO_SLOT;
  }

  /** Removes what was collected while pending; calls `onLost` before. */
  sweep(onLost: (slot: number) => void): void {
    if (this.weak === 0) return;
    for (let slot = 0; slot < this.used; slot++) {
      if (this.hold[slot] !== Hold.weak || (this.held[slot] as WeakRef<object>).deref() !== undefined) continue;
      onLost(slot);
      this.lose(slot);
    }
  }

  private lose(slot: number): void {
    this.lost++;
    // What only this one could be reached from is gone, too.
    const parent = this.parent[slot]!;
    if (this.flags[slot]! & Flag.waiting && parent >= 0 && this.isSame(parent, this.parentId[slot]!) && this.hold[parent] === Hold.implied) this.lose(parent);
    this.generation[slot] = (this.generation[slot]! + 1) & MOST_GENERATIONS;
    this.remove(slot);
  }

  /** What to stamp the slot's promise with. A lost call's promise may live on: its stamp must not name the next one in the slot. */
  stamp(slot: number): number {
    return (this.generation[slot]! << SLOT_BITS) | slot;
  }

  /** False for the stamp of a promise that was lost. */
  isStamp(stamp: number): boolean {
    return stamp >>> SLOT_BITS === this.generation[stamp & SLOT_MASK];
  }

  isSame(slot: number, id: number): boolean {
    return this.id[slot] === id && this.flags[slot] !== 0;
  }

  private release(slot: number, step: number): void {
    if (this.hold[slot] !== Hold.strong || this.heldAt[slot] !== step >>> 0) return;
    // V8 reaches an await's continuation through the awaited promise only: that one lives as long as it.
    if (this.flags[slot]! & Flag.awaited && !(this.flags[slot]! & Flag.waiting)) {
      this.hold[slot] = Hold.implied;
      this.held[slot] = undefined;
      return;
    }
    this.held[slot] = new WeakRef(this.held[slot]!);
    this.hold[slot] = Hold.weak;
    this.weak++;
  }

  private grow(): boolean {
    if (this.capacity >= MAX_CAPACITY) return false;
    this.capacity *= 2;
    const { capacity } = this;
    const bigger = <T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(from: T, to: T): T => (to.set(from), to);
    this.id = bigger(this.id, new Uint32Array(capacity));
    this.site = bigger(this.site, new Int32Array(capacity));
    this.born = bigger(this.born, new Uint32Array(capacity));
    this.parent = bigger(this.parent, new Int32Array(capacity));
    this.parentId = bigger(this.parentId, new Uint32Array(capacity));
    this.extra = bigger(this.extra, new Int32Array(capacity));
    this.flags = bigger(this.flags, new Uint8Array(capacity));
    this.generation = bigger(this.generation, new Uint16Array(capacity));
    this.hold = bigger(this.hold, new Uint8Array(capacity));
    this.heldAt = bigger(this.heldAt, new Uint32Array(capacity));
    this.free = bigger(this.free, new Int32Array(capacity));
    return true;
  }
}

export const Flag = {
  used: 1,
  /** A call that is suspended at an await; `parent` is what it waits for. */
  waiting: 2,
  /** Some await waits for it. */
  awaited: 4,
  /** `.then` was called on it. */
  chained: 8,
  /** Its call is not known, only its await: it began before the agent did, or was not recognised. */
  orphan: 16,
  /** Its site is a forecast that was wrong before. */
  unsure: 32,
  /** nameTask gave it a name. */
  named: 64,
  /** It was resolved with another promise, `parent`. */
  follows: 128,
} as const;

/** The slot that a stamp names, or the stamp itself where it names none. */
export function stampSlot(stamp: number): number {
  return stamp < 0 ? stamp : stamp & SLOT_MASK;
}

/** True for kinds of sites that are calls of functions that can wait. */
export function isCall(kind: number): boolean {
  return kind === SiteKind.call || kind === SiteKind.next;
}
