// Waiting for what VS Code does in its own time.
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from 'vscode';

/** Settles when the condition holds; the event is what may make it true. The test's time limit ends it otherwise. */
export function until(event: Event<unknown>, condition: () => boolean): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = event(() => {
      if (!condition()) return;
      listening.dispose();
      resolve();
    });
  });
}

/** The same, for what no event tells of. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
