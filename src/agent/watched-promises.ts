// By which object it is known whether a slot's promise can still be settled. Nearly all promises settle within moments,
// and a weak reference costs more than a promise: so the newest are held strongly, until they settle, until a few
// thousand newer ones have come, or until the next flush; only what is left then gets a weak reference.
import { Stamp, stampSlot } from './promise-stamp';

/** Promises of one chunk; a chunk is young when it is filled, so that filling it costs the garbage collector nothing. */
const CHUNK_BITS = 8;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
const CHUNKS = 16;

enum Hold {
  nothing = 0,
  strong = 1,
  weak = 2,
  /** It lives exactly as long as another slot's object. */
  implied = 3,
}

type Chunk = (object | undefined)[];

export class WatchedPromises {
  /** How many slots have a weak reference. */
  weak = 0;
  private hold: Uint8Array;
  /** By slot: which place it has in the chunks. */
  private step: Uint32Array;
  private readonly references: (WeakRef<object> | undefined)[] = [];
  private readonly chunks: (Chunk | undefined)[] = new Array<Chunk | undefined>(CHUNKS).fill(undefined);
  private chunk: Chunk = [];
  private steps = 0;

  /** `isImplied` says of a slot whether it needs no reference of its own. */
  constructor(
    capacity: number,
    private readonly isImplied: (slot: number) => boolean,
  ) {
    this.hold = new Uint8Array(capacity);
    this.step = new Uint32Array(capacity);
  }

  grow(capacity: number): void {
    const { hold, step } = this;
    this.hold = new Uint8Array(capacity);
    this.hold.set(hold);
    this.step = new Uint32Array(capacity);
    this.step.set(step);
  }

  /** From now on the slot is known by `promise`, which is stamped with the slot. */
  keep(slot: number, promise: object): void {
    if (this.hold[slot] !== Hold.nothing) this.forget(slot);
    const step = this.steps++;
    const place = step & CHUNK_MASK;
    if (place === 0) this.nextChunk(step);
    this.chunk[place] = promise;
    this.step[slot] = step;
    this.hold[slot] = Hold.strong;
  }

  forget(slot: number): void {
    const hold = this.hold[slot];
    if (hold === Hold.strong) {
      const step = this.step[slot]!;
      this.chunks[(step >>> CHUNK_BITS) % CHUNKS]![step & CHUNK_MASK] = undefined;
    } else if (hold === Hold.weak) {
      this.weak--;
      this.references[slot] = undefined;
    }
    this.hold[slot] = Hold.nothing;
  }

  /** The object that the slot is known by, where it still exists and is held. */
  of(slot: number): object | undefined {
    const hold = this.hold[slot];
    if (hold === Hold.weak) return this.references[slot]?.deref();
    const step = this.step[slot]!;
    return hold === Hold.strong ? this.chunks[(step >>> CHUNK_BITS) % CHUNKS]?.[step & CHUNK_MASK] : undefined;
  }

  isImpliedNow(slot: number): boolean {
    return this.hold[slot] === Hold.implied;
  }

  isCollected(slot: number): boolean {
    return this.hold[slot] === Hold.weak && this.references[slot]?.deref() === undefined;
  }

  /** Nothing is held strongly any more. */
  flush(): void {
    for (let index = 0; index < CHUNKS; index++) this.release(index);
    this.steps = 0;
  }

  private nextChunk(step: number): void {
    const index = (step >>> CHUNK_BITS) % CHUNKS;
    this.release(index);
    this.chunks[index] = this.chunk = new Array<object | undefined>(CHUNK).fill(undefined);
  }

  private release(index: number): void {
    const chunk = this.chunks[index];
    if (!chunk) return;
    this.chunks[index] = undefined;
    for (const promise of chunk) if (promise !== undefined) this.weaken(stampSlot(Stamp.read(promise)), promise);
  }

  private weaken(slot: number, promise: object): void {
    if (this.isImplied(slot)) {
      this.hold[slot] = Hold.implied;
      return;
    }
    while (this.references.length <= slot) this.references.push(undefined);
    this.references[slot] = new WeakRef(promise);
    this.hold[slot] = Hold.weak;
    this.weak++;
  }
}
