// What the page shows: the recording, and what is worked out from it.
import { layOut, type Lanes } from '../tracer/recording/lanes';
import { EventColumns } from '../tracer/recording/events';
import { RecordingFacts, type RecordedProcess, type RecordingBatch } from '../tracer/recording/recording';
import { SpanText } from '../tracer/recording/span-text';
import { NONE, SpanKind, SpanState, TaskSpans, waitOrder } from '../tracer/recording/task-spans';

/** What is not kept any more is taken out when there is so much of it: a tenth of the last minute. Milliseconds. */
const MOST_STALE = 6_000;

export class TimelineModel {
  readonly recording: RecordingFacts;
  spans = new TaskSpans();
  text: SpanText;
  lanes: Lanes;
  /** The waits of row `r` are `waits.waits[waits.first[r]]` up to `waits.waits[waits.first[r + 1]]`. */
  waits: { first: Uint32Array; waits: Uint32Array };
  /** The present, as of the last `refresh`. Milliseconds since the recording began. */
  now: number;
  private cleanSince = 0;

  constructor(process: RecordedProcess, batches: readonly RecordingBatch[]) {
    this.recording = new RecordingFacts(process);
    for (const batch of batches) this.add(batch);
    this.now = this.recording.now;
    this.text = new SpanText(this.recording, this.spans);
    this.lanes = layOut(this.spans, this.now, this.recording.threads.length);
    this.waits = waitOrder(this.spans);
  }

  add(batch: RecordingBatch): void {
    this.recording.learn(batch);
    this.spans.add(EventColumns.fromBytes(batch.events));
  }

  /** Works out where everything stands; what was added is not shown before. */
  refresh(): void {
    const { since, names } = this.recording;
    if (since > this.cleanSince + MOST_STALE) {
      this.cleanSince = since;
      this.spans = this.spans.since(since);
      this.text = new SpanText(this.recording, this.spans);
      for (const number of names.keys()) if (this.spans.row(number) === NONE) names.delete(number);
    }
    this.now = this.recording.now;
    this.lanes = layOut(this.spans, this.now, this.recording.threads.length);
    this.waits = waitOrder(this.spans);
  }

  /** Tasks; groups and mistakes are none. */
  get taskCount(): number {
    let count = 0;
    for (let row = 0; row < this.spans.count; row++) if (this.spans.kind[row] === SpanKind.task && this.spans.state[row] !== SpanState.mistake) count++;
    return count;
  }


  /** Since when there is something to see: what still goes on may have begun long before. */
  get since(): number {
    return this.recording.since;
  }

  end(row: number): number {
    return Math.min(this.spans.end[row]!, this.now);
  }

  isGroup(row: number): boolean {
    return this.spans.kind[row] === SpanKind.group;
  }

  isShown(row: number): boolean {
    return row < this.lanes.lane.length && this.lanes.lane[row] !== NONE && this.spans.state[row] !== SpanState.mistake;
  }

  /** Milliseconds of its time in which a task waited. */
  waiting(row: number): number {
    const { from, to } = this.spans.waits;
    let sum = 0;
    for (let at = this.waits.first[row]!; at < this.waits.first[row + 1]!; at++) {
      const wait = this.waits.waits[at]!;
      sum += Math.min(to[wait]!, this.end(row)) - from[wait]!;
    }
    return sum;
  }

  /** Index in a lane's part of `lanes.order` of the first row that ends after that time. */
  firstAfter(lane: number, time: number): number {
    const { first, order } = this.lanes;
    let low = first[lane]!;
    let high = first[lane + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.end(order[middle]!) >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The row on a lane at that time, or the nearest within `reach` milliseconds; NONE for none. */
  at(lane: number, time: number, reach = 0): number {
    if (lane < 0 || lane >= this.lanes.count) return NONE;
    const { first, order } = this.lanes;
    const found = this.firstAfter(lane, time - reach);
    if (found >= first[lane + 1]!) return NONE;
    const row = order[found]!;
    return this.spans.start[row]! <= time + reach ? row : NONE;
  }

  /** The rows before and after on the same lane; NONE at its ends. */
  neighbour(row: number, step: -1 | 1): number {
    const { first, order, lane } = this.lanes;
    const own = lane[row]!;
    let at = this.firstAfter(own, this.end(row));
    while (at < first[own + 1]! && order[at] !== row) at++;
    const next = at + step;
    return next >= first[own]! && next < first[own + 1]! ? order[next]! : NONE;
  }

  /** The most tasks that are pending at one time, in each of so many equal parts of the time from `from` to `to`. */
  pending(from: number, to: number, parts: number): Uint32Array {
    const { count, kind, state } = this.spans;
    const starts = new Float64Array(count);
    const ends = new Float64Array(count);
    let tasks = 0;
    for (let row = 0; row < count; row++) {
      if (kind[row] !== SpanKind.task || state[row] === SpanState.mistake) continue;
      starts[tasks] = this.spans.start[row]!;
      ends[tasks++] = this.end(row);
    }
    const [begun, ended] = [starts.subarray(0, tasks).sort(), ends.subarray(0, tasks).sort()];
    const most = new Uint32Array(parts);
    const width = (to - from) / parts;
    let open = 0;
    let over = 0;
    for (let part = 0; part < parts; part++) {
      const until = from + (part + 1) * width;
      most[part] = open - over;
      for (; open < tasks && begun[open]! < until; open++) {
        while (over < open && ended[over]! <= begun[open]!) over++;
        most[part] = Math.max(most[part]!, open + 1 - over);
      }
      while (over < open && ended[over]! <= until) over++;
    }
    return most;
  }
}
