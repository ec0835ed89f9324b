// Foretells at which site the next promise is made, since a look at the stack costs as much as fifty promises.

/** Uses of a forecast between two looks at the stack that check it. */
const LONGEST_INTERVAL = 8191;
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

/** The words of an entry. */
enum Word {
  key = 0,
  site = 1,
  /** The site that followed before; 0 for none. */
  other = 2,
  /** So many forecasts are left until the next look at the stack. */
  left = 3,
  interval = 4,
  doubt = 5,
  /** How often it was read before the first forecast. */
  held = 6,
  /** How many looks a wrong forecast costs, and above CHECK_BITS, how many of them are left. */
  checks = 7,
}
const ENTRY_WORDS = 8;
const CHECK_BITS = 16;
const CHECKS_MASK = (1 << CHECK_BITS) - 1;

/**
 * What followed a site last time mostly follows it again. A key says what came last; its entry says which site followed.
 * A transition is read some times, then forecast; the stack checks
 * the forecasts, ever more seldom while they hold.
 */
export class SitePredictor {
  private words = new Int32Array(FIRST_CAPACITY * ENTRY_WORDS);
  private capacity = FIRST_CAPACITY;
  private count = 0;

  /** What the last site, what happened since (below 4), and the site of the promise that the new one hangs on make; `parent` is -1 where it hangs on none. */
  static key(site: number, after: number, parent: number): number {
    return (site << 17) | (after << 15) | (parent < 0 ? NO_PARENT : parent);
  }

  /** The entry of a key, or -1. */
  find(key: number): number {
    const { words } = this;
    const mask = this.capacity * ENTRY_WORDS - 1;
    const wanted = key ^ -1; // an unused place holds 0, and no key is -1
    for (let at = (hash(key) * ENTRY_WORDS) & mask; ; at = (at + ENTRY_WORDS) & mask) {
      const found = words[at]!;
      if (found === wanted) return at;
      if (found === 0) return -1;
    }
  }

  /** The site to expect, or 0 where the stack must tell. */
  expect(entry: number): number {
    if (entry < 0) return 0;
    const { words } = this;
    const left = words[entry + Word.left]!;
    if (left === 0) return 0;
    words[entry + Word.left] = left - 1;
    return words[entry + Word.site]!;
  }

  /** The site that could have followed as well, or 0. */
  other(entry: number): number {
    return this.words[entry + Word.doubt] === (Doubt.two as number) ? this.words[entry + Word.other]! : 0;
  }

  /** What is likely, where the stack can't be read now. */
  guess(entry: number): number {
    return entry < 0 ? 0 : this.words[entry + Word.site]!;
  }

  /** False where a forecast was wrong before. A sure one has held so often that it counts as read. */
  isSure(entry: number): boolean {
    return this.words[entry + Word.doubt] === (Doubt.none as number);
  }

  /** The stack told. `separable`: where two sites take turns, what comes next will tell them apart. */
  learn(key: number, site: number, separable: boolean): void {
    const at = this.entryFor(key);
    if (at < 0) return;
    const { words } = this;
    const known = words[at + Word.site]!;
    const isSure = this.isSure(at);
    let interval = 0;
    if (known === site || known === 0) {
      if (words[at + Word.held]! < (isSure ? FIRST_CHECKS : FIRST_DOUBTFUL_CHECKS)) words[at + Word.held]!++;
      else interval = Math.min(words[at + Word.interval]! * 2 + FIRST_CHECKS, isSure ? LONGEST_INTERVAL : LONGEST_DOUBTFUL_INTERVAL);
    } else {
      const seen = words[at + Word.other]!;
      if (!separable || (seen !== 0 && seen !== site)) words[at + Word.doubt] = Doubt.many;
      else if (isSure) words[at + Word.doubt] = Doubt.two;
      words[at + Word.other] = known;
      if (seen !== site) words[at + Word.held] = 0;
      else if (words[at + Word.held]! < FIRST_DOUBTFUL_CHECKS) words[at + Word.held]!++;
      else interval = LONGEST_DOUBTFUL_INTERVAL;
    }
    words[at + Word.site] = site;
    words[at + Word.interval] = interval;
    const isChecked = words[at + Word.checks]! >>> CHECK_BITS > 0;
    words[at + Word.left] = isChecked || words[at + Word.doubt] === (Doubt.many as number) ? 0 : interval;
  }

  /**
   * A forecast was wrong, and it is not known what would have been right: the next ones are all checked, more of them
   * each time, until what else can follow is seen.
   */
  check(entry: number): void {
    if (entry < 0 || !this.isSure(entry)) return;
    const { words } = this;
    const checks = Math.min((words[entry + Word.checks]! & CHECKS_MASK) * 2 + 15, MOST_CHECKS);
    words[entry + Word.checks] = (checks << CHECK_BITS) | checks;
    words[entry + Word.left] = 0;
  }

  /** One of the checks is done, whether the stack could be read or not. */
  countCheck(entry: number): void {
    if (entry < 0 || this.words[entry + Word.checks]! >>> CHECK_BITS === 0) return;
    this.words[entry + Word.checks]! -= 1 << CHECK_BITS;
  }

  /** What happened shows that only the stack can tell. */
  distrust(entry: number): void {
    if (entry < 0) return;
    this.words[entry + Word.doubt] = Doubt.many;
    this.words[entry + Word.left] = 0;
  }

  private entryFor(key: number): number {
    const known = this.find(key);
    if (known >= 0) return known;
    if (this.count * 2 >= this.capacity && !this.grow()) return -1;
    this.count++;
    return this.place(key);
  }

  private place(key: number): number {
    const { words } = this;
    const mask = this.capacity * ENTRY_WORDS - 1;
    let at = (hash(key) * ENTRY_WORDS) & mask;
    while (words[at] !== 0) at = (at + ENTRY_WORDS) & mask;
    words[at] = key ^ -1;
    return at;
  }

  private grow(): boolean {
    if (this.capacity >= MAX_CAPACITY) return false;
    const { words } = this;
    this.capacity *= 4;
    this.words = new Int32Array(this.capacity * ENTRY_WORDS);
    for (let from = 0; from < words.length; from += ENTRY_WORDS) {
      if (words[from] === 0) continue;
      this.words.set(words.subarray(from + 1, from + ENTRY_WORDS), this.place(words[from]! ^ -1) + 1);
    }
    return true;
  }
}

function hash(key: number): number {
  const mixed = Math.imul(key, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) & 0xffffff;
}
