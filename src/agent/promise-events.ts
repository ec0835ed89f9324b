import { promiseHooks } from 'node:v8';

/** What V8 tells of promises, in the order in which it happens. */
export interface PromiseEvents {
  /** `promise` was made; it hangs on `parent` where it is a `.then`'s or an await's. */
  onInit(promise: object, parent: object | undefined): void;
  /** The job of `promise` begins: what waited for its parent goes on. */
  onBefore(promise: object): void;
  onAfter(): void;
  /** It was fulfilled or rejected. */
  onSettled(promise: object): void;
  /** One of these runs now. An inspector can evaluate code in the middle of it: that code's promises are not told of. */
  busy: boolean;
  /** Something was thrown by one of these: at the end of the stack, say. */
  onFailure(): void;
}

/** Starts telling; returns what stops it. What a hook throws would end the program, so nothing gets through. */
export function followPromises(events: PromiseEvents): () => void {
  return promiseHooks.createHook({
    init: (promise, parent) => {
      if (events.busy) return;
      events.busy = true;
      try {
        events.onInit(promise, parent);
      } catch {
        events.onFailure();
      }
      events.busy = false;
    },
    before: (promise) => {
      if (events.busy) return;
      events.busy = true;
      try {
        events.onBefore(promise);
      } catch {
        events.onFailure();
      }
      events.busy = false;
    },
    after: () => {
      if (events.busy) return;
      events.busy = true;
      try {
        events.onAfter();
      } catch {
        events.onFailure();
      }
      events.busy = false;
    },
    settled: (promise) => {
      if (events.busy) return;
      events.busy = true;
      try {
        events.onSettled(promise);
      } catch {
        events.onFailure();
      }
      events.busy = false;
    },
  }) as () => void;
}
