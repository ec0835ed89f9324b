// Every pending promise has a slot here; the promise knows its slot, the slot does not hold the promise.
import { SLOT_BITS, SLOT_MASK } from './promise-stamp';
import { SiteKind } from './sites';
import { Flag, FLAG_BITS, FLAG_MASK, GENERATION_MASK, NO_SLOT, SLOT_WORDS, Word } from './slot';
import { Hold, WatchedPromises } from './watched-promises';

const FIRST_CAPACITY = 1 << 10;
/** 1,048,576 pending promises; those beyond are counted and not tracked. */
export const MAX_CAPACITY = 1 << SLOT_BITS;

export class PromiseTable {
  /** SLOT_WORDS for each slot; another array when there are more slots. */
  words = new Int32Array(FIRST_CAPACITY * SLOT_WORDS);
  used = 0;
  pending = 0;
  lost = 0;
  dropped = 0;
  created = 0;
  readonly watched = new WatchedPromises(this);
  /** The newest free slot, NO_SLOT for none; each has the next one in `parent`. */
  private firstFree = NO_SLOT;
  private capacity = FIRST_CAPACITY;

  /** A slot for a new promise; NO_SLOT when the table is full. */
  add(promise: object, site: number, parent: number, born: number, flags: number): number {
    let slot = this.firstFree;
    if (slot !== NO_SLOT) this.firstFree = this.words[slot * SLOT_WORDS + Word.parent]!;
    else if (this.used < this.capacity || this.grow()) {
      slot = this.used++;
      this.words[slot * SLOT_WORDS + Word.hold] = Hold.nothing;
    } else {
      this.dropped++;
      return NO_SLOT;
    }
    const { words } = this;
    const at = slot * SLOT_WORDS;
    words[at] = ++this.created;
    words[at + Word.site] = site;
    words[at + Word.born] = born;
    words[at + Word.parent] = parent;
    words[at + Word.parentId] = parent >= 0 ? words[parent * SLOT_WORDS]! : 0;
    words[at + Word.extra] = NO_SLOT;
    words[at + Word.flags] = words[at + Word.flags]! | flags | Flag.used;
    this.pending++;
    this.watched.keep(slot, promise);
    return slot;
  }

  remove(slot: number): void {
    this.watched.forget(slot);
    const { words } = this;
    const at = slot * SLOT_WORDS;
    words[at + Word.flags] = words[at + Word.flags]! & ~FLAG_MASK;
    words[at + Word.parent] = this.firstFree;
    this.firstFree = slot;
    this.pending--;
  }

  /** Removes what was collected while pending; calls `onLost` before. */
  sweep(onLost: (slot: number) => void): void {
    const { watched } = this;
    if (watched.weak === 0 || !watched.hasCollected()) return;
    for (let slot = 0; slot < this.used; slot++) {
      if (!watched.isCollected(slot)) continue;
      onLost(slot);
      this.lose(slot);
    }
  }

  private lose(slot: number): void {
    this.lost++;
    // What only this one could be reached from is gone, too.
    const parent = this.pendingParent(slot);
    if (this.flags(slot) & Flag.waiting && parent !== NO_SLOT && this.watched.isImpliedNow(parent)) this.lose(parent);
    const at = slot * SLOT_WORDS + Word.flags;
    this.words[at] = (((this.words[at]! >>> FLAG_BITS) + 1) & GENERATION_MASK) << FLAG_BITS;
    this.remove(slot);
  }

  /** What to stamp the slot's promise with. A lost call's promise may live on: its stamp must not name the next one in the slot. */
  stamp(slot: number): number {
    return ((this.words[slot * SLOT_WORDS + Word.flags]! >>> FLAG_BITS) << SLOT_BITS) | slot;
  }

  /** False for the stamp of a promise that was lost. */
  isStamp(stamp: number): boolean {
    return stamp >>> SLOT_BITS === this.words[(stamp & SLOT_MASK) * SLOT_WORDS + Word.flags]! >>> FLAG_BITS;
  }

  isSame(slot: number, id: number): boolean {
    return this.id(slot) === id >>> 0 && this.flags(slot) !== 0;
  }

  id(slot: number): number {
    return this.words[slot * SLOT_WORDS]! >>> 0;
  }

  site(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.site]!;
  }

  /** See Word.extra. */
  extra(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.extra]!;
  }

  /** Milliseconds since the tracker started. */
  born(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.born]! >>> 0;
  }

  /** 0 for a free slot. */
  flags(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.flags]! & FLAG_MASK;
  }

  mark(slot: number, flags: number): void {
    this.words[slot * SLOT_WORDS + Word.flags]! |= flags;
  }

  unmark(slot: number, flags: number): void {
    this.words[slot * SLOT_WORDS + Word.flags]! &= ~flags;
  }

  /** See Word.parent; the slot may be another promise's by now. */
  parent(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.parent]!;
  }

  parentId(slot: number): number {
    return this.words[slot * SLOT_WORDS + Word.parentId]! >>> 0;
  }

  /** What it hangs on or waits for, where that is still pending; NO_SLOT otherwise. */
  pendingParent(slot: number): number {
    const parent = this.parent(slot);
    return parent >= 0 && this.isSame(parent, this.parentId(slot)) ? parent : NO_SLOT;
  }

  setParent(slot: number, parent: number): void {
    const { words } = this;
    const at = slot * SLOT_WORDS;
    words[at + Word.parent] = parent < 0 ? NO_SLOT : parent;
    words[at + Word.parentId] = parent < 0 ? 0 : words[parent * SLOT_WORDS]!;
  }

  setSite(slot: number, site: number): void {
    this.words[slot * SLOT_WORDS + Word.site] = site;
  }

  setBorn(slot: number, born: number): void {
    this.words[slot * SLOT_WORDS + Word.born] = born;
  }

  setExtra(slot: number, extra: number): void {
    this.words[slot * SLOT_WORDS + Word.extra] = extra;
  }

  /** A group's `parent` is the number of its members. */
  countMembers(group: number, count: number): void {
    this.words[group * SLOT_WORDS + Word.parent] = count;
  }

  /** The call in `slot` waits at the site for `parent`, a slot, or below 0. */
  suspend(slot: number, parent: number, site: number): void {
    const { words } = this;
    this.setParent(slot, parent);
    const at = slot * SLOT_WORDS;
    words[at + Word.extra] = site;
    words[at + Word.flags]! |= Flag.waiting;
    if (parent >= 0) words[parent * SLOT_WORDS + Word.flags]! |= Flag.awaited;
  }

  private grow(): boolean {
    if (this.capacity >= MAX_CAPACITY) return false;
    this.capacity = Math.min(MAX_CAPACITY, this.capacity + (this.capacity >> 2));
    const { words } = this;
    this.words = new Int32Array(this.capacity * SLOT_WORDS);
    this.words.set(words);
    return true;
  }
}

/** True for kinds of sites that are calls of functions that can wait. */
export function isCall(kind: SiteKind): boolean {
  return kind === SiteKind.call || kind === SiteKind.next;
}
