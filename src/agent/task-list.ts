// Tells a client which calls are pending, from the tracker's table.
import type { BlockedTask } from './blocked-loop';
import type { AgentPart } from './part';
import { isCall } from './promise-table';
import { PromiseTracker } from './promise-tracker';
import type { TaskDescription } from '../../runtime';
import { AwaitsCode, MAX_TASKS_TOLD, TaskCode, TaskMark, type GroupRow, type TaskData } from './protocol';
import { SiteKind, siteRow } from './sites';
import { Flag, NO_SLOT } from './slot';

/** A promise behind so many `.then`s is not followed further. */
const LONGEST_CHAIN = 1_000;
const MAX_NAMES = 10_000;
const LONGEST_NAME = 200;

interface Target {
  code: number;
  ref: number;
}

/** A combinator that some task waits for, by its slot. */
interface Group {
  index: number;
  id: number;
  row: GroupRow;
}

export class TaskList implements AgentPart {
  readonly tracker = new PromiseTracker();
  /** Names that the program gave to calls, by id. */
  private readonly names = new Map<number, string>();

  poll({ sites }: { sites: number }): TaskData {
    const { tracker } = this;
    const { table } = tracker;
    tracker.elapsed();
    tracker.sweep();
    const data: TaskData = {
      now: Math.round(tracker.elapsed()),
      firstSite: Math.min(sites, tracker.sites.sites.length),
      sites: tracker.sites.sites.slice(sites).map(siteRow),
      tasks: { id: [], kind: [], site: [], at: [], born: [], marks: [], awaits: [], ref: [] },
      groups: [],
      names: [],
      counts: { created: table.created, pending: table.pending, lost: tracker.lost.count, dropped: table.dropped, unread: tracker.finder.unread, untold: 0 },
      lost: tracker.lost.newest.map(({ site, awaitSite, ageMs }) => [site, awaitSite, ageMs]),
    };
    const groups = new Map<number, Group>();
    for (let slot = 0; slot < table.used; slot++) this.addTask(slot, data, groups);
    if (groups.size > 0) this.fillGroups(groups);
    data.groups.push(...[...groups.values()].map(({ row }) => row));
    return data;
  }

  remove(): void {
    this.tracker.stop();
  }

  /** The calls that are pending, for the program itself. */
  describe(): TaskDescription[] {
    const { now, tasks, names } = this.poll({ sites: this.tracker.sites.sites.length });
    const { sites } = this.tracker.sites;
    const named = new Map(names);
    const described = tasks.id.map((id, index) => {
      const { file, line, column } = sites[tasks.at[index]! || tasks.site[index]!]!;
      const task: TaskDescription = { id, name: sites[tasks.site[index]!]!.name || '(anonymous)', file, line, column, ageMs: now - tasks.born[index]! };
      const label = named.get(id);
      if (label !== undefined) task.label = label;
      return task;
    });
    return described.sort((a, b) => a.id - b.id);
  }

  /** The call that runs now; undefined where there is none, or its function is not known. */
  running(): BlockedTask | undefined {
    const { table, sites } = this.tracker;
    const slot = this.tracker.current();
    const site = slot === NO_SLOT ? undefined : sites.sites[table.site(slot)];
    // What asks a generator stands in the site of the request, not the generator.
    if (site?.kind !== SiteKind.call) return undefined;
    const { name, file: url, line, column } = site;
    return { id: table.id(slot), name, url, line, column };
  }

  /** Names the call that runs now. False where there is none that is known. */
  name(text: string): boolean {
    const { table } = this.tracker;
    const slot = this.tracker.current();
    if (slot === NO_SLOT) return false;
    const id = table.id(slot);
    if (this.names.size >= MAX_NAMES && !this.names.has(id)) this.forgetNames();
    this.names.set(id, text.slice(0, LONGEST_NAME));
    table.mark(slot, Flag.named);
    this.tracker.listener?.onName(id, this.names.get(id)!);
    return true;
  }

  private addTask(slot: number, data: TaskData, groups: Map<number, Group>): void {
    const { table, sites } = this.tracker;
    const kind = this.taskKind(slot);
    if (kind < 0) return;
    const { tasks } = data;
    if (tasks.id.length >= MAX_TASKS_TOLD) {
      data.counts.untold++;
      return;
    }
    const flags = table.flags(slot);
    const site = table.site(slot);
    const at = kind === TaskCode.promise ? 0 : table.extra(slot);
    const id = table.id(slot);
    const { code, ref } = this.target(table.parent(slot), table.parentId(slot), groups);
    tasks.id.push(id);
    tasks.kind.push(kind);
    tasks.site.push(kind === TaskCode.generator ? at : site);
    tasks.at.push(at);
    tasks.born.push(table.born(slot));
    tasks.marks.push((flags & Flag.orphan ? TaskMark.older : 0) | (flags & Flag.unsure || sites.kind(site) === SiteKind.unknown ? TaskMark.unsure : 0));
    tasks.awaits.push(code);
    tasks.ref.push(ref);
    if (flags & Flag.named) data.names.push([id, this.names.get(id) ?? '']);
  }

