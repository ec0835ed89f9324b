// An expression among the variables of a suspended call.
import type { CallInspector, InspectedCall } from '../heap/inspection';
import { previewOf } from '../heap/preview';
import type { InspectorSession } from '../inspector/session';
import { runOn, ThrownError } from './process-tools';

/**
 * `value`: what came out, as text. `thrown`: what it threw, a syntax error among others. `changes`: V8 has stopped it, since
 * it would change something, or call what may.
 */
export type Evaluation = { kind: 'value'; text: string } | { kind: 'thrown'; text: string } | { kind: 'changes' };

/**
 * V8 has no frame for a call that is suspended: the expression sees copies of its variables. What they refer to are the
 * program's own objects; assigning to a variable itself changes nothing in the program. Without `mayChange` nothing that
 * could be noticed happens in the process: no property is set, no getter or function of unknown effect is run.
 */
export async function evaluateIn(session: InspectorSession, inspector: CallInspector, call: InspectedCall, expression: string, mayChange: boolean): Promise<Evaluation> {
  const scopes = await inspector.scopes(call);
  const globalScope = scopes.at(-1)?.objectId;
  const self = call.receiver?.objectId ?? globalScope;
  if (self === undefined) return { kind: 'thrown', text: 'The variables of this call cannot be read.' };
  const names = scopes.map((_, index) => `$asyncscope${index}`);
  // The innermost scope comes first, and shadows the others.
  const body = names.reduce((inner, name) => `with (${name}.object) { ${inner} }`, `return (${expression}\n);`);
  // Code with `with` is never strict: where the call has no `this`, the expression has the global object.
  const text = `function (${names.join()}) { ${call.receiver?.objectId === undefined ? `return (function () { ${body} })();` : body} }`;
  try {
    const result = await runOn(session, self, text, scopes.map(({ objectId }) => ({ objectId })), { asObject: true, pure: !mayChange, preview: true });
    return { kind: 'value', text: previewOf(result) };
  } catch (error) {
    if (!(error instanceof ThrownError)) throw error;
    return !mayChange && /^EvalError: Possible side-effect/.test(error.message) ? { kind: 'changes' } : { kind: 'thrown', text: error.message };
  }
}
