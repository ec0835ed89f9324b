// How long calls waited for a call that they had just made, by the place of the await: what is seen of it in looks now
// and then.
import type { Place, Task, TaskId } from '../task';
import { awaitedTasks, tasksById } from '../task-text';

/** Shorter waits are not worth a change of the code. Milliseconds. */
const LEAST_WAIT = 5;
/** Calls that are remembered for a place. */
const MOST_CALLS = 100;
const MOST_PLACES = 1_000;
/** The call that is waited for is written behind the `await`, at most so many lines below. */
const CALL_REACH = 5;

/** Calls that were seen waiting at one await for a call that they made there. */
export interface SerialPlace {
  /** The name of the waiting function, and where it starts. */
  name: string;
  defined: Place;
  at: Place;
  /** For each call how long after its own begin it made the call that it waits for, in milliseconds. */
  began: Map<TaskId, number>;
}

export class SerialWaits {
  readonly #places = new Map<string, SerialPlace>();

  /** Takes one look. */
  add(tasks: readonly Task[]): void {
    let byId: ReturnType<typeof tasksById> | undefined;
    for (const task of tasks) {
      const { at, defined, ageMs } = task;
      if (!at || !defined || ageMs === undefined || task.ageIsMinimum || !('task' in task.awaits)) continue;
      const key = keyOf(at);
      const known = this.#places.get(key);
      if ((known?.began.size ?? 0) >= MOST_CALLS || (!known && this.#places.size >= MOST_PLACES)) continue;
      const [awaited] = awaitedTasks(task, (byId ??= tasksById(tasks)));
      if (awaited?.ageMs === undefined || awaited.ageMs < LEAST_WAIT || awaited.awaitedBy.length !== 1 || !isMadeAt(at, awaited.created)) continue;
      const place = known ?? { name: task.name, defined, at, began: new Map<TaskId, number>() };
      place.began.set(task.id, ageMs - awaited.ageMs);
      if (!known) this.#places.set(key, place);
    }
  }

  get places(): Iterable<SerialPlace> {
    return this.#places.values();
  }

  /** The place of an await in the code that runs. */
  at(place: Pick<Place, 'file' | 'line' | 'column'>): SerialPlace | undefined {
    return this.#places.get(keyOf(place));
  }
}

/** Of the code that runs: that is what is read. */
function keyOf(place: Place): string {
  const { file, line, column } = place.generated ?? place;
  return `${file}:${line}:${column}`;
}

function isMadeAt(at: Place, created: Place | undefined): boolean {
  return created?.file === at.file && created.line >= at.line && created.line <= at.line + CALL_REACH;
}
