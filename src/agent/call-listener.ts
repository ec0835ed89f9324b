/**
 * Told by the tracker of each step of a call, as it happens. All take a slot of the tracker's table, where the step is
 * entered already. None may throw.
 */
export interface CallListener {
  onBegin(slot: number): void;
  /** It waits for what `parent` says. Told again where the first was no await after all. */
  onSuspend(slot: number): void;
  onResume(slot: number): void;
  /** A promise that may be a call's is settled; it leaves the table next. */
  onEnd(slot: number): void;
  /** The same for what was collected while pending. */
  onLost(slot: number): void;
  /** What was told of it was a mistake: it is no call. Where it is another one after all, `onBegin` tells next. */
  onMistake(slot: number): void;
  /** A call that began before it was watched waits. `continued`: the id that it had until it was resumed just now, or 0. */
  onOrphan(slot: number, continued: number): void;
  /** A combinator waits for one more promise, of which `parent` tells. */
  onMember(slot: number): void;
  /** The program has named the call that runs now. */
  onName(id: number, name: string): void;
}
