// The tasks of a recording, each from its beginning to its end, with its waits. Runs in the page as well as in Node.
import { AwaitsCode } from '../../agent/protocol';
import { CUT, RecordedEvent, type EventColumns } from './events';
import type { Recording } from './recording';

export const NONE = -1;

/** How a task stands at the end of the recording. */
export const SpanState = { waiting: 0, running: 1, ended: 2, lost: 3, vanished: 4, mistake: 5 } as const;

export const SpanKind = { task: 0, group: 1 } as const;

/** By row: one for each task or group, in the order in which they came up. */
export class TaskSpans {
  count = 0;
  number = new Uint32Array(1024);
  kind = new Uint8Array(1024);
  state = new Uint8Array(1024);
  mark = new Uint8Array(1024);
  thread = new Uint8Array(1024);
  /** Milliseconds since the recording began. */
  start = new Float64Array(1024);
  /** Infinity for what has not ended. */
  end = new Float64Array(1024);
  site = new Uint32Array(1024);
  /** The row of the task or group that waits for it first, NONE for none. */
  parent = new Int32Array(1024);
  /** The newest wait, NONE for none; each has the one before in `previous`. */
  lastWait = new Int32Array(1024);
  waitCount = new Uint32Array(1024);
  readonly waits = new Waits();
  private readonly rows = new RowIndex();
  /** By the number of the group; `at` is when it was told of. */
  private readonly members = new Map<number, { at: number; list: { code: number; ref: number }[] }>();
  private readonly groups = new Map<number, { at: number; site: number; total: number }>();

  static of(recording: Recording): TaskSpans {
    const spans = new TaskSpans();
    for (const events of recording.columns()) spans.add(events);
    return spans;
  }

  /** The row of a task or group, or NONE. */
  row(number: number): number {
    return this.rows.get(number);
  }

  /** How many promises a group waits for. */
  total(row: number): number {
    return this.groups.get(this.number[row]!)?.total ?? 0;
  }

  /** The same without what had ended by then. */
  since(time: number): TaskSpans {
    const kept = new TaskSpans();
    const rows = new Int32Array(this.count).fill(NONE);
    for (let row = 0; row < this.count; row++) {
      if (this.end[row]! < time || this.state[row] === SpanState.mistake) continue;
      const to = kept.begin(this.number[row]!, this.kind[row]!, this.start[row]!, this.site[row]!, this.mark[row]!, this.thread[row]!);
      kept.state[to] = this.state[row]!;
      kept.end[to] = this.end[row]!;
      const parent = this.parent[row]!;
      // One that began later, a group, may stand above it.
      kept.parent[to] = parent;
      rows[row] = to;
    }
    for (let row = 0; row < kept.count; row++) if (kept.parent[row] !== NONE) kept.parent[row] = rows[kept.parent[row]!]!;
    const { waits } = this;
    for (let wait = 0; wait < waits.count; wait++) {
      const row = rows[waits.row[wait]!]!;
      if (row === NONE) continue;
      if (waits.to[wait]! < time && wait !== this.lastWait[waits.row[wait]!]) {
        kept.mark[row]! |= CUT;
        continue;
      }
      const to = kept.waits.push(row, waits.from[wait]!, waits.site[wait]!, waits.code[wait]!, waits.ref[wait]!, kept.lastWait[row]!);
      kept.waits.to[to] = waits.to[wait]!;
      kept.lastWait[row] = to;
      kept.waitCount[row]!++;
    }
    for (const [number, group] of this.groups) if (group.at >= time || kept.row(number) !== NONE) kept.groups.set(number, group);
    for (const [number, members] of this.members) if (kept.groups.has(number) || members.at >= time) kept.members.set(number, members);
    return kept;
  }

