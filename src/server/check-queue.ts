/** Dependants are looked at when nobody has typed for this long; closed files after the second. Milliseconds. */
const settled = 60;
const idle = 1000;
/** Longest pause between the last keystroke and the check of the edited file. Milliseconds. */
const longestWait = 250;
const openAtOnce = 4;
const closedAtOnce = 8;

/** What a check tells the queue. */
export interface CheckOutcome {
  /** The compiler rests: try again after so many milliseconds. */
  retryIn: number;
}

/**
 * In which order files are checked: edited ones at once, then the other open ones that an edit may concern, then
 * closed ones whose findings are shown. Between two checks the event loop runs, so that edits overtake.
 */
export class CheckQueue {
  private readonly edited = new Set<string>();
  private readonly dependants = new Set<string>();
  private readonly closed = new Set<string>();
  private timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  private lastEdit = 0;
  private firstPendingEdit = 0;
  /** Between the last edit and the check of its file. Milliseconds. */
  private wait = 0;
  /** How long the last check of an edited file took. Milliseconds. */
  private lastDuration = 0;

  /** `check` checks files and publishes what it found. */
  constructor(
    private readonly check: (paths: readonly string[]) => CheckOutcome,
    private readonly changed: () => void,
  ) {}

  /** Files that still have to be checked, but for the closed ones. */
  get pending(): number {
    return this.edited.size + this.dependants.size;
  }

  /** A file's own text has changed, or it was opened. */
  edit(path: string): void {
    const now = Date.now();
    // Whoever types slower than the checks take has an answer to each keystroke; else to each pause.
    this.wait = now - this.lastEdit < 2 * this.lastDuration ? Math.min(longestWait, this.lastDuration) : 0;
    this.lastEdit = now;
    if (this.edited.size === 0) this.firstPendingEdit = now;
    this.edited.add(path);
    this.dependants.delete(path);
    this.arm();
  }

  /** Something that these open files may depend on has changed. */
  affect(paths: Iterable<string>): void {
    for (const path of paths) if (!this.edited.has(path)) this.dependants.add(path);
    this.arm();
  }

  /** The same for closed files whose findings are shown. */
  affectClosed(paths: Iterable<string>): void {
    for (const path of paths) this.closed.add(path);
    this.arm();
  }

  /** Whether a file still has to be checked. */
  has(path: string): boolean {
    return this.edited.has(path) || this.dependants.has(path) || this.closed.has(path);
  }

  forget(path: string): void {
    for (const set of [this.edited, this.dependants, this.closed]) set.delete(path);
  }

  close(): void {
    this.disarm();
    this.edited.clear();
    this.dependants.clear();
    this.closed.clear();
  }

  private arm(): void {
    this.disarm();
    const now = Date.now();
    if (this.edited.size > 0) {
      // Somebody who types without a pause still sees findings every now and then.
      this.at(Math.min(this.lastEdit + this.wait, this.firstPendingEdit + 4 * longestWait) - now);
    } else if (this.dependants.size > 0) this.at(this.lastEdit + settled - now);
    else if (this.closed.size > 0) this.at(this.lastEdit + idle - now);
  }

  private at(delay: number): void {
    // An immediate runs after the messages that have arrived; a timer of 0 ms might not.
    this.timer = delay > 0 ? setTimeout(() => this.run(), delay) : setImmediate(() => this.run());
  }

  private disarm(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer as NodeJS.Timeout);
    clearImmediate(this.timer as NodeJS.Immediate);
    this.timer = undefined;
  }

  private run(): void {
    this.timer = undefined;
    const [from, paths] = this.next();
    if (paths.length === 0) return;
    for (const path of paths) from.delete(path);
    const started = performance.now();
    const { retryIn } = this.check(paths);
    if (from === this.edited) this.lastDuration = performance.now() - started;
    if (retryIn > 0) {
      for (const path of paths) from.add(path);
      this.at(retryIn);
    } else this.arm();
    this.changed();
  }

  private next(): [Set<string>, string[]] {
    if (this.edited.size > 0) return [this.edited, [...this.edited].reverse().slice(0, openAtOnce)];
    if (this.dependants.size > 0) return [this.dependants, [...this.dependants].slice(0, 1)];
    return [this.closed, [...this.closed].slice(0, closedAtOnce)];
  }
}
