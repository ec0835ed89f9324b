// Finds tasks by their name and their places.
import { fileName } from '../tracer/recording/span-text';
import { NONE } from '../tracer/recording/task-spans';
import type { TimelineModel } from './model';

export class Search {
  query = '';
  /** Rows that match, in the order of their start. */
  rows: number[] = [];
  private matching: Uint8Array = new Uint8Array();

  has(row: number): boolean {
    return this.matching[row] === 1;
  }

  /** Looks anew: for another query, or since there are more tasks. All words must be in a task's name or one of its places. */
  run(model: TimelineModel, query = this.query): void {
    this.query = query;
    this.rows = [];
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.matching = new Uint8Array(model.spans.count);
    if (words.length === 0) return;
    const { spans, recording, text } = model;
    const texts = recording.sites.map(({ name, place }) => `${name} ${place ? `${fileName(place.file)}:${place.line}` : ''}`.toLowerCase());
    const seen = new Map<string, boolean>();
    for (let row = 0; row < spans.count; row++) {
      if (!model.isShown(row)) continue;
      const wait = spans.lastWait[row]!;
      const label = recording.names.get(spans.number[row]!) ?? '';
      const group = model.isGroup(row);
      const key = `${spans.site[row]} ${wait === NONE ? '' : spans.waits.site[wait]} ${label} ${group ? text.name(row) : ''}`;
      let isMatch = seen.get(key);
      if (isMatch === undefined) {
        const whole = `${group ? text.name(row).toLowerCase() : ''} ${texts[spans.site[row]!] ?? ''} ${wait === NONE ? '' : texts[spans.waits.site[wait]!]} ${label.toLowerCase()}`;
        isMatch = words.every((word) => whole.includes(word));
        seen.set(key, isMatch);
      }
      if (!isMatch) continue;
      this.matching[row] = 1;
      this.rows.push(row);
    }
    this.rows.sort((one, other) => spans.start[one]! - spans.start[other]!);
  }

  /** The match after (or before) a row, around the ends; NONE where there is none. */
  next(row: number, step: -1 | 1): number {
    if (this.rows.length === 0) return NONE;
    const at = this.rows.indexOf(row);
    if (at < 0) return this.rows[step === 1 ? 0 : this.rows.length - 1]!;
    return this.rows[(at + step + this.rows.length) % this.rows.length]!;
  }
}
