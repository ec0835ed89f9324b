import { AwaitsCode, TaskCode, TaskMark, type GroupRow, type TaskData } from '../../agent/protocol';
import { SiteKind } from '../../agent/sites';
import type { Awaits, AwaitsResource, GroupKind, Place, Task, TaskKind } from '../task';
import type { SitePlace, SitePlaces } from './site-places';

const KINDS: Record<number, TaskKind> = { [TaskCode.call]: 'async-function', [TaskCode.generator]: 'async-generator', [TaskCode.promise]: 'promise' };

/** An async call that was collected while it was pending: nothing could have resumed it any more. */
export interface LostTask {
  name: string;
  at?: Place;
  created?: Place;
  ageMs: number;
}

/**
 * The agent's tasks as the one task model has them, in the order of their age, the oldest first. `places` must know the
 * sites of the data. Ids are `idPrefix` and the agent's number: they stay from one look to the next.
 */
export function liveTasks(data: TaskData, places: SitePlaces, idPrefix = 't'): Task[] {
  const { tasks: columns, groups } = data;
  const labels = new Map(data.names);
  const idOf = (id: number) => `${idPrefix}${id}`;
  const tasks: Task[] = columns.id.map((id, index) => {
    const site = places.of(columns.site[index]!);
    const kind = KINDS[columns.kind[index]!] ?? 'promise';
    const awaitSite = kind === 'promise' ? site : places.of(columns.at[index]!);
    const suspended = awaitSite.place;
    const marks = columns.marks[index]!;
    const ready = columns.awaits[index] === AwaitsCode.ready;
    const label = labels.get(id);
    const task: Task = {
      id: idOf(id),
      name: (kind === 'promise' ? `.${site.builtin || 'then'}` : site.name || (site.isTopLevel ? '(top level)' : '(anonymous)')) + (label ? ` "${label}"` : ''),
      kind,
      state: ready ? 'ready' : 'awaiting',
      stuck: false,
      awaits: awaitsOf(columns.awaits[index]!, columns.ref[index]!, groups, places, idOf),
      awaitedBy: [],
      ageMs: Math.max(0, data.now - columns.born[index]!),
    };
    if (suspended) {
      task.at = suspended;
      // The agent gives the call's own site where it does not know which await it is.
      task.atIsExact = awaitSite.kind !== (SiteKind.call as number);
    }
    const isOlder = (marks & TaskMark.older) !== 0;
    if (isOlder) task.ageIsMinimum = true;
    // Of a call that began before the agent only the await is known.
    if (kind === 'async-function' && !isOlder && site.place) task.defined = site.place;
    const created = kind === 'promise' ? site.place : site.caller;
    if (created && !(marks & TaskMark.unsure)) task.created = created;
    return task;
  });
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    const awaited = 'task' in task.awaits ? [task.awaits.task] : 'group' in task.awaits ? task.awaits.tasks : [];
    for (const id of new Set(awaited)) byId.get(id)?.awaitedBy.push(task.id);
  }
  return tasks.sort((a, b) => (b.ageMs ?? 0) - (a.ageMs ?? 0));
}

/** The newest calls that were collected while pending. */
export function lostTasks(data: TaskData, places: SitePlaces): LostTask[] {
  return data.lost.map(([siteNumber, at, ageMs]) => {
    const site = places.of(siteNumber);
    const lost: LostTask = { name: site.name || '(anonymous)', ageMs };
    const place = places.of(at).place;
    if (place) lost.at = place;
    if (site.caller) lost.created = site.caller;
    return lost;
  });
}

/** Continuations followed upon each other at a place, and all else of the event loop had to wait. */
export interface StarvedPlace {
  name: string;
  at?: Place;
  /** How often. */
  count: number;
  /** The longest time, and how many continuations that were. */
  longestMs: number;
  continuations: number;
}

export function starvedPlaces(data: TaskData, places: SitePlaces): StarvedPlace[] {
  return data.starved.map(([siteNumber, count, longestMs, continuations]) => {
    const { name, place } = places.of(siteNumber);
    return { name: name || '(anonymous)', ...(place && { at: place }), count, longestMs, continuations };
  });
}

/** What the agent could not see, a sentence each. */
export function trackingWarnings({ counts }: TaskData): string[] {
  const warnings: string[] = [];
  if (counts.dropped > 0) warnings.push(`${counts.dropped.toLocaleString('en-US')} promises were not tracked (more than a million pending, or made at the very end of the stack): tasks may be missing.`);
  if (counts.untold > 0) warnings.push(`${counts.untold.toLocaleString('en-US')} tasks are not listed: there are too many.`);
  if (counts.unread > 0) warnings.push(`The places of up to ${counts.unread.toLocaleString('en-US')} promises are guessed, since the program made them too fast.`);
  return warnings;
}

function awaitsOf(code: number, ref: number, groups: readonly GroupRow[], places: SitePlaces, idOf: (id: number) => string): Awaits {
  if (code === AwaitsCode.task) return { task: idOf(ref) };
  if (code === AwaitsCode.made) return promiseMadeAt(ref, places) ?? { promise: true };
  const group = code === AwaitsCode.group ? groups[ref] : undefined;
  if (!group) return { promise: true };
  const resources = group.sites.flatMap((site) => promiseMadeAt(site, places) ?? []);
  return {
    group: places.of(group.site).builtin as GroupKind,
    tasks: group.tasks.map(idOf),
    pending: group.pending,
    total: group.total,
    ...(resources.length > 0 && { resources }),
  };
}

/** What functions of Node's own are there for, by their file and name, where that is no name that a program would call them by. */
const PURPOSES: readonly (readonly [RegExp, string])[] = [
  [/\/undici /, 'fetch'],
  [/ readableStreamPipeTo$/, 'pipeTo'],
  [/\/readablestream /, 'ReadableStream'],
  [/\/writablestream /, 'WritableStream'],
  [/\/transformstream /, 'TransformStream'],
  [/\/readable (?:createAsyncIterator|next)$/, 'Readable'],
  [/^node:events next$/, 'on'],
  [/ createLookupPromise$/, 'lookup'],
  [/ jobPromise$/, 'WebCrypto'],
  [/ asyncBufferWrapper$/, 'zlib'],
  [/ _watch$/, 'watch'],
  [/ importModuleDynamicallyCallback$/, 'import()'],
];

function nodesName({ place, caller, name: own }: SitePlace): string {
  // Who asked for the promise says more than what made it.
  const [file, name] = own === 'createDeferredPromise' && caller?.file.startsWith('node:') ? [caller.file, ''] : [place?.file, own];
  return PURPOSES.find(([pattern]) => pattern.test(`${file} ${name}`))?.[1] ?? (name || 'Node');
}

/** A promise that is no task's, named after the function that made it: `Promise` of `sleep`, or Node's own `readFile`. */
function promiseMadeAt(number: number, places: SitePlaces): AwaitsResource | undefined {
  const site = places.of(number);
  if (!site.place) return undefined;
  const isInternal = site.place.file.startsWith('node:');
  const at = isInternal ? site.caller : site.place;
  const where = at && !at.file.startsWith('node:') ? ` (${at.file.slice(at.file.lastIndexOf('/') + 1)}:${at.line})` : '';
  if (isInternal) return { resource: nodesName(site), detail: where.trim() };
  return { resource: 'Promise', detail: site.name ? `of ${site.name}${where}` : where.trim() };
}
