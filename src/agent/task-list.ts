// Tells a client which calls are pending, from the tracker's table.
import type { BlockedTask } from './blocked-loop';
import type { AgentPart } from './part';
import { isCall } from './promise-table';
import { PromiseTracker } from './promise-tracker';
import type { TaskDescription } from '../../runtime';
import { AwaitsCode, MAX_TASKS_TOLD, TaskCode, TaskMark, type GroupRow, type PollRequest, type TaskChanges, type TaskData } from './protocol';
import { SiteKind, siteRow } from './sites';
import { Flag, NO_SLOT } from './slot';
import { ToldTasks } from './told-tasks';

/** A promise behind so many `.then`s is not followed further. */
const LONGEST_CHAIN = 1_000;
const MAX_NAMES = 10_000;
const LONGEST_NAME = 200;

export class TaskList implements AgentPart {
  readonly tracker = new PromiseTracker();
  /** Names that the program gave to calls, by id. */
  private readonly names = new Map<number, string>();
  private readonly told = new ToldTasks();
  // What a promise comes to for who waits for it.
  private code = 0;
  private ref = 0;

  poll({ sites, since }: PollRequest): TaskData | TaskChanges {
    if (since === undefined) return this.list(sites);
    const { told } = this;
    const whole = told.begin(since, this.tracker.table.used);
    const data = this.collect(sites, told);
    return told.changes(data, whole);
  }

  /** All that is pending; with the sites from number `sites` on. */
  list(sites: number): TaskData {
    const data = this.collect(sites, undefined);
    const { tasks, groups } = data;
    const places = new Map(groups.map(({ id }, index) => [id, index]));
    tasks.awaits.forEach((code, index) => {
      if (code === AwaitsCode.group) tasks.ref[index] = places.get(tasks.ref[index]!)!;
    });
    return data;
  }

  /** The same, but a group is named by its id; and without those that `told` knows. */
  private collect(sites: number, told: ToldTasks | undefined): TaskData {
    const { tracker } = this;
    const { table } = tracker;
    const now = tracker.elapsed();
    tracker.sweep();
    const data: TaskData = {
      now: Math.round(now),
      firstSite: Math.min(sites, tracker.sites.sites.length),
      sites: tracker.sites.sites.slice(sites).map(siteRow),
      tasks: { id: [], kind: [], site: [], at: [], born: [], marks: [], awaits: [], ref: [] },
      groups: [],
      names: [],
      counts: { created: table.created, pending: table.pending, lost: tracker.lost.count, dropped: table.dropped, unread: tracker.finder.unread, untold: 0 },
      lost: tracker.lost.newest.map(({ site, awaitSite, ageMs }) => [site, awaitSite, ageMs]),
      starved: tracker.starvation.rows(),
      unheard: told ? tracker.unheard.rows(Math.trunc(now)) : [],
    };
    const groups = new Map<number, GroupRow>();
    let listed = 0;
    for (let slot = 0; slot < table.used; slot++) {
      const kind = this.taskKind(slot);
      if (kind >= 0 && listed++ < MAX_TASKS_TOLD) this.addTask(slot, kind, data, groups, told);
      else told?.omit(slot);
    }
    data.counts.untold = Math.max(0, listed - MAX_TASKS_TOLD);
    if (groups.size > 0) this.fillGroups(groups);
    data.groups = [...groups.values()];
    return data;
  }

  remove(): void {
    this.tracker.stop();
  }

  /** The calls that are pending, for the program itself. */
  describe(): TaskDescription[] {
    const { now, tasks, names } = this.list(this.tracker.sites.sites.length);
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
    const slot = this.tracker.stack.top();
    const site = slot === NO_SLOT ? undefined : sites.sites[table.site(slot)];
    // What asks a generator stands in the site of the request, not the generator.
    if (site?.kind !== SiteKind.call) return undefined;
    const { name, file: url, line, column } = site;
    return { id: table.id(slot), name, url, line, column };
  }

