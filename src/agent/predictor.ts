import { MAX_SITES } from './sites';

const LONGEST_INTERVAL = 4095;

/**
 * Foretells at which site the next promise is made, since a look at the stack costs as much as twenty promises: what
 * followed a site last time mostly follows it again. A forecast is checked by the stack after 1, 2, 4, … uses while it
 * holds, and each time once it did not.
 */
export class SitePredictor {
  /** By transition: the site that followed, 0 for none yet. */
  private next = new Int32Array(1 << 10);
  /** Uses left until the forecast is checked. */
  private left = new Uint16Array(1 << 10);
  private interval = new Uint16Array(1 << 10);
  /** 1 where a forecast was wrong once. */
  private wrong = new Uint8Array(1 << 10);

  /** The transition that the last site and what happened since make. `after` is below 4. */
  static transition(site: number, after: number, parented: boolean): number {
    return (site << 3) | (after << 1) | (parented ? 1 : 0);
  }

  /** The site to expect, or 0 where the stack must tell. */
  expect(transition: number): number {
    if (transition >= this.next.length || this.left[transition] === 0) return 0;
    this.left[transition]!--;
    return this.next[transition]!;
  }

  /** What is likely, where the stack can't be read now. */
  guess(transition: number): number {
    return transition < this.next.length ? this.next[transition]! : 0;
  }

  /** The stack told. */
  learn(transition: number, site: number): void {
    if (transition >= this.next.length) this.grow(transition);
    const known = this.next[transition]!;
    if (known !== 0 && known !== site) this.wrong[transition] = 1;
    this.next[transition] = site;
    // Where different sites follow, only the stack can tell.
    const interval = this.wrong[transition] || known === 0 ? 0 : Math.min(this.interval[transition]! * 2 + 1, LONGEST_INTERVAL);
    this.interval[transition] = interval;
    this.left[transition] = interval;
  }

  /** What happened shows that the forecast was wrong. */
  doubt(transition: number): void {
    if (transition >= this.next.length) return;
    this.wrong[transition] = 1;
    this.left[transition] = 0;
    this.interval[transition] = 0;
  }

  /** True where no check has ever failed. */
  isSure(transition: number): boolean {
    return transition < this.next.length && this.wrong[transition] === 0;
  }

  private grow(transition: number): void {
    let length = this.next.length;
    while (length <= transition) length *= 2;
    length = Math.min(length, MAX_SITES << 3);
    const copy = <T extends Int32Array | Uint16Array | Uint8Array>(from: T, to: T): T => (to.set(from), to);
    this.next = copy(this.next, new Int32Array(length));
    this.left = copy(this.left, new Uint16Array(length));
    this.interval = copy(this.interval, new Uint16Array(length));
    this.wrong = copy(this.wrong, new Uint8Array(length));
  }
}
