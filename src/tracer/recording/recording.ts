// What was recorded of a process: the last minute, or a million events. Runs in the page as well as in Node.
import { AwaitsCode } from '../../agent/protocol';
import type { Place } from '../task';
import { CUT, EventColumns, RecordedEvent } from './events';

/** Where tasks begin, wait and are made. */
export interface RecordedSite {
  /** The function that it is in, as it runs; empty for one without a name. */
  name: string;
  /** A SiteKind of the agent's. */
  kind: number;
  /** `all`, `race`, `then`, …: the built-in function that was called there. */
  builtin: string;
  place?: Place;
  /** Where that function was called. */
  caller?: Place;
}

/** A block of the event loop; times in milliseconds since the recording began. */
export interface RecordedBlock {
  thread: number;
  from: number;
  ms: number;
  /** The program's function that blocked, and where; nothing where no JavaScript was met. */
  name: string;
  at?: Place;
}

/** A time in which not everything was recorded. */
export interface RecordedGap {
  from: number;
  to: number;
  /** Events that were lost since there were too many; 0 where the recording was paused. */
  dropped: number;
}

export interface RecordedProcess {
  pid: number;
  /** `v24.1.0` */
  node: string;
  /** What it is called in the explorer. */
  label: string;
  /** When the recording began, in milliseconds since 1970. */
  startedAt: number;
}

/** What is added at once. */
export interface RecordingBatch {
  /** Milliseconds since the recording began. */
  now: number;
  /** Since when it is whole, likewise. */
  since: number;
  /** Names of further threads. */
  threads: string[];
  sites: RecordedSite[];
  /** Names that the program gave to tasks. */
  names: [number, string][];
  blocks: RecordedBlock[];
  gaps: RecordedGap[];
  events: Uint8Array;
}

export interface RecordingLimits {
  ms: number;
  events: number;
}

export const DEFAULT_LIMITS: RecordingLimits = { ms: 60_000, events: 1_000_000 };

/** Blocks and gaps are few; more than so many are not kept. */
const MOST_BANDS = 10_000;

interface CarriedTask {
  time: number;
  site: number;
  mark: number;
  thread: number;
  wait?: { time: number; site: number; code: number; ref: number };
}

interface CarriedGroup {
  time: number;
  site: number;
  total: number;
  members: { code: number; ref: number }[];
  /** The chunk that told of it last. */
  chunk: number;
}

interface Chunk {
  events: EventColumns;
  /** The time of its batch. */
  now: number;
}

/** What is known of a recording beside its events. */
export class RecordingFacts {
  readonly sites: RecordedSite[] = [];
  readonly threads: string[] = [];
  readonly names = new Map<number, string>();
  blocks: RecordedBlock[] = [];
  gaps: RecordedGap[] = [];
  now = 0;
  /** Since when it is whole. Milliseconds since the recording began. */
  since = 0;

  constructor(readonly process: RecordedProcess) {}

  /** Takes all but the events. */
  learn({ now, since, threads, sites, names, blocks, gaps }: RecordingBatch): void {
    this.now = Math.max(this.now, now);
    this.threads.push(...threads);
    for (const site of sites) this.sites.push(site);
    for (const [task, name] of names) this.names.set(task, name);
    for (const block of blocks) this.blocks.push(block);
    for (const gap of gaps) this.gaps.push(gap);
    this.wholeSince(since);
  }

  /** What was before is not kept any more. */
  protected wholeSince(since: number): void {
    if (since <= this.since) return;
    this.since = since;
    this.blocks = this.blocks.filter(({ from, ms }) => from + ms >= since).slice(-MOST_BANDS);
    this.gaps = this.gaps.filter(({ to }) => to >= since).slice(-MOST_BANDS);
  }
}

/** Keeps what the limits allow. What was cut off counts on for tasks that had not ended by then. */
export class Recording extends RecordingFacts {
  /** Events in it. */
  count = 0;
  /** Events that are not in it any more. */
  forgotten = 0;
  private chunks: Chunk[] = [];
  private cut = 0;
  private readonly carried = new Map<number, CarriedTask>();
  private readonly carriedGroups = new Map<number, CarriedGroup>();

  constructor(
    process: RecordedProcess,
    private readonly limits: RecordingLimits = DEFAULT_LIMITS,
  ) {
    super(process);
  }

