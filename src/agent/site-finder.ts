import { SitePredictor } from './predictor';
import { SiteKind, SiteTable } from './sites';
import { stackReader } from './stack-reader';

/** The stack may be read so often for each millisecond that passes, and so often at once: half of one processor's time at worst. */
const READS_PER_MS = 120;
const MOST_READS_AT_ONCE = 40_000;
/** The agent's own frames on a stack: the reader, `findOut`, `find`, the tracker, the hook. */
const OWN_FRAMES = 5;
const HOOKS_FILE = 'node:internal/promise_hooks';

/** What happened since the last site: nothing, its call was continued, its promise was settled, V8 takes up a promise for it. */
export enum After { made = 0, continued = 1, ended = 2, adopting = 3 }

/** Tells at which site each new promise is made: by the stack, or by what mostly follows the last site. */
export class SiteFinder {
  readonly table = new SiteTable();
  lastSite = 0;
  after: After = After.made;
  /** The predictor's entry for the last site. */
  lastEntry = -1;
  /** The last answer is a forecast that was wrong before. */
  unsure = false;
  /** How many answers were guessed or unknown since the stack was read too often already. */
  unread = 0;
  private readonly predictor = new SitePredictor();
  private readonly readStack = stackReader();
  private lastKey = 0;
  /** What the last site can have been as well; what comes next must tell. */
  private otherSite = 0;
  /** The last site is not a forecast. */
  private wasRead = true;
  private reads = MOST_READS_AT_ONCE;
  private readsAt = 0;

  /** `correct` is told when the newest promise that hangs on no other was made elsewhere than was said; false: it can't be. */
  constructor(private readonly correct: (wasSite: number, site: number) => boolean) {}

  /** Another stretch of code begins, that `site` led to. */
  begin(site: number, after: After): void {
    this.lastSite = site;
    this.after = after;
    this.otherSite = 0;
    this.lastEntry = -1;
    this.wasRead = true;
  }

  /** A call made at `site` has ended. */
  end(site: number): void {
    this.lastSite = site;
    this.after = After.ended;
    this.otherSite = 0;
  }

  /** The site of a new promise; `parentSite` is that of the promise that it hangs on, -1 for none; `now` in milliseconds. */
  find(parentSite: number, now: number): number {
    const { predictor } = this;
    let key = SitePredictor.key(this.lastSite, this.after, parentSite);
    let entry = predictor.find(key);
    if (this.otherSite !== 0 && this.wasOther(entry, parentSite)) {
      key = SitePredictor.key(this.lastSite, this.after, parentSite);
      entry = predictor.find(key);
    }
    const site = predictor.expect(entry);
    if (site === 0) return this.findOut(key, entry, parentSite, now);
    this.unsure = !predictor.isSure(entry);
    if (this.unsure && parentSite < 0) this.otherSite = predictor.other(entry);
    this.wasRead = parentSite >= 0 && !this.unsure;
    this.lastKey = key;
    this.lastEntry = entry;
    this.lastSite = site;
    this.after = After.made;
    return site;
  }

  /** What comes next, at the entry of the last site's key, tells whether that was the other one that can follow as well. */
  private wasOther(entry: number, parentSite: number): boolean {
    const { otherSite } = this;
    this.otherSite = 0;
    const hasOther = this.predictor.find(SitePredictor.key(otherSite, this.after, parentSite)) >= 0;
    if (!hasOther || entry >= 0) {
      if (hasOther === entry >= 0) this.predictor.distrust(this.lastEntry);
      return false;
    }
    this.correct(this.lastSite, otherSite);
    this.lastSite = otherSite;
    return true;
  }

  /** The stack is the answer, or a guess where it was read too often. */
  private findOut(key: number, entry: number, parentSite: number, now: number): number {
    const { predictor, lastKey, lastEntry, lastSite, wasRead } = this;
    this.lastKey = key;
    this.lastEntry = entry;
    predictor.countCheck(entry);
    let site: number;
    if (this.reads <= 0 && !this.earnReads(now)) {
      this.unread++;
      this.unsure = true;
      this.wasRead = false;
      site = predictor.guess(entry);
    } else {
      this.reads--;
      this.unsure = false;
      this.wasRead = true;
      const frames = this.readStack();
      let own = OWN_FRAMES;
      // Where the program has promise hooks as well (AsyncLocalStorage, on Node 22 and before), Node calls all of them in turn.
      while (frames[own]?.getFileName() === HOOKS_FILE) own++;
      site = this.table.read(frames, own, parentSite >= 0);
      // Only what follows a site that the stack told is sure to follow it.
      if (wasRead || site === predictor.guess(entry)) predictor.learn(key, site, parentSite < 0);
      else {
        predictor.check(lastEntry);
        predictor.check(entry);
        if (this.table.kind(site) === SiteKind.member && this.table.kind(lastSite) !== SiteKind.member) {
          // What was forecast wrongly is the combinator: its frame is below its member's.
          const group = this.table.read(frames, own + 1, false);
          if (group !== lastSite && this.correct(lastSite, group)) {
            predictor.learn(lastKey, group, true);
            this.lastKey = SitePredictor.key(group, this.after, parentSite);
            predictor.learn(this.lastKey, site, false);
          }
        }
      }
    }
    this.lastSite = site;
    this.after = After.made;
    return site;
  }

  /** What came after the forecast of `entry` can't follow it. */
  check(entry: number): void {
    this.predictor.check(entry);
  }

  distrust(entry: number): void {
    this.predictor.distrust(entry);
  }

  private earnReads(now: number): boolean {
    this.reads = Math.min(MOST_READS_AT_ONCE, Math.floor((now - this.readsAt) * READS_PER_MS));
    if (this.reads > 0) this.readsAt = now;
    return this.reads > 0;
  }
}
