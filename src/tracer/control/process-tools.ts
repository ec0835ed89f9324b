// What is run in the process on behalf of a user who asked for it, with Node's own functions.
import { OBJECT_GROUP } from '../heap/inspection';
import type { RemoteObject } from '../heap/preview';
import type { InspectorSession } from '../inspector/session';

interface CallResult {
  result: RemoteObject;
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

/** An object of the process; or, in a list of arguments, a plain value. */
export type Argument = { objectId: string } | { value: unknown };

/** Something was thrown by what ran in the process. */
export class ThrownError extends Error {}

export interface RunOptions {
  /** Default: what the function gives, as JSON. */
  asObject?: boolean;
  /** V8 stops it before it has an effect that could be seen. */
  pure?: boolean;
  preview?: boolean;
}

/** Calls a function, given as text, with `this`. Rejects with a ThrownError of one sentence where it throws. */
export async function runOn(session: InspectorSession, objectId: string, text: string, args: readonly Argument[] = [], options: RunOptions = {}): Promise<RemoteObject> {
  const { result, exceptionDetails } = await session.send<CallResult>('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: text,
    arguments: args,
    objectGroup: OBJECT_GROUP,
    returnByValue: options.asObject !== true,
    generatePreview: options.preview === true,
    throwOnSideEffect: options.pure === true,
    silent: true,
  });
  if (exceptionDetails) throw new ThrownError((exceptionDetails.exception?.description ?? exceptionDetails.text).split('\n')[0]);
  return result;
}

/**
 * `{later, listenersOf}`: `setImmediate`, so that what the user asks for runs in a turn of the event loop as the
 * program's own code would, with its microtasks and errors; and `getEventListeners`.
 */
export async function processTools(session: InspectorSession): Promise<string> {
  const expression = `(() => {
    const load = typeof require === 'function' ? require : (name) => process.getBuiltinModule(name);
    return { later: load('node:timers').setImmediate, listenersOf: load('node:events').getEventListeners };
  })()`;
  const { result } = await session.send<CallResult>('Runtime.evaluate', { expression, includeCommandLineAPI: true, objectGroup: OBJECT_GROUP, silent: true });
  if (result.objectId === undefined) throw new Error('The process does not give access to Node’s own modules.');
  return result.objectId;
}
