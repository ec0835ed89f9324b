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
const OBJECT_GROUP = 'asyncscope';
/** Each look-up walks the whole heap. */
const LOOKUP_TIMEOUT_MS = 60_000;
/** Scopes that belong to one call; those outside are shared by other functions. */
const OWN_SCOPE = /^(Local|Block|Catch|With)\b/;
const MAX_LOCALS = 100;

/** Asks the process about suspended calls, by their ids in the snapshot. */
export class CallInspector {
  #used = false;

  constructor(private readonly session: InspectorSession) {}

  /** Undefined where the object is gone. */
  async inspect(heapId: number): Promise<InspectedCall | undefined> {
    this.#used = true;
    let object: RemoteObject;
    try {
      const options = { timeoutMs: LOOKUP_TIMEOUT_MS };
      const params = { objectId: String(heapId), objectGroup: OBJECT_GROUP };
      object = (await this.session.send<{ result: RemoteObject }>('HeapProfiler.getObjectByHeapObjectId', params, options)).result;
    } catch (error) {
      if (/not available|not found|No heap object|couldn't be found/i.test((error as Error).message)) return undefined;
      throw error;
    }
    if (!object.objectId) return undefined;
    const { internalProperties = [] } = await this.#properties(object.objectId);
    const internal = (name: string) => internalProperties.find((property) => property.name === name)?.value;
    const state = internal('[[GeneratorState]]')?.value;
    if (state !== 'suspended' && state !== 'running' && state !== 'closed') return undefined;
    const call: InspectedCall = { state };
    const at = internal('[[GeneratorLocation]]')?.value as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
    if (at && state === 'suspended') call.at = { scriptId: Number(at.scriptId), line: at.lineNumber, column: at.columnNumber };
    const scopes = internal('[[Scopes]]')?.objectId;
    if (scopes) call.scopes = scopes;
    return call;
  }

  /** The variables of a call, innermost scope first; no getter, proxy or `toJSON` is run for it. */
  async locals(call: InspectedCall): Promise<Local[]> {
    if (!call.scopes) return [];
    const { result: scopes } = await this.#properties(call.scopes);
    const locals: Local[] = [];
    const seen = new Set<string>();
    for (const { value: scope } of scopes) {
      if (!scope?.objectId) continue;
      if (!OWN_SCOPE.test(scope.description ?? '')) break;
      const { result: variables } = await this.#properties(scope.objectId, true);
      for (const { name, value } of variables) {
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
