import { FUNCTION_SHIFT, SiteKind, Trait } from './sites';
import { NO_SLOT } from './slot';

/** Calls within calls that have not come to their first await. */
const DEEPEST = 1 << 10;

/** The calls that run now and have not come to an await, the innermost last. */
export class CallStack {
  depth = 0;
  private readonly slots = new Int32Array(DEEPEST);
  /** The function that each is of; of a generator's request, as a negative number, the function that made it. */
  private readonly functions = new Int32Array(DEEPEST);

  /** `traits` are those of the call's site. */
  push(slot: number, traits: number): void {
    const { depth } = this;
    if (depth === DEEPEST) return;
    this.slots[depth] = slot;
    const fn = traits >> FUNCTION_SHIFT;
    this.functions[depth] = (traits & Trait.kind) === (SiteKind.next as number) ? -1 - fn : fn;
    this.depth = depth + 1;
  }

  /** The innermost call, or NO_SLOT. */
  top(): number {
    return this.depth > 0 ? this.slots[this.depth - 1]! : NO_SLOT;
  }

  /** NO_SLOT for a place below 0. */
  at(place: number): number {
    return place < 0 ? NO_SLOT : this.slots[place]!;
  }

  /** Drops a call and those that it has made; false where it is not there. */
  leave(slot: number): boolean {
    for (let at = this.depth - 1; at >= 0; at--) {
      if (this.slots[at] !== slot) continue;
      this.depth = at;
      return true;
    }
    return false;
  }

  /** Where, below the place `below`, the call is that an await in the function `fn` can be of; -1 for none. */
  innermost(fn: number, below: number): number {
    for (let at = below - 1; at >= 0; at--) {
      const own = this.functions[at]!;
      // A generator's request is made by its caller's function, and continued by the generator's: the same one only where
      // no async function has made it.
      if (own === fn || (own < 0 && (own !== -1 - fn || !(this.functions[at - 1]! >= 0)))) return at;
    }
    return -1;
  }
}