  /** -1 for what is no task of its own. */
  private taskKind(slot: number): number {
    const { table, sites } = this.tracker;
    const flags = table.flags(slot);
    if (flags === 0) return -1;
    const site = table.site(slot);
    if (flags & Flag.waiting) {
      const at = table.extra(slot);
      // Node's own functions, and functions that are over and only follow another promise, are no tasks.
      if (sites.isInternal(at) || sites.kind(at) === SiteKind.then) return -1;
      return sites.kind(site) === SiteKind.next ? TaskCode.generator : TaskCode.call;
    }
    const loose = sites.kind(site) === SiteKind.then && !sites.isInternal(site) && !(flags & (Flag.awaited | Flag.chained)) && sites.sites[site]!.file !== '';
    return loose ? TaskCode.promise : -1;
  }

  /** What waiting for the promise in `slot` comes to; `id` tells whether it is still the same. */
  private target(slot: number, id: number, groups: Map<number, Group>): Target {
    const { table, sites } = this.tracker;
    for (let step = 0; step < LONGEST_CHAIN; step++) {
      if (slot < 0) break;
      if (!table.isSame(slot, id)) return { code: AwaitsCode.ready, ref: 0 };
      if (this.taskKind(slot) >= 0 && table.flags(slot) & Flag.waiting) return { code: AwaitsCode.task, ref: id };
      const site = table.site(slot);
      const kind: SiteKind = sites.kind(site);
      if (kind === SiteKind.group) return { code: AwaitsCode.group, ref: this.groupIndex(slot, groups) };
      // Node's own functions say what they do: `readFile`.
      if (sites.isInternal(site) && isCall(kind)) return { code: AwaitsCode.made, ref: site };
      const follows = table.flags(slot) & (Flag.waiting | Flag.follows);
      if (!follows && (kind === SiteKind.made || kind === SiteKind.unknown || sites.isInternal(site))) return { code: AwaitsCode.made, ref: site };
      if (!follows && isCall(kind)) return { code: AwaitsCode.made, ref: site };
      id = table.parentId(slot);
      slot = table.parent(slot);
    }
    return { code: AwaitsCode.promise, ref: 0 };
  }

  private groupIndex(slot: number, groups: Map<number, Group>): number {
    const { table } = this.tracker;
    const known = groups.get(slot);
    if (known) return known.index;
    groups.set(slot, { index: groups.size, id: table.id(slot), row: { site: table.site(slot), total: table.parent(slot), pending: 0, tasks: [], sites: [] } });
    return groups.size - 1;
  }

  private fillGroups(groups: Map<number, Group>): void {
    const { table, sites } = this.tracker;
    const members = new Map<number, number[]>();
    for (let slot = 0; slot < table.used; slot++) {
      if (table.flags(slot) === 0 || sites.kind(table.site(slot)) !== SiteKind.member) continue;
      const group = table.extra(slot);
      // A member of an earlier group in the same slot is older than the group.
      if (group < 0 || table.id(slot) < table.id(group)) continue;
      const known = members.get(group);
      if (known) known.push(slot);
      else members.set(group, [slot]);
    }
    for (const [slot, { row }] of groups) {
      row.pending = members.get(slot)?.length ?? 0;
      this.addMembers(slot, row, members, new Set());
    }
  }

  /** A group within a group counts as one member, and its members are told as if they were the outer one's. */
  private addMembers(slot: number, row: GroupRow, members: ReadonlyMap<number, number[]>, seen: Set<number>): void {
    const { table } = this.tracker;
    if (seen.has(slot)) return;
    seen.add(slot);
    for (const member of members.get(slot) ?? []) {
      const inner = new Map<number, Group>();
      const { code, ref } = this.target(table.parent(member), table.parentId(member), inner);
      if (code === AwaitsCode.task) row.tasks.push(ref);
      else if (code === AwaitsCode.made) row.sites.push(ref);
      for (const nested of inner.keys()) this.addMembers(nested, row, members, seen);
    }
  }

  private forgetNames(): void {
    const { table } = this.tracker;
    const pending = new Set<number>();
    for (let slot = 0; slot < table.used; slot++) if (table.flags(slot) & Flag.named) pending.add(table.id(slot));
    for (const id of this.names.keys()) if (!pending.has(id)) this.names.delete(id);
  }
}