  add({ count, kind, time, task, site, code, ref }: EventColumns): void {
    for (let at = 0; at < count; at++) {
      const number = task[at]!;
      switch (kind[at]) {
        case RecordedEvent.begin:
          this.begin(number, SpanKind.task, time[at]!, site[at]!, code[at]!, ref[at]!);
          break;
        case RecordedEvent.suspend:
          this.suspend(this.row(number), time[at]!, site[at]!, code[at]!, ref[at]!);
          break;
        case RecordedEvent.resume:
          this.resume(this.row(number), time[at]!);
          break;
        case RecordedEvent.member: {
          const known = this.members.get(number);
          if (known) known.list.push({ code: code[at]!, ref: ref[at]! });
          else this.members.set(number, { at: time[at]!, list: [{ code: code[at]!, ref: ref[at]! }] });
          break;
        }
        case RecordedEvent.group:
          this.groups.set(number, { at: time[at]!, site: site[at]!, total: ref[at]! });
          break;
        default:
          this.finish(this.row(number), time[at]!, stateOf[kind[at]!] ?? SpanState.vanished);
      }
    }
  }

  private begin(number: number, kind: number, time: number, site: number, mark: number, thread: number): number {
    const row = this.count++;
    if (row === this.start.length) this.grow();
    this.rows.set(number, row);
    this.number[row] = number;
    this.kind[row] = kind;
    this.state[row] = SpanState.running;
    this.mark[row] = mark;
    this.thread[row] = thread;
    this.start[row] = time;
    this.end[row] = Infinity;
    this.site[row] = site;
    this.parent[row] = NONE;
    this.lastWait[row] = NONE;
    this.waitCount[row] = 0;
    return row;
  }

  private suspend(row: number, time: number, site: number, code: number, ref: number): void {
    if (row === NONE) return;
    if (this.state[row] === SpanState.waiting) this.waits.change(this.lastWait[row]!, site, code, ref);
    else {
      this.lastWait[row] = this.waits.push(row, time, site, code, ref, this.lastWait[row]!);
      this.waitCount[row]!++;
      this.state[row] = SpanState.waiting;
    }
    this.adopt(row, code, ref, time);
  }

  /** What is waited for stands below who waits for it first. A later number is a later beginning: so there are no circles. */
  private adopt(parent: number, code: number, ref: number, time: number): void {
    if (code === AwaitsCode.task) {
      const row = this.row(ref);
      if (row === NONE || this.parent[row] !== NONE) return;
      const task = this.taskAbove(parent);
      if (this.number[task]! < ref && this.thread[task] === this.thread[row]) this.parent[row] = parent;
    } else if (code === AwaitsCode.group && this.row(ref) === NONE) {
      const members = this.members.get(ref)?.list ?? [];
      const group = this.begin(ref, SpanKind.group, time, this.groups.get(ref)?.site ?? 0, 0, this.thread[parent]!);
      // Its members are nested below it, and began before it.
      this.parent[group] = parent;
      this.state[group] = SpanState.waiting;
      for (const member of members) this.adopt(group, member.code, member.ref, time);
      for (const { code: of, ref: number } of members) {
        const row = of === AwaitsCode.task ? this.row(number) : NONE;
        if (row !== NONE && this.parent[row] === group) this.start[group] = Math.min(this.start[group]!, this.start[row]!);
      }
    }
  }

  private taskAbove(row: number): number {
    while (this.kind[row] === SpanKind.group) row = this.parent[row]!;
    return row;
  }

  private resume(row: number, time: number): void {
    if (row === NONE || this.state[row] !== SpanState.waiting) return;
    this.state[row] = SpanState.running;
    const wait = this.lastWait[row]!;
    this.waits.to[wait] = time;
    if (this.waits.code[wait] === AwaitsCode.group) this.finishGroup(this.waits.ref[wait]!, time);
  }

  private finishGroup(number: number, time: number): void {
    this.finish(this.row(number), time, SpanState.ended);
    for (const { code, ref } of this.members.get(number)?.list ?? []) if (code === AwaitsCode.group) this.finishGroup(ref, time);
    this.members.delete(number);
  }

  private finish(row: number, time: number, state: number): void {
    if (row === NONE || this.state[row]! > SpanState.running) return;
    if (this.state[row] === SpanState.waiting && this.lastWait[row] !== NONE) this.resume(row, time);
    this.state[row] = state;
    this.end[row] = time;
  }

