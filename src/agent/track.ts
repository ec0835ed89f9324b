import type { BlockedTask } from './blocked-loop';
import type { AgentPart } from './part';
import type { PromiseTracker } from './promise-tracker';
import { RUNTIME_KEY, type Runtime } from './runtime';
import { TaskList } from './task-list';

/** The part `tasks`. */
export interface TaskPart extends AgentPart {
  readonly tracker: PromiseTracker;
  /** The async call that runs now. */
  running(): BlockedTask | undefined;
  /** Of the answer's `unheard` each number, followed by its promise, for who can see what became of it. */
  unheard(): (number | object)[];
  /** Which of those were not rejected: a bit for each, eight in a byte. */
  dropUnheard(bytes: readonly number[]): void;
}

/** Tracks promises, and lets the program itself ask for them (`asyncscope/runtime`). */
export function startTracking(): TaskPart {
  const list = new TaskList();
  const runtime: Runtime = { allTasks: () => list.describe(), nameTask: (name) => list.name(name) };
  const key = Symbol.for(RUNTIME_KEY);
  Object.defineProperty(globalThis, key, { value: runtime, configurable: true });
  return {
    tracker: list.tracker,
    running: () => list.running(),
    unheard: () => list.tracker.unheard.show(),
    dropUnheard: (bytes) => list.tracker.unheard.drop(bytes),
    poll: (request) => list.poll(request),
    remove() {
      list.remove();
      Reflect.deleteProperty(globalThis, key);
    },
  };
}
