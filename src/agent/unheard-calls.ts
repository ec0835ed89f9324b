// Calls that have ended though nobody listens to their promises yet. Which of them were rejected only a debugger can
// tell without touching them: a client that looks live asks it. Nothing is kept for anybody else.
import { RELEASED, SLOT_MASK, Stamp } from './promise-stamp';

/** So many are kept; others are not seen. */
const MOST = 64;
/** A client that has not asked for so long is gone. */
const PATIENCE_MS = 10_000;
/** Stamps from here down say that nobody listens to a promise; those above name slots. */
const FIRST_STAMP = -3 - SLOT_MASK;
const NUMBER_MASK = (1 << 29) - 1;

interface UnheardCall {
  promise: object;
  site: number;
  endedAt: number;
}

export class UnheardCalls {
  isWanted = false;
  /** By number, the oldest first. */
  private readonly calls = new Map<number, UnheardCall>();
  /** The numbers of those that the client looks at. */
  private shown: number[] = [];
  private lastNumber = 0;
  private askedAt = 0;

  /** A client asks: number, site and milliseconds since its end of each. */
  rows(now: number): [number, number, number][] {
    this.isWanted = true;
    this.askedAt = now;
    return Array.from(this.calls, ([number, { site, endedAt }]) => [number, site, Math.max(0, now - endedAt)]);
  }

  /** Numbers, each followed by its promise. */
  show(): (number | object)[] {
    this.shown = [...this.calls.keys()];
    return this.shown.flatMap((number) => [number, this.calls.get(number)!.promise]);
  }

  /** The client has seen that some of those were not rejected: a bit for each, eight in a byte. */
  drop(bytes: readonly number[]): void {
    this.shown.forEach((number, index) => {
      if (bytes[index >> 3]! & (1 << (index & 7))) this.calls.delete(number);
    });
  }

  /** What to stamp the promise of a call with that has ended. */
  add(promise: object, site: number, endedAt: number): number {
    if (this.calls.size >= MOST) return RELEASED;
    this.lastNumber = (this.lastNumber + 1) & NUMBER_MASK;
    this.calls.set(this.lastNumber, { promise, site, endedAt });
    return FIRST_STAMP - this.lastNumber;
  }

  /** Somebody listens to a promise. */
  hear(promise: object): void {
    if (this.isWanted) this.calls.delete(FIRST_STAMP - Stamp.read(promise));
  }

  /** Lets go of all where no client asks any more. */
  check(now: number): void {
    if (!this.isWanted || now - this.askedAt < PATIENCE_MS) return;
    this.isWanted = false;
    this.calls.clear();
  }
}

/** True for stamps that name a slot, or RELEASED. */
export function isSlotStamp(stamp: number): boolean {
  return stamp > FIRST_STAMP;
}
