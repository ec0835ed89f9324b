// The handles that were made since they are watched. Nearly all timers and requests are over within moments, and a weak
// reference costs more than a timer: so the newest are held strongly, until a few thousand newer ones have come or
// until the next flush; only what is left then gets a weak reference.
import { readTime } from './clock';
import { isOver, type Resource } from './handle-resource';

/** What was noted of a handle when it was made. */
export interface NotedHandle {
  id: number;
  type: string;
  site: number;
  /** HandleMark bits. */
  marks: number;
  /** Milliseconds, by `performance.now()`. */
  born: number;
}

const MAX_YOUNG = 1 << 12;
const MAX_KEPT = 1 << 16;
/** What is over is taken out when there are so many, then when there are twice as many as were left. */
const FIRST_SWEEP = 1 << 10;
/** Where all places are taken, they are looked through again after so long: that takes some 5 ms. */
const FULL_PATIENCE_MS = 500;

/** As it is now: the program may take it away. */
const Reference = WeakRef;

export class HandleTable {
  /** Handles that were not kept, since there were too many. */
  dropped = 0;
  private young: Resource[] = [];
  private youngNotes: NotedHandle[] = [];
  private kept: WeakRef<Resource>[] = [];
  private notes: NotedHandle[] = [];
  private sweepAt = FIRST_SWEEP;
  private sweptAt = -Infinity;

  add(resource: Resource, note: NotedHandle): void {
    if (this.young.length >= MAX_YOUNG) this.flushYoung();
    this.young.push(resource);
    this.youngNotes.push(note);
  }

  /** Holds nothing strongly any more. */
  flushYoung(): void {
    const { young, youngNotes } = this;
    this.young = [];
    this.youngNotes = [];
    for (let at = 0; at < young.length; at++) {
      const resource = young[at]!;
      const note = youngNotes[at]!;
      if (hasEnded(resource, note.id)) continue;
      const isFull = this.kept.length >= MAX_KEPT;
      if (isFull ? note.born - this.sweptAt > FULL_PATIENCE_MS : this.kept.length >= this.sweepAt) this.sweep();
      if (this.kept.length >= MAX_KEPT) {
        this.dropped++;
        continue;
      }
      this.kept.push(new Reference(resource));
      this.notes.push(note);
    }
  }

  /** Those that are not over, the newest first. */
  *entries(): Generator<[Resource, NotedHandle]> {
    this.sweep();
    this.flushYoung();
    for (let at = this.kept.length - 1; at >= 0; at--) {
      const resource = this.kept[at]!.deref();
      if (resource) yield [resource, this.notes[at]!];
    }
  }

  private sweep(): void {
    const { kept, notes } = this;
    let left = 0;
    for (let at = 0; at < kept.length; at++) {
      const resource = kept[at]!.deref();
      if (!resource || hasEnded(resource, notes[at]!.id)) continue;
      kept[left] = kept[at]!;
      notes[left++] = notes[at]!;
    }
    kept.length = notes.length = left;
    this.sweepAt = Math.min(MAX_KEPT, Math.max(FIRST_SWEEP, 2 * left));
    this.sweptAt = readTime();
  }
}

/** What cannot be read is not followed further. */
function hasEnded(resource: Resource, id: number): boolean {
  try {
    return isOver(resource, id);
  } catch {
    return true;
  }
}
