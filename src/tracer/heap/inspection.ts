import type { InspectorSession } from '../inspector/session';
import type { Local } from '../task';
import { previewOf, type RemoteObject } from './preview';
import type { ScriptPosition } from './scripts';

/** What the live process says of a suspended call. */
export interface InspectedCall {
  state: 'suspended' | 'running' | 'closed';
  /** The await itself. */
  at?: ScriptPosition;
  /** The object that lists its scopes. */
  scopes?: string;
  /** `this`. */
  receiver?: RemoteObject;
  /** Its function. */
  fn?: RemoteObject;
}

/** A scope that a suspended call sees. */
export interface CallScope {
  /** It belongs to this call; the others are shared by other functions. */
  own: boolean;
  /** That of a function, module or script around the call's. */
  around: boolean;
  objectId: string;
}

export interface Variable {
  name: string;
  /** Undefined for what only a getter could tell. */
  value?: RemoteObject | undefined;
}

interface PropertyDescriptor {
  name: string;
  value?: RemoteObject;
  get?: RemoteObject;
}

interface Properties {
  result: PropertyDescriptor[];
  internalProperties?: PropertyDescriptor[];
}

/** What the inspector hands out is held in the process until the group is released, and would count as reachable meanwhile. */
export const OBJECT_GROUP = 'asyncscope';
/** Each look-up walks the whole heap. */
const LOOKUP_TIMEOUT_MS = 60_000;
/** Scopes that belong to one call; those outside are shared by other functions. */
const OWN_SCOPE = /^(Local|Block|Catch|With)\b/;
const MAX_LOCALS = 100;

function scopeKind(description: string): Pick<CallScope, 'own' | 'around'> {
  return { own: OWN_SCOPE.test(description), around: /^(Closure|Module|Script)\b/.test(description) };
}

/** Asks the process about suspended calls, by their ids in the snapshot. */
export class CallInspector {
  #used = false;

  constructor(private readonly session: InspectorSession) {}

  /** Any object by its id in the snapshot; undefined where it is gone. */
  async object(heapId: number): Promise<string | undefined> {
    this.#used = true;
    try {
      const options = { timeoutMs: LOOKUP_TIMEOUT_MS };
      const params = { objectId: String(heapId), objectGroup: OBJECT_GROUP };
      return (await this.session.send<{ result: RemoteObject }>('HeapProfiler.getObjectByHeapObjectId', params, options)).result.objectId;
    } catch (error) {
      if (/not available|not found|No heap object|couldn't be found/i.test((error as Error).message)) return undefined;
      throw error;
    }
  }

  /** Undefined where the object is gone. */
  async inspect(heapId: number): Promise<InspectedCall | undefined> {
    const objectId = await this.object(heapId);
    if (objectId === undefined) return undefined;
    const { internalProperties = [] } = await this.#properties(objectId);
    const internal = (name: string) => internalProperties.find((property) => property.name === name)?.value;
    const state = internal('[[GeneratorState]]')?.value;
    if (state !== 'suspended' && state !== 'running' && state !== 'closed') return undefined;
    const call: InspectedCall = { state };
    const at = internal('[[GeneratorLocation]]')?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
    if (at && state === 'suspended') call.at = { scriptId: Number(at.scriptId), line: at.lineNumber, column: at.columnNumber };
    const scopes = internal('[[Scopes]]')?.objectId;
    if (scopes) call.scopes = scopes;
    const receiver = internal('[[GeneratorReceiver]]');
    if (receiver) call.receiver = receiver;
    const fn = internal('[[GeneratorFunction]]');
    if (fn) call.fn = fn;
    return call;
  }

  /** The innermost first, the global one last. */
  async scopes(call: InspectedCall): Promise<CallScope[]> {
    if (!call.scopes) return [];
    const { result } = await this.#properties(call.scopes);
    return result.flatMap(({ value }) => (value?.objectId ? [{ ...scopeKind(value.description ?? ''), objectId: value.objectId }] : []));
  }

  /** The own data properties of an object; no getter or proxy is run for it. */
  async variables(objectId: string, generatePreview = false): Promise<Variable[]> {
    const { result } = await this.#properties(objectId, generatePreview);
    return result.map(({ name, value }) => ({ name, value }));
  }

  /** Where a function starts; undefined for one of native code. */
  async functionLocation(objectId: string): Promise<{ scriptId: string; lineNumber: number; columnNumber: number } | undefined> {
    const { internalProperties = [] } = await this.#properties(objectId);
    return internalProperties.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
  }

  /** The variables of a call, innermost scope first; no getter, proxy or `toJSON` is run for it. */
  async locals(call: InspectedCall): Promise<Local[]> {
    const locals: Local[] = [];
    const seen = new Set<string>();
    for (const scope of await this.scopes(call)) {
      if (!scope.own) break;
      for (const { name, value } of await this.variables(scope.objectId, true)) {
        if (seen.has(name) || locals.length >= MAX_LOCALS) continue;
        seen.add(name);
        locals.push({ name, value: value ? previewOf(value) : '(getter)' });
      }
    }
    return locals;
  }

  async release(): Promise<void> {
    if (this.#used) await this.session.send('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP }).catch(() => undefined);
    this.#used = false;
  }

  #properties(objectId: string, generatePreview = false): Promise<Properties> {
    return this.session.send<Properties>('Runtime.getProperties', { objectId, ownProperties: true, generatePreview });
  }
}
