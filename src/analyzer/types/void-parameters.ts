import { TypeFlags, isCallExpression } from '../program';
import type { Asking, CallExpression, NewExpression, Project, Signature, Type } from '../program';
import { dependsOnVariables } from './calls';
import { Memo } from './memo';
import type { PromiseTypes } from './promises';
import { callSignatures, elementTypes, isAny, isPlain, unionParts } from './structure';

/** What is expected of a function given for a parameter: to return nothing, a promise, or something else. */
export type Expected = 'void' | 'promise' | 'other';

/** Before type arguments are known: `inferred` takes what the function returns, `open` depends on something else. */
type Declared = Expected | 'inferred' | 'open';

interface Parameters {
  readonly single: readonly Declared[];
  /** Of a rest parameter: of each position from `single.length` on; one for an array, several for a tuple. */
  readonly rest: { readonly each: Declared } | { readonly positions: readonly Declared[] } | undefined;
}

/** What a call's callee expects at each argument, over all its overloads. */
export class VoidParameters {
  private readonly parameters = new Memo<Signature, Parameters>((signature) => this.read(signature));
  private readonly ofCalls = new Memo<Type, readonly Parameters[]>((type) => this.ofOverloads(type, 'call'));
  private readonly ofConstructors = new Memo<Type, readonly Parameters[]>((type) => this.ofOverloads(type, 'construct'));

  constructor(
    private readonly project: Project,
    private readonly types: PromiseTypes,
  ) {}

  /**
   * What is expected of a function at an argument. One overload that takes a promise is enough to allow it.
   * `isWorthAsking` is asked before the call's type arguments must be inferred.
   */
  *expected(call: CallExpression | NewExpression, calleeType: Type, index: number, isWorthAsking: () => Asking<boolean>): Asking<Expected> {
    const found = new Set<Declared>();
    for (const parameters of yield* (isCallExpression(call) ? this.ofCalls : this.ofConstructors).get(calleeType)) {
      const declared = at(parameters, index);
      if (declared) found.add(declared === 'inferred' && call.typeArguments ? 'open' : declared);
    }
    if (found.has('promise')) return 'promise';
    if (!isOpen(found)) return found.has('void') ? 'void' : 'other';
    if (!(yield* isWorthAsking())) return 'other';
    const inferred = yield* this.project.checker.getContextualTypeForArgumentAtIndex.gen(call, index);
    if (inferred && (yield* this.types.returnsThenable(inferred))) return 'promise';
    return found.has('void') || (inferred && (yield* this.types.returnsVoid(inferred))) ? 'void' : 'other';
  }

  private *ofOverloads(type: Type, kind: 'call' | 'construct'): Asking<readonly Parameters[]> {
    const overloads: Parameters[] = [];
    for (const part of yield* unionParts(type)) {
      if (isPlain(part) || isAny(part)) continue;
      const signatures = yield* kind === 'call' ? part.getCallSignatures.gen() : part.getConstructSignatures.gen();
      for (const signature of signatures) overloads.push(yield* this.parameters.get(signature));
    }
    return overloads;
  }

  private *read(signature: Signature): Asking<Parameters> {
    const { checker } = this.project;
    const single: Declared[] = [];
    const parameters = yield* signature.getParameters.gen();
    for (const [index, parameter] of parameters.entries()) {
      const type = yield* checker.getNonMissingTypeOfSymbol.gen(parameter);
      if (!signature.hasRestParameter || index < parameters.length - 1) {
        single.push(yield* this.declared(signature, type));
        continue;
      }
      const elements = yield* elementTypes(checker, type);
      if (!elements) break;
      const positions: Declared[] = [];
      for (const element of elements) positions.push(yield* this.declared(signature, element));
      return { single, rest: type.isTupleType() ? { positions } : { each: positions[0] ?? 'other' } };
    }
    return { single, rest: undefined };
  }

  private *declared(signature: Signature, type: Type): Asking<Declared> {
    const found = new Set<Declared>();
    for (const part of yield* unionParts(type)) {
      if (isPlain(part) || isAny(part)) continue;
      if (signature.typeParameters?.length && (yield* dependsOnVariables(this.project.checker, part))) {
        found.add(isOwn(signature, part) ? 'inferred' : 'open');
      } else {
        for (const inner of yield* callSignatures(part)) found.add(yield* this.returned(signature, yield* inner.getReturnType.gen()));
      }
    }
    if (found.has('promise')) return 'promise';
    if (isOpen(found)) return 'open';
    return found.has('void') ? 'void' : found.has('inferred') ? 'inferred' : 'other';
  }

  private *returned(signature: Signature, type: Type): Asking<Declared> {
    if (yield* this.types.isThenable(type)) return 'promise';
    if ((type.flags & TypeFlags.Void) !== 0) return 'void';
    if (isPlain(type) || isAny(type) || !signature.typeParameters?.length) return 'other';
    if (!(yield* dependsOnVariables(this.project.checker, type))) return 'other';
    return isOwn(signature, type) ? 'inferred' : 'open';
  }
}

function isOwn(signature: Signature, type: Type): boolean {
  return signature.typeParameters?.includes(type.id) ?? false;
}

/** What is inferred from a function may be a promise: beside `void` that has to be known. */
function isOpen(found: ReadonlySet<Declared>): boolean {
  return found.has('open') || (found.has('void') && found.has('inferred'));
}

function at({ single, rest }: Parameters, index: number): Declared | undefined {
  if (index < single.length || !rest) return single[index];
  return 'each' in rest ? rest.each : rest.positions[index - single.length];
}
