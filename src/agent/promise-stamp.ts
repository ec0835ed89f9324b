// What a promise is known by, in a private field that the program has no way to see: the slot that it has in the table;
// RELEASED; or, for the promise that V8 makes for an await's continuation, the slot of the call that waits.

/** Settled, or of no interest. Also what is read from a promise that is older than the tracker. */
export const RELEASED = -1;

export const continuationOf = (slot: number): number => -2 - slot;

/** The slot's bits in a stamp; those above tell promises apart that had the slot before. */
export const SLOT_BITS = 20;
export const SLOT_MASK = (1 << SLOT_BITS) - 1;

/** The slot that a stamp other than RELEASED names: the promise's own, or that of the call which waits. */
export function stampSlot(stamp: number): number {
  return stamp < 0 ? continuationOf(stamp) : stamp & SLOT_MASK; // the one is its own inverse
}

/** Derived, though from nothing: V8 makes no object for its `this`. */
class ReturnItsArgument extends (null as unknown as ObjectConstructor) {
  // @ts-expect-error: it needs no `super` call, since it returns something else.
  constructor(object: object) {
    return object;
  }
}

/** `new Stamp(promise, number)` stamps a promise that has no stamp yet. */
export class Stamp extends ReturnItsArgument {
  #number: number;

  constructor(promise: object, number: number) {
    super(promise);
    this.#number = number;
  }

  static change(promise: object, number: number): void {
    (promise as Stamp).#number = number;
  }

  static read(promise: object): number {
    return #number in promise ? promise.#number : RELEASED;
  }
}