  private grow(): void {
    const capacity = Math.ceil(this.start.length * GROWTH);
    for (const name of ROW_COLUMNS) {
      const { constructor } = this[name] as { constructor: unknown };
      const bigger = new (constructor as new (length: number) => Float64Array)(capacity);
      bigger.set(this[name]);
      (this[name] as unknown) = bigger;
    }
  }
}

/** A column that is full becomes so many times as long. */
const GROWTH = 1.4;

const ROW_COLUMNS = ['number', 'kind', 'state', 'mark', 'thread', 'start', 'end', 'site', 'parent', 'lastWait', 'waitCount'] as const;

const stateOf: Record<number, number> = {
  [RecordedEvent.end]: SpanState.ended,
  [RecordedEvent.lost]: SpanState.lost,
  [RecordedEvent.vanished]: SpanState.vanished,
  [RecordedEvent.mistake]: SpanState.mistake,
};

/** Finds the row of a number. Numbers come nearly in order, but what lasts may have one from long before. */
class RowIndex {
  /** The number at the beginning of `recent`. */
  private base = NONE;
  private recent = new Int32Array(1024).fill(NONE);
  private readonly older = new Map<number, number>();

  get(number: number): number {
    if (number < this.base || this.base === NONE) return this.older.get(number) ?? NONE;
    return this.recent[number - this.base] ?? NONE;
  }

  set(number: number, row: number): void {
    // A number far above all others begins anew: those below are few.
    if (this.base === NONE || number - this.base > this.recent.length * 4) this.rebase(number);
    if (number < this.base) {
      this.older.set(number, row);
      return;
    }
    const at = number - this.base;
    if (at >= this.recent.length) {
      const longer = new Int32Array(Math.ceil((at + 1) * GROWTH)).fill(NONE);
      longer.set(this.recent);
      this.recent = longer;
    }
    this.recent[at] = row;
  }

  private rebase(number: number): void {
    if (this.base !== NONE) for (const [at, row] of this.recent.entries()) if (row !== NONE) this.older.set(this.base + at, row);
    this.base = number;
    this.recent = new Int32Array(1024).fill(NONE);
  }
}

/** All waits of all tasks, in the order in which they began. */
class Waits {
  count = 0;
  row = new Int32Array(1024);
  from = new Float64Array(1024);
  /** Infinity for one that lasts. */
  to = new Float64Array(1024);
  site = new Uint32Array(1024);
  code = new Uint8Array(1024);
  ref = new Uint32Array(1024);
  previous = new Int32Array(1024);

  push(row: number, time: number, site: number, code: number, ref: number, previous: number): number {
    const at = this.count++;
    if (at === this.from.length) this.grow();
    this.row[at] = row;
    this.from[at] = time;
    this.to[at] = Infinity;
    this.previous[at] = previous;
    this.change(at, site, code, ref);
    return at;
  }

  change(at: number, site: number, code: number, ref: number): void {
    this.site[at] = site;
    this.code[at] = code;
    this.ref[at] = ref;
  }

  private grow(): void {
    const capacity = Math.ceil(this.from.length * GROWTH);
    for (const name of WAIT_COLUMNS) {
      const { constructor } = this[name] as { constructor: unknown };
      const bigger = new (constructor as new (length: number) => Float64Array)(capacity);
      bigger.set(this[name]);
      (this[name] as unknown) = bigger;
    }
  }
}

const WAIT_COLUMNS = ['row', 'from', 'to', 'site', 'code', 'ref', 'previous'] as const;

/** The waits of row `r` are `waits[first[r]]` up to `waits[first[r + 1]]`, in the order in which they began. */
export function waitOrder({ count, waitCount, waits }: TaskSpans): { first: Uint32Array; waits: Uint32Array } {
  const first = new Uint32Array(count + 1);
  for (let row = 0; row < count; row++) first[row + 1] = first[row]! + waitCount[row]!;
  const next = first.slice();
  const sorted = new Uint32Array(waits.count);
  for (let wait = 0; wait < waits.count; wait++) sorted[next[waits.row[wait]!]!++] = wait;
  return { first, waits: sorted };
}
