// What the tasks of one thread did over the last minute, from one look at them after the other.
import type { Place, Task, TaskId } from '../task';
import type { BlockedReport } from './blocked-loop';
import type { LostTask, StarvedPlace } from './live-tasks';
import type { UnheardRejection } from './unheard-rejections';
import { SerialWaits } from './serial-waits';

/** The looks that are kept: a minute of two looks a second. */
export const KEPT_LOOKS = 120;
/** How long calls took, of so many that ended at a place. */
const KEPT_DURATIONS = 200;

/** What is known of one place where tasks wait. */
export interface WaitingPlace {
  readonly place: Place;
  /** The tasks that wait there now, the oldest first. */
  tasks: Task[];
  /** How many waited there at each look; the last is the newest. */
  readonly counts: number[];
  /** How old the calls were, in milliseconds, that were last seen waiting there before they ended. Those too short to be seen are not among them. */
  readonly ended: number[];
}

/** What one look saw. */
export interface TaskLook {
  tasks: readonly Task[];
  lost: readonly LostTask[];
  starved?: readonly StarvedPlace[];
  unheard?: readonly UnheardRejection[];
  blocked?: BlockedReport | undefined;
}

export class TaskHistory {
  readonly #places = new Map<string, WaitingPlace>();
  readonly #times: number[] = [];
  readonly #serial = new SerialWaits();
  #last = new Map<TaskId, { place: WaitingPlace; ageMs: number }>();
  #tasks: readonly Task[] = [];
  #lost: readonly LostTask[] = [];
  #starved: readonly StarvedPlace[] = [];
  #unheard: readonly UnheardRejection[] = [];
  #blocked: BlockedReport | undefined;

  /** Takes one look; `now` is in milliseconds on any clock that only goes forward. */
  add({ tasks, lost, starved = [], unheard = [], blocked }: TaskLook, now: number): void {
    this.#tasks = tasks;
    this.#lost = lost;
    this.#starved = starved;
    this.#unheard = unheard;
    this.#blocked = blocked;
    this.#times.push(now);
    if (this.#times.length > KEPT_LOOKS) this.#times.shift();
    for (const place of this.#places.values()) place.tasks = [];
    const seen = new Map<TaskId, { place: WaitingPlace; ageMs: number }>();
    for (const task of tasks) {
      if (!task.at || task.state === 'running') continue;
      const place = this.#placeOf(task.at);
      place.tasks.push(task);
      if (task.ageMs !== undefined && !task.ageIsMinimum) seen.set(task.id, { place, ageMs: task.ageMs });
    }
    this.#serial.add(tasks);
    const ids = new Set(tasks.map((task) => task.id));
    for (const [id, { place, ageMs }] of this.#last) {
      if (ids.has(id)) continue;
      place.ended.push(ageMs);
      if (place.ended.length > KEPT_DURATIONS) place.ended.shift();
    }
    this.#last = seen;
    for (const [key, place] of this.#places) {
      place.counts.push(place.tasks.length);
      if (place.counts.length > KEPT_LOOKS) place.counts.shift();
      // Nobody waited there for a minute.
      if (place.counts.length === KEPT_LOOKS && place.counts.every((count) => count === 0)) this.#places.delete(key);
    }
  }

  /** Of the newest look. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /** The newest calls that were collected while pending. */
  get lost(): readonly LostTask[] {
    return this.#lost;
  }

  /** Where continuations kept all else waiting, since it is watched. */
  get starved(): readonly StarvedPlace[] {
    return this.#starved;
  }

  /** Calls that were rejected while it was watched, and nobody has listened yet. */
  get unheard(): readonly UnheardRejection[] {
    return this.#unheard;
  }

  /** What blocked the event loop since it is watched; undefined where it is not. */
  get blocked(): BlockedReport | undefined {
    return this.#blocked;
  }

  /** How long calls waited for the calls that they made, by place. */
  get serial(): SerialWaits {
    return this.#serial;
  }

  get places(): Iterable<WaitingPlace> {
    return this.#places.values();
  }

  /** Milliseconds between the last `looks` looks. */
  span(looks: number): number {
    return (this.#times.at(-1) ?? 0) - (this.#times.at(-looks) ?? this.#times[0] ?? 0);
  }

  #placeOf(at: Place): WaitingPlace {
    const key = `${at.file}:${at.line}:${at.column}`;
    let place = this.#places.get(key);
    if (!place) this.#places.set(key, (place = { place: at, tasks: [], counts: [], ended: [] }));
    return place;
  }
}
