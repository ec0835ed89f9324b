// The AbortControllers that could end what a suspended call waits for.
import type { CallInspector, InspectedCall, Variable } from '../heap/inspection';
import { OBJECT_GROUP } from '../heap/inspection';
import type { RemoteObject } from '../heap/preview';
import type { InspectorSession } from '../inspector/session';
import { processTools, runOn } from './process-tools';

export interface AbortChoice {
  /** Of the AbortController. */
  heapId: number;
  /** Where the call has it, or its signal: `options.signal`. */
  found: string;
  /** Listeners of the signal: all of them are called. */
  listeners: number;
  /** Signals made from this one by `AbortSignal.any`, which abort with it. */
  followers: number;
}

interface Found {
  name: string;
  objectId: string;
}

/** Objects among the variables whose properties are looked at. */
const MOST_LOOKED_INTO = 30;

/**
 * Those that are aborted already are left out. `signals` are what the call waits for itself. Those that only the code
 * around its function has may have nothing to do with it: they are told of where it has none of its own.
 */
export async function findAborts(session: InspectorSession, inspector: CallInspector, call: InspectedCall, signals: readonly string[]): Promise<AbortChoice[]> {
  const own = [...(await foundInVariables(inspector, call)), ...signals.map((objectId): Found => ({ name: 'what it waits for', objectId }))];
  const choices = await choicesOf(session, inspector, own);
  return choices.length > 0 ? choices : choicesOf(session, inspector, await foundAround(inspector, call));
}

async function choicesOf(session: InspectorSession, inspector: CallInspector, found: readonly Found[]): Promise<AbortChoice[]> {
  if (found.length === 0) return [];
  const controllers = await everyController(session);
  if (controllers === undefined) return [];
  const tools = await processTools(session);
  const args = [{ objectId: tools }, ...found.map(({ objectId }) => ({ objectId }))];
  const { objectId } = await runOn(session, controllers, describeAborts, args, { asObject: true });
  if (objectId === undefined) return [];
  const cells = (await inspector.variables(objectId)).filter(({ name }) => /^\d+$/.test(name));
  const choices = new Map<number, AbortChoice>();
  for (let at = 0; at + 1 < cells.length; at += 2) {
    const controller = cells[at]!.value?.objectId;
    if (controller === undefined) continue;
    const { index, listeners, followers } = JSON.parse(String(cells[at + 1]!.value?.value)) as { index: number; listeners: number; followers: number };
    const { heapSnapshotObjectId } = await session.send<{ heapSnapshotObjectId: string }>('HeapProfiler.getHeapObjectId', { objectId: controller });
    const heapId = Number(heapSnapshotObjectId);
    if (!choices.has(heapId)) choices.set(heapId, { heapId, found: found[index]!.name, listeners, followers });
  }
  return [...choices.values()];
}

/** Calls `abort()` in the next turn of the process's event loop. False where the controller is gone. */
export async function abort(session: InspectorSession, inspector: CallInspector, heapId: number): Promise<boolean> {
  const objectId = await inspector.object(heapId);
  if (objectId === undefined) return false;
  await runOn(session, objectId, 'function ({ later }) { later(() => this.abort()); }', [{ objectId: await processTools(session) }]);
  return true;
}

/** Signals and controllers among the variables, `this`, and the properties of those; no getter is run. */
async function foundInVariables(inspector: CallInspector, call: InspectedCall): Promise<Found[]> {
  const found: Found[] = [];
  const objects: Found[] = [];
  const look = ({ name, value }: Variable, into: boolean) => {
    const objectId = value?.objectId;
    if (objectId === undefined || found.some((one) => one.name === name)) return;
    if (canAbort(value)) found.push({ name, objectId });
    else if (into && isPlain(value) && objects.length < MOST_LOOKED_INTO) objects.push({ name, objectId });
  };
  for (const scope of await inspector.scopes(call)) {
    if (!scope.own) break;
    for (const variable of await inspector.variables(scope.objectId)) look(variable, true);
  }
  look({ name: 'this', value: call.receiver }, true);
  const inside = await Promise.all(objects.map(async ({ name, objectId }) => (await inspector.variables(objectId)).map((one) => ({ ...one, name: `${name}.${one.name}` }))));
  for (const variable of inside.flat()) look(variable, false);
  return found;
}

/** The same among the variables of the functions, the module or script around the call's function. */
async function foundAround(inspector: CallInspector, call: InspectedCall): Promise<Found[]> {
  const scopes = (await inspector.scopes(call)).filter(({ around }) => around);
  const variables = (await Promise.all(scopes.map(({ objectId }) => inspector.variables(objectId)))).flat();
  return variables.flatMap(({ name, value }) => (canAbort(value) && value?.objectId !== undefined ? [{ name: `${name} of the code around it`, objectId: value.objectId }] : []));
}

function canAbort(value: RemoteObject | undefined): boolean {
  return value?.subtype === undefined && (value?.className === 'AbortSignal' || value?.className === 'AbortController');
}

/** An object whose properties can be read without anything of the program being run: no proxy. */
function isPlain(value: RemoteObject | undefined): boolean {
  return value?.type === 'object' && value.subtype === undefined && value.className !== 'global';
}

/** An array of every AbortController that exists. */
async function everyController(session: InspectorSession): Promise<string | undefined> {
  const { result } = await session.send<{ result: RemoteObject }>('Runtime.evaluate', { expression: 'AbortController.prototype', objectGroup: OBJECT_GROUP, silent: true });
  if (result.objectId === undefined) return undefined;
  const { objects } = await session.send<{ objects: RemoteObject }>('Runtime.queryObjects', { prototypeObjectId: result.objectId, objectGroup: OBJECT_GROUP }, { timeoutMs: 60_000 });
  return objects.objectId;
}

/** Runs in the process, with all controllers as `this`; gives each controller that matters, and JSON about it. Only getters of Node's own are run. */
const describeAborts = `function ({ listenersOf }, ...found) {
  const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
  const signalOf = getter(AbortController.prototype, 'signal');
  const isAborted = getter(AbortSignal.prototype, 'aborted');
  const inner = (signal, name) => {
    const key = Object.getOwnPropertySymbols(signal).find((symbol) => symbol.description === name);
    return key === undefined ? [] : [...(signal[key] ?? [])].map((reference) => reference.deref()).filter(Boolean);
  };
  const attempt = (run) => { try { return run(); } catch { return undefined; } };
  const bySignal = new Map();
  for (const controller of this) {
    const signal = attempt(() => signalOf.call(controller));
    if (signal) bySignal.set(signal, controller);
  }
  const cells = [];
  found.forEach((object, index) => {
    const signal = attempt(() => signalOf.call(object)) ?? object;
    for (const each of [signal, ...inner(signal, 'kSourceSignals')]) {
      const controller = bySignal.get(each);
      if (!controller || isAborted.call(each)) continue;
      cells.push(controller, JSON.stringify({ index, listeners: listenersOf(each, 'abort').length, followers: inner(each, 'kDependantSignals').length }));
    }
  });
  return cells;
}`;
