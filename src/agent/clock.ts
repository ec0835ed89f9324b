import { performance } from 'node:perf_hooks';

/** As it is now: a program may set the time of its tests, or have no `performance`. */
export const readTime = performance.now.bind(performance);
/** After so many ticks the time is read again. */
const TICKS = 16;
/** Numbers of ticks wrap above this. */
export const TICK_MASK = (1 << 30) - 1;

/** A coarse clock: to read the time for every promise costs as much as the promise. */
export class Clock {
  /** Whole milliseconds since the start, as read last. */
  now = 0;
  /** Ticks since the start. */
  ticks = 0;
  /** The time that was read last is not good enough for what happens next. */
  isOld = true;
  /** On the clock of `performance.now()`. */
  readonly started = readTime();

  /** Milliseconds since the start. */
  read(): number {
    this.isOld = false;
    const now = readTime() - this.started;
    this.now = Math.trunc(now);
    return now;
  }

  tick(): void {
    this.ticks = (this.ticks + 1) & TICK_MASK;
    if (this.ticks % TICKS === 0) this.isOld = true;
  }
}
