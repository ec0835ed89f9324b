// What a recording consists of: the steps of tasks, in columns. Runs in the page as well as in Node.

/** The kinds of events; `task` is a task's number unless said otherwise. */
export const RecordedEvent = {
  /** site: where it was called; code: its TaskMark, and CUT; ref: its thread's index. */
  begin: 1,
  /** It waits at the site; code: an AwaitsCode, whose ref is a task's or group's number, or the site where a promise was made. */
  suspend: 2,
  resume: 3,
  end: 4,
  /** It was collected while it waited: nothing could have resumed it. */
  lost: 5,
  /** It is no task after all. */
  mistake: 6,
  /** task: a group's number; code and ref: what it waits for as well. */
  member: 7,
  /** It ended while nothing was recorded. */
  vanished: 8,
  /** task: a group's number; site: where it was made; ref: how many promises it waits for. */
  group: 9,
} as const;

/** Beside the TaskMarks: some of its waits are in the recording no more. */
export const CUT = 4;

export const LAST_EVENT = RecordedEvent.group;
export const EVENT_BYTES = 22;

/** A column for each number of an event; grows as needed. */
export class EventColumns {
  count = 0;
  /** Milliseconds since the recording began; below zero for what began before. */
  time: Float64Array;
  task: Uint32Array;
  site: Uint32Array;
  ref: Uint32Array;
  kind: Uint8Array;
  code: Uint8Array;

  constructor(private capacity = 256) {
    this.time = new Float64Array(capacity);
    this.task = new Uint32Array(capacity);
    this.site = new Uint32Array(capacity);
    this.ref = new Uint32Array(capacity);
    this.kind = new Uint8Array(capacity);
    this.code = new Uint8Array(capacity);
  }

  push(kind: number, time: number, task: number, site = 0, code = 0, ref = 0): void {
    if (this.count === this.capacity) this.resize(this.capacity * 2);
    const at = this.count++;
    this.kind[at] = kind;
    this.time[at] = time;
    this.task[at] = task;
    this.site[at] = site;
    this.code[at] = code;
    this.ref[at] = ref;
  }

  append(other: EventColumns): void {
    const count = this.count + other.count;
    if (count > this.capacity) this.resize(Math.max(count, this.capacity * 2));
    for (const column of COLUMNS) this[column].set(other[column].subarray(0, other.count), this.count);
    this.count = count;
  }

  /** No longer than needed. */
  trim(): this {
    if (this.capacity > this.count) this.resize(this.count);
    return this;
  }

  /** EVENT_BYTES for each event, column after column, little-endian. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.count * EVENT_BYTES);
    let at = 0;
    for (const column of COLUMNS) {
      const values = this[column].subarray(0, this.count);
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
      at += values.byteLength;
    }
    return bytes;
  }

  /** Throws a one-sentence Error where the bytes are not those of whole events. */
  static fromBytes(bytes: Uint8Array): EventColumns {
    const count = bytes.length / EVENT_BYTES;
    if (!Number.isInteger(count)) throw new Error('The recording’s events are damaged.');
    const events = new EventColumns(0);
    const { buffer } = new Uint8Array(bytes); // a copy is aligned
    events.time = new Float64Array(buffer, 0, count);
    events.task = new Uint32Array(buffer, count * 8, count);
    events.site = new Uint32Array(buffer, count * 12, count);
    events.ref = new Uint32Array(buffer, count * 16, count);
    events.kind = new Uint8Array(buffer, count * 20, count);
    events.code = new Uint8Array(buffer, count * 21, count);
    events.capacity = events.count = count;
    return events;
  }

  private resize(capacity: number): void {
    const resized = new EventColumns(Math.max(1, capacity));
    for (const column of COLUMNS) resized[column].set(this[column].subarray(0, Math.min(this.count, capacity)));
    for (const column of COLUMNS) (this[column] as unknown) = resized[column];
    this.capacity = resized.capacity;
  }
}

/** The widest first, so that each is aligned. */
const COLUMNS = ['time', 'task', 'site', 'ref', 'kind', 'code'] as const;
