import type { CallListener } from './call-listener';
import type { PromiseTable } from './promise-table';
import type { SiteTable } from './sites';
import { Flag } from './slot';

/** A call that was collected while it was pending. */
export interface LostCall {
  site: number;
  awaitSite: number;
  ageMs: number;
}

/** So many are kept; older ones are only counted. */
const MOST = 1_000;
/** Fewer weak references are not searched for what was collected, unless someone asks. */
const LEAST_SWEPT = 1 << 12;

export class LostCalls {
  count = 0;
  readonly newest: LostCall[] = [];
  private sweepAt = LEAST_SWEPT;

  constructor(
    private readonly table: PromiseTable,
    private readonly sites: SiteTable,
  ) {}

  /** Whether there are twice as many weak references as were left after the last search. */
  get isDue(): boolean {
    return this.table.watched.weak > this.sweepAt;
  }

  /** Takes what was collected while pending out of the table; `now` in milliseconds since the tracker started. */
  sweep(now: number, listener: CallListener | undefined): void {
    const { table, sites } = this;
    table.sweep((slot) => {
      listener?.onLost(slot);
      const awaitSite = table.extra(slot);
      if (table.flags(slot) & Flag.waiting && sites.isTaskAt(awaitSite)) this.add({ site: table.site(slot), awaitSite, ageMs: now - table.born(slot) });
    });
    this.sweepAt = Math.max(LEAST_SWEPT, table.watched.weak * 2);
  }

  private add(call: LostCall): void {
    this.count++;
    if (this.newest.length >= MOST) this.newest.shift();
    this.newest.push(call);
  }
}
