// Turns what the recorder of one thread tells into a recording's events: its ids into numbers that all threads share,
// its sites into places as they were written.
import { AwaitsCode, TaskCode, TaskMark, type TaskData } from '../../agent/protocol';
import { Step, type RecorderData } from '../../agent/recorder-protocol';
import type { ScriptText } from '../../agent/script-protocol';
import { SitePlaces } from '../live/site-places';
import { EventColumns, RecordedEvent } from './events';
import type { RecordedBlock, RecordedGap, RecordedSite } from './recording';
import { readSteps, type CallStep } from './steps';

/** What the threads of a recording share. */
export interface RecordingNumbers {
  /** The newest number of a task or group. */
  last: number;
  /** How many sites the recording has. */
  sites: number;
}

/** A part of a RecordingBatch, from one thread. */
export interface ThreadBatch {
  sites: RecordedSite[];
  names: [number, string][];
  blocks: RecordedBlock[];
  gaps: RecordedGap[];
  events: EventColumns;
}

/** Combinators that nobody has waited for yet; the oldest are forgotten beyond so many. */
const MOST_GROUPS = 10_000;

interface OpenTask {
  number: number;
  /** The function of one that began before it was watched. */
  older?: string;
}

export class RecordedThread {
  private readonly places = new SitePlaces();
  /** By the agent's number of a site, that of the recording. */
  private readonly siteNumbers: number[] = [];
  private readonly open = new Map<number, OpenTask>();
  private readonly groups = new Map<number, number>();
  /** Calls that began before they were watched and were not told of since steps were lost: they may have other ids now. */
  private readonly missing = new Set<number>();

  /**
   * `index` is that of the thread in the recording; `askedAt` when it was asked last, in milliseconds since the recording
   * began; `scripts`, those whose text is not on disk.
   */
  constructor(
    private readonly index: number,
    private readonly numbers: RecordingNumbers,
    private askedAt: number,
    scripts: readonly ScriptText[] = [],
  ) {
    this.addScripts(scripts);
  }

  /** Before something is told of places in them. */
  addScripts(scripts: readonly ScriptText[]): void {
    this.places.addScripts(scripts);
  }

  /** How many sites are known: what the next question says. */
  get sites(): number {
    return this.places.count;
  }

  /** `startedAt`: when the recording began, in milliseconds since 1970 on the clock of the process. */
  async add(data: RecorderData, startedAt: number): Promise<ThreadBatch> {
    const known = this.places.count;
    await this.places.add(data.firstSite, data.sites);
    const batch: ThreadBatch = { sites: [], names: [], blocks: [], gaps: [], events: new EventColumns() };
    for (let site = known; site < this.places.count; site++) {
      const { name, kind, builtin, place, caller, isTopLevel } = this.places.of(site);
      this.siteNumbers[site] = this.numbers.sites++;
      batch.sites.push({ name: name || (isTopLevel ? '(top level)' : ''), kind, builtin, ...(place && { place }), ...(caller && { caller }) });
    }
    const offset = data.origin - startedAt;
    if (data.dropped > 0) this.forgetGroups();
    const told = data.tasks && new Set([...data.tasks.tasks.id, ...(data.others ?? [])]);
    if (told) for (const [id, { older }] of this.open) if (older !== undefined && !told.has(id)) this.missing.add(id);
    let first: number | undefined;
    readSteps(data, (step) => {
      first ??= step.at + offset;
      this.step(step, offset, batch.events);
    });
    if (data.tasks && told) this.reconcile(data.tasks, told, data.now + offset, offset, batch.events);
    if (data.dropped > 0) batch.gaps.push({ from: this.askedAt, to: first ?? data.now + offset, dropped: data.dropped });
    for (const [id, name] of data.names) {
      const task = this.open.get(id);
      if (task) batch.names.push([task.number, name]);
    }
    for (const { at, ms, frames } of data.blocks) {
      const own = frames.find(({ url }) => !url.startsWith('node:') && !/[\\/]node_modules[\\/]/.test(url)) ?? frames.find(({ url }) => !url.startsWith('node:'));
      const place = own && (await this.places.place(own.url, own.line, own.column));
      batch.blocks.push({ thread: this.index, from: at - startedAt, ms, name: own?.name ?? '', ...(place && { at: place }) });
    }
    this.askedAt = data.now + offset;
    return batch;
  }