  /** Names the call that runs now. False where there is none that is known. */
  name(text: string): boolean {
    const { table } = this.tracker;
    const slot = this.tracker.stack.top();
    if (slot === NO_SLOT) return false;
    const id = table.id(slot);
    if (this.names.size >= MAX_NAMES && !this.names.has(id)) this.forgetNames();
    this.names.set(id, text.slice(0, LONGEST_NAME));
    table.mark(slot, Flag.named);
    this.tracker.listener?.onName(id, this.names.get(id)!);
    return true;
  }

  private addTask(slot: number, kind: number, { tasks, names }: TaskData, groups: Map<number, GroupRow>, told: ToldTasks | undefined): void {
    const { table, sites } = this.tracker;
    const flags = table.flags(slot);
    const made = table.site(slot);
    const at = kind === TaskCode.promise ? 0 : table.extra(slot);
    const id = table.id(slot);
    const site = kind === TaskCode.generator ? at : made;
    const marks = (flags & Flag.orphan ? TaskMark.older : 0) | (flags & Flag.unsure || sites.kind(made) === SiteKind.unknown ? TaskMark.unsure : 0);
    this.findTarget(table.parent(slot), table.parentId(slot), groups);
    const { code, ref } = this;
    if (flags & Flag.named) names.push([id, this.names.get(id) ?? '']);
    if (told?.knows(slot, id, site, at, marks, code, ref)) return;
    tasks.id.push(id);
    tasks.kind.push(kind);
    tasks.site.push(site);
    tasks.at.push(at);
    tasks.born.push(table.born(slot));
    tasks.marks.push(marks);
    tasks.awaits.push(code);
    tasks.ref.push(ref);
  }

  /** -1 for what is no task of its own. */
  private taskKind(slot: number): number {
    const { table, sites } = this.tracker;
    const flags = table.flags(slot);
    if (flags === 0) return -1;
    const site = table.site(slot);
    if (flags & Flag.waiting) {
      const at = table.extra(slot);
      if (!sites.isTaskAt(at)) return -1;
      return sites.kind(site) === SiteKind.next ? TaskCode.generator : TaskCode.call;
    }
    const loose = sites.kind(site) === SiteKind.then && !sites.isInternal(site) && !(flags & (Flag.awaited | Flag.chained)) && sites.sites[site]!.file !== '';
    return loose ? TaskCode.promise : -1;
  }

  /** Sets `code` and `ref` to what waiting for the promise in `slot` comes to; `id` tells whether it is still the same. */
  private findTarget(slot: number, id: number, groups: Map<number, GroupRow>): void {
    const { table, sites } = this.tracker;
    for (let step = 0; step < LONGEST_CHAIN && slot >= 0; step++) {
      this.ref = 0;
      this.code = AwaitsCode.ready;
      if (!table.isSame(slot, id)) return;
      const flags = table.flags(slot);
      this.ref = id;
      this.code = AwaitsCode.task;
      if (flags & Flag.waiting && this.taskKind(slot) >= 0) return;
      const site = table.site(slot);
      const kind: SiteKind = sites.kind(site);
      this.code = AwaitsCode.group;
      if (kind === SiteKind.group) {
        if (!groups.has(slot)) groups.set(slot, { id, site, total: table.parent(slot), pending: 0, tasks: [], sites: [] });
        return;
      }
      this.ref = site;
      this.code = AwaitsCode.made;
      const follows = flags & (Flag.waiting | Flag.follows);
      // Node's own functions say what they do: `readFile`.
      if (sites.isInternal(site) && isCall(kind)) return;
      if (!follows && (kind === SiteKind.made || kind === SiteKind.unknown || sites.isInternal(site) || isCall(kind))) return;
      id = table.parentId(slot);
      slot = table.parent(slot);
    }
    this.code = AwaitsCode.promise;
    this.ref = 0;
  }

  private fillGroups(groups: Map<number, GroupRow>): void {
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
    for (const [slot, row] of groups) {
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
      const inner = new Map<number, GroupRow>();
      this.findTarget(table.parent(member), table.parentId(member), inner);
      if (this.code === (AwaitsCode.task as number)) row.tasks.push(this.ref);
      else if (this.code === (AwaitsCode.made as number)) row.sites.push(this.ref);
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

