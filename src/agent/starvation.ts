// Sees that continuation follows upon continuation, while timers, I/O and everything else of the event loop wait.
import { TICK_MASK } from './clock';

/** So long, and so many continuations, with nothing else between them. */
const LEAST_MS = 100;
const LEAST_CONTINUATIONS = 1_000;
/** A single continuation that takes so long blocks the loop itself; the watchdog tells of that. */
const LONGEST_MS = 50;
const MOST_PLACES = 100;

/** Where most of the continuations were: site, how often, milliseconds and continuations of the longest time. */
export type StarvedRow = [number, number, number, number];

export class Starvation {
  private readonly places = new Map<number, StarvedRow>();
  /** When the first of the continuations was, -1 for none; and its number. */
  private startedAt = -1;
  private firstTick = 0;
  private lastAt = 0;
  private lastTick = 0;
  /** How often a look met each site. */
  private readonly siteCounts = new Map<number, number>();

  /** Continuation number `tick` runs, which something at `site` led to. */
  look(now: number, tick: number, site: number): void {
    if (now - this.lastAt > LONGEST_MS) this.end();
    if (this.startedAt < 0) {
      this.startedAt = now;
      this.firstTick = tick;
    }
    this.lastAt = now;
    this.lastTick = tick;
    this.siteCounts.set(site, (this.siteCounts.get(site) ?? 0) + 1);
  }

  /** Something else than a continuation runs. */
  end(): void {
    if (this.startedAt < 0) return;
    const row = this.newest();
    if (row && (this.places.size < MOST_PLACES || this.places.has(row[0]))) this.places.set(row[0], row);
    this.startedAt = -1;
    this.siteCounts.clear();
  }

  rows(): StarvedRow[] {
    const row = this.startedAt < 0 ? undefined : this.newest();
    return [...new Map(row ? [...this.places, [row[0], row]] : this.places).values()];
  }

  /** What the continuations since the last pause come to, with those before at the same place; undefined while they are few. */
  private newest(): StarvedRow | undefined {
    const ms = this.lastAt - this.startedAt;
    const ticks = (this.lastTick - this.firstTick) & TICK_MASK;
    if (ms < LEAST_MS || ticks < LEAST_CONTINUATIONS) return undefined;
    let most = 0;
    for (const [site, count] of this.siteCounts) if (count > (this.siteCounts.get(most) ?? 0)) most = site;
    const [, times, longest, continuations] = this.places.get(most) ?? [0, 0, 0, 0];
    return ms > longest ? [most, times + 1, ms, ticks] : [most, times + 1, longest, continuations];
  }
}
