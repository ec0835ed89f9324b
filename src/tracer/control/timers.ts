// The timers that a suspended call waits for.
import type { CallInspector } from '../heap/inspection';
import type { InspectorSession } from '../inspector/session';
import { runOn } from './process-tools';

export interface TimerChoice {
  heapId: number;
  /** What it was set to. */
  ms: number;
  /** An interval. */
  repeats: boolean;
}

/** Undefined where it has ended. */
export async function describeTimer(inspector: CallInspector, heapId: number): Promise<TimerChoice | undefined> {
  const objectId = await inspector.object(heapId);
  if (objectId === undefined) return undefined;
  const properties = new Map((await inspector.variables(objectId)).map(({ name, value }) => [name, value?.value]));
  const ms = properties.get('_idleTimeout');
  if (typeof ms !== 'number' || ms < 0 || properties.get('_destroyed') === true) return undefined;
  return { heapId, ms, repeats: typeof properties.get('_repeat') === 'number' };
}

/** It is due at once: Node's own timers call it, as they would have later. False where it has ended. */
export function fireTimer(session: InspectorSession, inspector: CallInspector, heapId: number): Promise<boolean> {
  return onTimer(session, inspector, heapId, 'function () { this._idleTimeout = 1; this.refresh(); }');
}

/** It never calls anybody. False where it has ended. */
export function clearTimer(session: InspectorSession, inspector: CallInspector, heapId: number): Promise<boolean> {
  return onTimer(session, inspector, heapId, 'function () { this.close(); }');
}

async function onTimer(session: InspectorSession, inspector: CallInspector, heapId: number, text: string): Promise<boolean> {
  if (!(await describeTimer(inspector, heapId))) return false;
  const objectId = await inspector.object(heapId);
  if (objectId === undefined) return false;
  await runOn(session, objectId, text);
  return true;
}