  add(batch: RecordingBatch): void {
    this.learn(batch);
    const added = EventColumns.fromBytes(batch.events);
    if (added.count > 0) this.chunks.push({ events: added, now: batch.now });
    this.count += added.count;
    this.forget();
  }

  /** Visits all events: first what is left of those that were cut off, then the others in the order in which they came. */
  *columns(): Generator<EventColumns> {
    yield this.carriedEvents();
    for (const { events } of this.chunks) yield events;
  }

  /** What makes the same recording again: for a page that comes later. */
  batches(): RecordingBatch[] {
    const { since } = this;
    const nothing = { since, threads: [], sites: [], names: [], blocks: [], gaps: [] };
    const first: RecordingBatch = {
      now: since,
      since,
      threads: this.threads,
      sites: this.sites,
      names: [...this.names],
      blocks: this.blocks,
      gaps: this.gaps,
      events: this.carriedEvents().toBytes(),
    };
    return [first, ...this.chunks.map(({ events, now }) => ({ ...nothing, now, events: events.toBytes() })), { ...nothing, now: this.now, events: new Uint8Array() }];
  }

  private forget(): void {
    const oldest = this.now - this.limits.ms;
    let cut = 0;
    let { since } = this;
    while (cut < this.chunks.length - 1 && (this.chunks[cut]!.now < oldest || this.count > this.limits.events)) {
      const { events, now } = this.chunks[cut]!;
      this.carry(events);
      this.count -= events.count;
      this.forgotten += events.count;
      since = now;
      cut++;
    }
    if (cut === 0) return;
    this.chunks = this.chunks.slice(cut);
    // A group is told of just before somebody waits for it.
    const awaited = new Set([...this.carried.values()].flatMap(({ wait }) => (wait?.code === AwaitsCode.group ? [wait.ref] : [])));
    for (const number of awaited) for (const { code, ref } of this.carriedGroups.get(number)?.members ?? []) if (code === AwaitsCode.group) awaited.add(ref);
    for (const [number, { chunk }] of this.carriedGroups) if (chunk < this.cut && !awaited.has(number)) this.carriedGroups.delete(number);
    this.wholeSince(since);
  }

  private carry({ count, kind, time, task, site, code, ref }: EventColumns): void {
    this.cut++;
    for (let at = 0; at < count; at++) {
      const number = task[at]!;
      const known = this.carried.get(number);
      switch (kind[at]) {
        case RecordedEvent.begin:
          this.carried.set(number, { time: time[at]!, site: site[at]!, mark: code[at]!, thread: ref[at]! });
          break;
        case RecordedEvent.suspend:
          if (known) known.wait = { time: known.wait?.time ?? time[at]!, site: site[at]!, code: code[at]!, ref: ref[at]! };
          break;
        case RecordedEvent.resume:
          if (!known) break;
          known.wait = undefined;
          known.mark |= CUT;
          break;
        case RecordedEvent.member:
        case RecordedEvent.group:
          this.carryGroup(number, time[at]!).chunk = this.cut;
          if (kind[at] === RecordedEvent.member) this.carryGroup(number, time[at]!).members.push({ code: code[at]!, ref: ref[at]! });
          else Object.assign(this.carryGroup(number, time[at]!), { site: site[at]!, total: ref[at]! });
          break;
        default:
          this.carried.delete(number);
          this.names.delete(number);
      }
    }
  }

  private carryGroup(number: number, time: number): CarriedGroup {
    let group = this.carriedGroups.get(number);
    if (!group) this.carriedGroups.set(number, (group = { time, site: 0, total: 0, members: [], chunk: this.cut }));
    return group;
  }

  private carriedEvents(): EventColumns {
    const events = new EventColumns();
    for (const [number, { time, site, mark, thread }] of this.carried) events.push(RecordedEvent.begin, time, number, site, mark, thread);
    for (const [number, { time, site, total, members }] of this.carriedGroups) {
      for (const { code, ref } of members) events.push(RecordedEvent.member, time, number, 0, code, ref);
      events.push(RecordedEvent.group, time, number, site, 0, total);
    }
    for (const [number, { wait }] of this.carried) if (wait) events.push(RecordedEvent.suspend, wait.time, number, wait.site, wait.code, wait.ref);
    return events.trim();
  }
}
