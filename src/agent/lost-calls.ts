/** A call that was collected while it was pending. */
export interface LostCall {
  site: number;
  awaitSite: number;
  ageMs: number;
}

/** So many are kept; older ones are only counted. */
const MOST = 1_000;

export class LostCalls {
  count = 0;
  readonly newest: LostCall[] = [];

  add(call: LostCall): void {
    this.count++;
    if (this.newest.length >= MOST) this.newest.shift();
    this.newest.push(call);
  }
}
