// To look at a thread holds it up, which is no block of the program's own: where the agent watches the event loop, it is told.
import { watchdogNames } from '../../agent/blocked-loop';
import type { InspectorSession } from '../inspector/session';

/** The loop is watched again after so long, should we be cut off. */
export const longestHoldMs = 120_000;

/** An expression: from now on, or for up to `ms`, a hold is no block; and the ids of heap snapshots must last. */
export function forgiveHold(ms: number): string {
  return `Object.getOwnPropertyNames(globalThis).forEach((name) => ${watchdogNames}.test(name) && globalThis[name].forgive(${ms}))`;
}

/** Ends a hold. Nobody waits for the answer, which a thread in native code does not give. */
export function endHold(session: InspectorSession): void {
  session.send('Runtime.evaluate', { expression: forgiveHold(0), silent: true }).catch(() => undefined);
}
