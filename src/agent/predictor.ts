// Foretells at which site the next promise is made, since a look at the stack costs as much as fifty promises.

/** Uses of a forecast between two looks at the stack that check it. */
const LONGEST_INTERVAL = 1023;
/** The same where two sites take turns. */
const LONGEST_DOUBTFUL_INTERVAL = 127;
/** A transition is read so often before it is forecast. */
const FIRST_CHECKS = 12;
const FIRST_DOUBTFUL_CHECKS = 100;
const MOST_CHECKS = 4095;
const FIRST_CAPACITY = 1 << 12;
const MAX_CAPACITY = 1 << 17;
const NO_PARENT = (1 << 15) - 1;

/** How sure a forecast is. */
enum Doubt {
  /** One site has always followed. */
  none = 0,
  /** Two sites take turns: what comes next tells which it was. */
  two = 1,
  /** Only the stack can tell. */
  many = 2,
}

/**
 * What followed a site last time mostly follows it again. A key says what came last; its entry says which site followed.
 * A transition is read some times, then forecast; the stack checks
 * the forecasts, ever more seldom while they hold.
 */
export class SitePredictor {
  private keys = new Int32Array(FIRST_CAPACITY);
  private sites = new Int32Array(FIRST_CAPACITY);
  private others = new Int32Array(FIRST_CAPACITY);
  private left = new Uint16Array(FIRST_CAPACITY);
  private interval = new Uint16Array(FIRST_CAPACITY);
  private doubts = new Uint8Array(FIRST_CAPACITY);
  /** How often it was read before the first forecast. */
  private held = new Uint8Array(FIRST_CAPACITY);
  private checks = new Uint16Array(FIRST_CAPACITY);
  private checksLeft = new Uint16Array(FIRST_CAPACITY);
  private capacity = FIRST_CAPACITY;
  private count = 0;

  /** What the last site, what happened since (below 4), and the site of the promise that the new one hangs on make; `parent` is -1 where it hangs on none. */
  static key(site: number, after: number, parent: number): number {
    return (site << 17) | (after << 15) | (parent < 0 ? NO_PARENT : parent);
  }

  /** The entry of a key, or -1. */
  find(key: number): number {
    const mask = this.capacity - 1;
    const wanted = key ^ -1; // an unused place holds 0, and no key is -1
    for (let at = hash(key) & mask; ; at = (at + 1) & mask) {
      const found = this.keys[at]!;
      if (found === wanted) return at;
      if (found === 0) return -1;
    }
  }

  /** The site to expect, or 0 where the stack must tell. */
  expect(entry: number): number {
    if (entry < 0 || this.left[entry] === 0) return 0;
    if (this.checksLeft[entry]! > 0) {
      this.checksLeft[entry]!--;
      return 0;
    }
    this.left[entry]!--;
    return this.sites[entry]!;
  }

  /** The site that could have followed as well, or 0. */
  other(entry: number): number {
    return this.doubts[entry] === Doubt.two ? this.others[entry]! : 0;
  }

  /** What is likely, where the stack can't be read now. */
  guess(entry: number): number {
    return entry < 0 ? 0 : this.sites[entry]!;
  }

  /** True where a forecast has held so often that it counts as read. */
  isProved(entry: number): boolean {
    return this.doubts[entry] === Doubt.none && this.interval[entry]! > 0;
  }

  isSure(entry: number): boolean {
    return this.doubts[entry] === Doubt.none;
  }

  /** The stack told. `separable`: where two sites take turns, what comes next will tell them apart. */
  learn(key: number, site: number, separable: boolean): void {
    const entry = this.entryFor(key);
    if (entry < 0) return;
    const known = this.sites[entry]!;
    let interval = 0;
    if (known === site || known === 0) {
      if (this.held[entry]! < (this.doubts[entry] === Doubt.none ? FIRST_CHECKS : FIRST_DOUBTFUL_CHECKS)) this.held[entry]!++;
      else interval = Math.min(this.interval[entry]! * 2 + FIRST_CHECKS, this.doubts[entry] === Doubt.none ? LONGEST_INTERVAL : LONGEST_DOUBTFUL_INTERVAL);
    } else {
      const seen = this.others[entry]!;
      if (!separable || (seen !== 0 && seen !== site)) this.doubts[entry] = Doubt.many;
      else if (this.doubts[entry] === Doubt.none) this.doubts[entry] = Doubt.two;
      this.others[entry] = known;
      if (seen !== site) this.held[entry] = 0;
      else if (this.held[entry]! < FIRST_DOUBTFUL_CHECKS) this.held[entry]!++;
      else interval = LONGEST_DOUBTFUL_INTERVAL;
    }
    this.sites[entry] = site;
    this.interval[entry] = interval;
    this.left[entry] = this.doubts[entry] === Doubt.many ? 0 : interval;
  }

  /**
   * A forecast was wrong, and it is not known what would have been right: the next ones are all checked, more of them
   * each time, until what else can follow is seen.
   */
  check(entry: number): void {
    if (entry < 0 || this.doubts[entry] !== Doubt.none) return;
    this.checks[entry] = Math.min(this.checks[entry]! * 2 + 15, MOST_CHECKS);
    this.checksLeft[entry] = this.checks[entry]!;
  }

  /** What happened shows that only the stack can tell. */
  distrust(entry: number): void {
    if (entry < 0) return;
    this.doubts[entry] = Doubt.many;
    this.left[entry] = 0;
  }

  private entryFor(key: number): number {
    const known = this.find(key);
    if (known >= 0) return known;
    if (this.count * 2 >= this.capacity && !this.grow()) return -1;
    this.count++;
    return this.place(key);
  }

  private place(key: number): number {
    const mask = this.capacity - 1;
    let at = hash(key) & mask;
    while (this.keys[at] !== 0) at = (at + 1) & mask;
    this.keys[at] = key ^ -1;
    return at;
  }

  private grow(): boolean {
    if (this.capacity >= MAX_CAPACITY) return false;
    const { keys, sites, others, left, interval, doubts, held } = this;
    this.capacity *= 4;
    const { capacity } = this;
    this.keys = new Int32Array(capacity);
    this.sites = new Int32Array(capacity);
    this.others = new Int32Array(capacity);
    this.left = new Uint16Array(capacity);
    this.interval = new Uint16Array(capacity);
    this.doubts = new Uint8Array(capacity);
    this.held = new Uint8Array(capacity);
    this.checks = new Uint16Array(capacity);
    this.checksLeft = new Uint16Array(capacity);
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === 0) continue;
      const to = this.place(keys[from]! ^ -1);
      this.sites[to] = sites[from]!;
      this.others[to] = others[from]!;
      this.left[to] = left[from]!;
      this.interval[to] = interval[from]!;
      this.doubts[to] = doubts[from]!;
      this.held[to] = held[from]!;
    }
    return true;
  }
}

function hash(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
