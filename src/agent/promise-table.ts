// Every pending promise has a slot here; the promise knows its slot, the slot does not hold the promise.
import { SLOT_BITS, SLOT_MASK } from './promise-stamp';
import { SiteKind } from './sites';
import { WatchedPromises } from './watched-promises';

export const NO_SLOT = -1;

const FIRST_CAPACITY = 1 << 10;
/** 1,048,576 pending promises; those beyond are counted and not tracked. */
export const MAX_CAPACITY = 1 << SLOT_BITS;
/** A stamp is a small integer of V8's: 31 bits without the sign. */
const MOST_GENERATIONS = (1 << 11) - 1;
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
  readonly watched = new WatchedPromises(FIRST_CAPACITY, (slot) => this.isImplied(slot));
  /** The newest free slot, NO_SLOT for none; each has the next one in `parent`. */
  private firstFree = NO_SLOT;
  private capacity = FIRST_CAPACITY;

  /** A slot for a new promise; NO_SLOT when the table is full. */
  add(promise: object, site: number, parent: number, born: number): number {
    let slot: number;
    if (this.firstFree !== NO_SLOT) {
      slot = this.firstFree;
      this.firstFree = this.parent[slot]!;
    } else if (this.used < this.capacity || this.grow()) slot = this.used++;
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
    this.watched.keep(slot, promise);
    return slot;
  }

  remove(slot: number): void {
    this.watched.forget(slot);
    this.flags[slot] = 0;
    this.pending--;
    this.parent[slot] = this.firstFree;
    this.firstFree = slot;
  }

  /** Removes what was collected while pending; calls `onLost` before. */
  sweep(onLost: (slot: number) => void): void {
    const { watched } = this;
    if (watched.weak === 0) return;
    for (let slot = 0; slot < this.used; slot++) {
      if (!watched.isCollected(slot)) continue;
      onLost(slot);
      this.lose(slot);
    }
  }

  private lose(slot: number): void {
    this.lost++;
    // What only this one could be reached from is gone, too.
    const parent = this.parent[slot]!;
    if (this.flags[slot]! & Flag.waiting && parent >= 0 && this.isSame(parent, this.parentId[slot]!) && this.watched.isImpliedNow(parent)) this.lose(parent);
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

  /** V8 reaches an await's continuation through the awaited promise only: that one lives as long as it. */
  private isImplied(slot: number): boolean {
    return (this.flags[slot]! & Flag.awaited) !== 0 && (this.flags[slot]! & Flag.waiting) === 0;
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
    this.watched.grow(capacity);
    return true;
  }
}

export enum Flag {
  used = 1,
  /** A call that is suspended at an await; `parent` is what it waits for. */
  waiting = 2,
  /** Some await waits for it. */
  awaited = 4,
  /** `.then` was called on it. */
  chained = 8,
  /** Its call is not known, only its await: it began before the agent did, or was not recognised. */
  orphan = 16,
  /** Its site is a forecast that was wrong before. */
  unsure = 32,
  /** nameTask gave it a name. */
  named = 64,
  /** It was resolved with another promise, `parent`. */
  follows = 128,
}

/** True for kinds of sites that are calls of functions that can wait. */
export function isCall(kind: SiteKind): boolean {
  return kind === SiteKind.call || kind === SiteKind.next;
}