  private step({ step, at, id, site, code, ref }: CallStep, offset: number, events: EventColumns): void {
    const time = at + offset;
    switch (step) {
      case Step.begin:
        this.begin(id, time, this.siteNumbers[site] ?? 0, code, events);
        return;
      case Step.suspend: {
        const task = this.open.get(id) ?? this.begin(id, time, this.siteNumbers[site] ?? 0, TaskMark.older, events);
        this.missing.delete(id);
        this.tellWait(RecordedEvent.suspend, task.number, time, site, code, ref, events);
        return;
      }
      case Step.resume: {
        const task = this.open.get(id);
        if (!task) return;
        this.missing.delete(id);
        events.push(RecordedEvent.resume, time, task.number);
        return;
      }
      case Step.orphan: {
        const known = ref === 0 ? undefined : this.open.get(ref);
        if (known) this.open.delete(ref);
        const before = known ?? this.takeOlder(site);
        if (before) this.open.set(id, before);
        else this.begin(id, time, this.siteNumbers[site] ?? 0, TaskMark.older, events).older = this.functionOf(site);
        return;
      }
      case Step.member:
        this.tellWait(RecordedEvent.member, this.group(id), time, 0, code, ref, events);
        return;
      case Step.group:
        events.push(RecordedEvent.group, time, this.group(id), this.siteNumbers[site] ?? 0, 0, ref);
        return;
      default:
        this.finish(id, time, step === Step.end ? RecordedEvent.end : step === Step.lost ? RecordedEvent.lost : RecordedEvent.mistake, events);
    }
  }

  private begin(id: number, time: number, site: number, mark: number, events: EventColumns): OpenTask {
    const task: OpenTask = { number: ++this.numbers.last };
    this.open.set(id, task);
    events.push(RecordedEvent.begin, time, task.number, site, mark, this.index);
    return task;
  }

  private finish(id: number, time: number, kind: number, events: EventColumns): void {
    const task = this.open.get(id);
    if (!task) return;
    this.open.delete(id);
    events.push(kind, time, task.number);
  }

  private tellWait(kind: number, number: number, time: number, site: number, code: number, ref: number, events: EventColumns): void {
    const here = kind === RecordedEvent.suspend ? (this.siteNumbers[site] ?? 0) : 0;
    const task = code === AwaitsCode.task ? this.open.get(ref) : undefined;
    if (task) events.push(kind, time, number, here, code, task.number);
    else if (code === AwaitsCode.group) events.push(kind, time, number, here, code, this.group(ref));
    else if (code === AwaitsCode.made) events.push(kind, time, number, here, code, this.siteNumbers[ref] ?? 0);
    else events.push(kind, time, number, here, code === AwaitsCode.ready ? code : AwaitsCode.promise, 0);
  }

  private group(id: number): number {
    let number = this.groups.get(id);
    if (number !== undefined) return number;
    if (this.groups.size >= MOST_GROUPS) this.forgetGroups();
    this.groups.set(id, (number = ++this.numbers.last));
    return number;
  }

  private forgetGroups(): void {
    const kept = [...this.groups].slice(-MOST_GROUPS / 2);
    this.groups.clear();
    for (const [id, number] of kept) this.groups.set(id, number);
  }

  /** A call that began before it was watched has another id after each await: after a gap it is known again by its function. */
  private takeOlder(site: number): OpenTask | undefined {
    const name = this.functionOf(site);
    for (const id of this.missing) {
      const task = this.open.get(id);
      if (task?.older !== name) continue;
      this.missing.delete(id);
      this.open.delete(id);
      return task;
    }
    return undefined;
  }

  private functionOf(site: number): string {
    const { name, place } = this.places.of(site);
    return `${name} ${place?.file ?? ''}`;
  }

  /** The tasks that wait at the time `now` are these, and those of `told` have not ended: at the beginning, and after steps were lost. */
  private reconcile({ tasks, groups }: TaskData, told: ReadonlySet<number>, now: number, offset: number, events: EventColumns): void {
    for (const [index, id] of tasks.id.entries()) {
      const task = this.open.has(id) || !(tasks.marks[index]! & TaskMark.older) ? undefined : this.takeOlder(tasks.at[index]!);
      if (task) this.open.set(id, task);
    }
    this.missing.clear();
    for (const id of this.open.keys()) if (!told.has(id)) this.finish(id, now, RecordedEvent.vanished, events);
    const fresh = tasks.id.flatMap((id, index) => (this.open.has(id) || tasks.kind[index] === TaskCode.promise ? [] : [{ id, index, born: tasks.born[index]! }]));
    fresh.sort((one, other) => one.born - other.born || one.id - other.id);
    for (const { id, index, born } of fresh) {
      const task = this.begin(id, born + offset, this.siteNumbers[tasks.site[index]!] ?? 0, tasks.marks[index]!, events);
      if (tasks.marks[index]! & TaskMark.older) task.older = this.functionOf(tasks.at[index]!);
    }
    for (const { id, index, born } of fresh) {
      const { number } = this.open.get(id)!;
      const code = tasks.awaits[index]!;
      const row = code === AwaitsCode.group ? groups[tasks.ref[index]!] : undefined;
      let ref = tasks.ref[index]!;
      if (row) {
        // Its number in the table is not told: nobody will speak of it again but this task.
        ref = -1 - ref;
        for (const member of row.tasks) this.tellWait(RecordedEvent.member, this.group(ref), born + offset, 0, AwaitsCode.task, member, events);
        events.push(RecordedEvent.group, born + offset, this.group(ref), this.siteNumbers[row.site] ?? 0, 0, row.total);
      }
      this.tellWait(RecordedEvent.suspend, number, born + offset, tasks.at[index]!, code, ref, events);
      if (row) this.groups.delete(ref);
    }
  }
}
