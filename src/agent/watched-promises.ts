// By which object it is known whether a slot's promise can still be settled. Nearly all promises settle within moments,
// and a weak reference costs more than a promise: so the newest are held strongly, until they settle, until a few
// thousand newer ones have come, or until the next flush; only what is left then gets a weak reference.
import { Stamp, stampSlot } from './promise-stamp';
import { Flag, SLOT_WORDS, Word } from './slot';

/** As it is now: the program may take it away. */
const Reference = WeakRef;

/** Promises of one chunk; a chunk is young when it is filled, so that filling it costs the garbage collector nothing. */
const CHUNK_BITS = 8;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
const CHUNKS = 16;
const PLACE_MASK = CHUNKS * CHUNK - 1;

/** What a slot's word `hold` says; from 0 on, the place of its object among those that are held strongly. */
export enum Hold {
  nothing = -1,
  /** It lives exactly as long as another slot's object. */
  implied = -2,
}
/** From here on down, the weak references. */
const FIRST_WEAK = -3;

type Chunk = (object | undefined)[];

/** The table whose slots these are. */
interface Slots {
  readonly words: Int32Array;
}

export class WatchedPromises {
  /** How many slots have a weak reference. */
  weak = 0;
  /** A free place has the number of the next free one. */
  private readonly references: (WeakRef<object> | number)[] = [];
  private freeReference = -1;
  private readonly chunks: Chunk[] = Array.from({ length: CHUNKS }, () => []);
  private chunk: Chunk = [];
  private nextPlace = 0;
  /** Of nothing that lives: V8 clears it when it clears others. */
  private canary = new Reference({});

  constructor(private readonly slots: Slots) {}

  /** From now on the slot is known by `promise`, which is stamped with the slot. */
  keep(slot: number, promise: object): void {
    const { words } = this.slots;
    const at = slot * SLOT_WORDS + Word.hold;
    const hold = words[at]!;
    if (hold >= 0) {
      this.chunks[hold >>> CHUNK_BITS]![hold & CHUNK_MASK] = promise;
      return;
    }
    if (hold <= FIRST_WEAK) this.dropReference(hold);
    const place = this.nextPlace;
    this.nextPlace = (place + 1) & PLACE_MASK;
    if ((place & CHUNK_MASK) === 0) this.nextChunk(place);
    this.chunk[place & CHUNK_MASK] = promise;
    words[at] = place;
  }

  forget(slot: number): void {
    const { words } = this.slots;
    const at = slot * SLOT_WORDS + Word.hold;
    const hold = words[at]!;
    if (hold >= 0) this.chunks[hold >>> CHUNK_BITS]![hold & CHUNK_MASK] = undefined;
    else if (hold <= FIRST_WEAK) this.dropReference(hold);
    words[at] = Hold.nothing;
  }

  /** The object that the slot is known by, where it still exists and is held. */
  of(slot: number): object | undefined {
    const hold = this.slots.words[slot * SLOT_WORDS + Word.hold]!;
    return hold >= 0 ? this.chunks[hold >>> CHUNK_BITS]![hold & CHUNK_MASK] : this.referred(hold);
  }

  /** True where objects may have been collected since it was true last. */
  hasCollected(): boolean {
    if (this.canary.deref()) return false;
    this.canary = new Reference({});
    return true;
  }

  isImpliedNow(slot: number): boolean {
    return this.slots.words[slot * SLOT_WORDS + Word.hold] === (Hold.implied as number);
  }

  isCollected(slot: number): boolean {
    const hold = this.slots.words[slot * SLOT_WORDS + Word.hold]!;
    return hold <= FIRST_WEAK && this.referred(hold) === undefined;
  }

  /** Nothing is held strongly any more. */
  flush(): void {
    for (let index = 0; index < CHUNKS; index++) this.release(index);
    this.chunk = [];
    this.nextPlace = 0;
  }

  private nextChunk(place: number): void {
    const index = place >>> CHUNK_BITS;
    this.release(index);
    this.chunks[index] = this.chunk = new Array<object | undefined>(CHUNK).fill(undefined);
  }

  private release(index: number): void {
    const chunk = this.chunks[index]!;
    if (chunk.length === 0) return;
    this.chunks[index] = [];
    for (const promise of chunk) if (promise !== undefined) this.weaken(stampSlot(Stamp.read(promise)), promise);
  }

  private weaken(slot: number, promise: object): void {
    const { words } = this.slots;
    const at = slot * SLOT_WORDS;
    // V8 reaches an await's continuation through the awaited promise only: that one lives as long as it.
    if ((words[at + Word.flags]! & (Flag.awaited | Flag.waiting)) === (Flag.awaited as number)) {
      words[at + Word.hold] = Hold.implied;
      return;
    }
    let index = this.freeReference;
    if (index < 0) index = this.references.length;
    else this.freeReference = this.references[index] as number;
    this.references[index] = new Reference(promise);
    words[at + Word.hold] = FIRST_WEAK - index;
    this.weak++;
  }

  private referred(hold: number): object | undefined {
    const reference = this.references[FIRST_WEAK - hold];
    return typeof reference === 'object' ? reference.deref() : undefined;
  }

  private dropReference(hold: number): void {
    const index = FIRST_WEAK - hold;
    this.references[index] = this.freeReference;
    this.freeReference = index;
    this.weak--;
  }
}
