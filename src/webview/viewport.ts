// Which part of the time the chart shows.

/** The shortest part that can be shown: ten microseconds. */
const SHORTEST = 0.01;
const FIRST_WIDTH = 5_000;

export class Viewport {
  /** Milliseconds since the recording began. */
  from = 0;
  to = FIRST_WIDTH;
  /** The right edge stays at the present. */
  follows = true;

  /** Milliseconds of a pixel, where the chart is so many pixels wide. */
  scale(width: number): number {
    return (this.to - this.from) / Math.max(1, width);
  }

  x(time: number, width: number): number {
    return ((time - this.from) / (this.to - this.from)) * width;
  }

  time(x: number, width: number): number {
    return this.from + (x / Math.max(1, width)) * (this.to - this.from);
  }

  /** The present moved on. */
  follow(now: number): void {
    if (!this.follows) return;
    const width = this.to - this.from;
    this.to = Math.max(now, width);
    this.from = this.to - width;
  }

  /** Shows `factor` times as much, while the time `around` stays where it is; at most all of `since` to `now`. */
  zoom(factor: number, around: number, since: number, now: number): void {
    const most = Math.max(SHORTEST, (now - since) * 1.05);
    const width = Math.min(most, Math.max(SHORTEST, (this.to - this.from) * factor));
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - share * width, around - share * width + width, since, now);
  }

  pan(by: number, since: number, now: number): void {
    this.show(this.from + by, this.to + by, since, now);
  }

  /** Shows this part, or as near to it as there is something to see. */
  show(from: number, to: number, since: number, now: number): void {
    const width = Math.max(SHORTEST, to - from);
    const margin = width * 0.05;
    this.from = Math.max(since - margin, Math.min(from, now + margin - width));
    this.to = this.from + width;
    this.follows = false;
  }

  fit(since: number, now: number): void {
    const width = Math.max(SHORTEST, now - since);
    this.from = since - width * 0.01;
    this.to = now + width * 0.01;
    this.follows = false;
  }
}

/** Round times for the axis within `from` to `to`, some `apart` milliseconds or more from one another; and the distance. */
export function ticks(from: number, to: number, apart: number): { step: number; times: number[] } {
  const power = 10 ** Math.floor(Math.log10(apart));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= apart) ?? power * 10;
  const times: number[] = [];
  for (let index = Math.ceil(from / step); index * step <= to; index++) times.push(index * step);
  return { step, times };
}

/** A time on the axis, as exact as the distance of its ticks: `1.25 s`, `120 ms`. */
export function tickText(time: number, step: number): string {
  const digits = (unit: number) => Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  if (step >= 100 || Math.abs(time) >= 10_000) return `${(time / 1000).toFixed(digits(1000))} s`;
  return `${time.toFixed(digits(1))} ms`;
}
