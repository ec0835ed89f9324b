import { SymbolFlags, TypeFlags, isIntersectionType, isTypeParameter, isUnionType } from '../program';
import type { Asking, InterfaceType, Node, Project, Signature, Symbol, Type } from '../program';
import type { Shared } from '../shared';
import { returnTypeOf } from './claims';
import { Memo } from './memo';
import { DeclaredNames } from './names';
import { apparentParts, apparentType, callSignatures, elementTypes, inDefaultLibrary, isAnyOrUnknown, isPlain, isReference, memberParts, unionParts } from './structure';
import { VoidParameters } from './void-parameters';
import { WellKnownProperties } from './well-known';

/** Whether `await` does something for values of a type: always, never, or nobody can say (any, unknown, never, bare `T`). */
export type Awaitable = 'always' | 'never' | 'maybe';

/** Whether a type says nothing of its values; `never` is that of what can't be reached, and of what `[].concat(…)` holds. */
export function isUndecided(type: Type): boolean {
  return (type.flags & (TypeFlags.AnyOrUnknown | TypeFlags.Never)) !== 0;
}

type BuiltIn = 'Promise' | 'PromiseConstructor';

/** The members of a union with those of boolean and enums taken apart. */
function* literalParts(type: Type): Asking<readonly Type[]> {
  return isUnionType(type) ? yield* type.getTypes.gen() : [type];
}

/** What rules ask about promises, each answered once for a type. Get it with `context.shared(promiseTypes)`. */
export class PromiseTypes {
  readonly wellKnown: WellKnownProperties;
  readonly parameters: VoidParameters;
  readonly names: DeclaredNames;

  constructor(private readonly project: Project) {
    this.wellKnown = new WellKnownProperties(project);
    this.parameters = new VoidParameters(project, this);
    this.names = new DeclaredNames(project, this);
  }

  private get checker() {
    return this.project.checker;
  }

  /** Some member of the type is the language's Promise or a class that extends it. */
  *isPromise(type: Type): Asking<boolean> {
    return isPlain(type) || isAnyOrUnknown(type) ? false : yield* this.promises.get(type);
  }

  /** The type is the global `Promise` constructor, or one that extends it. */
  *isPromiseConstructor(type: Type): Asking<boolean> {
    return yield* this.isBuiltIn(type, 'PromiseConstructor');
  }

  /** Some member of the type has a `then` that takes a callback. */
  *isThenable(type: Type): Asking<boolean> {
    return isPlain(type) || isAnyOrUnknown(type) ? false : yield* this.thenables.get(type);
  }

  /** Every member of the type has a `then` that takes a callback: it is never falsy. */
  *isAlwaysThenable(type: Type): Asking<boolean> {
    if (isPlain(type) || isAnyOrUnknown(type)) return false;
    for (const part of yield* memberParts(type)) {
      if (!(yield* this.isThenable(part))) return false;
    }
    return true;
  }

  /** Some member's `then` takes both callbacks: what it stands for can be rejected. */
  *isRejectable(type: Type): Asking<boolean> {
    if (isPlain(type) || isAnyOrUnknown(type)) return false;
    for (const part of yield* memberParts(type)) {
      // What a generic type is made with does not matter to that, and query builders are made with many a type.
      if (!isPlain(part) && (yield* this.thens.get(part)) && (yield* this.rejectables.get(isReference(part) ? yield* part.getTarget.gen() : part))) return true;
    }
    return false;
  }

  private readonly rejectables = new Memo<Type, boolean>((type) => this.hasThen(type, 2));

  /** What awaiting a value of the type does. */
  *awaitable(type: Type): Asking<Awaitable> {
    let at: Type | undefined = type;
    if (isTypeParameter(type)) at = yield* this.checker.getBaseConstraintOfType.gen(type);
    if (at === undefined || isUndecided(at)) return 'maybe';
    return (yield* this.isThenable(at)) ? 'always' : 'never';
  }

  /** The types that an array or tuple among the members of a type holds. */
  *heldTypes(type: Type): Asking<readonly Type[]> {
    return isPlain(type) || isAnyOrUnknown(type) ? [] : yield* this.held.get(type);
  }

  private readonly held = new Memo<Type, readonly Type[]>((type) => this.elementsOf(type));

  private *elementsOf(type: Type): Asking<readonly Type[]> {
    const held: Type[] = [];
    for (const part of yield* unionParts(type)) {
      if (!isPlain(part)) held.push(...((yield* elementTypes(this.checker, yield* apparentType(part))) ?? []));
    }
    return held;
  }

  /** Some call signature of some member of the type gives a thenable. */
  *returnsThenable(type: Type): Asking<boolean> {
    return yield* this.someReturned(type, (returned) => this.isThenable(returned));
  }

  /** Some member of the type is a function that returns nothing but thenables. */
  *returnsThenablesOnly(type: Type): Asking<boolean> {
    return yield* this.someReturned(type, (returned) => this.isAlwaysThenable(returned));
  }

  private *someReturned(type: Type, holds: (returned: Type) => Asking<boolean>): Asking<boolean> {
    if (isPlain(type) || isAnyOrUnknown(type)) return false;
    for (const part of yield* unionParts(type)) {
      for (const signature of yield* callSignatures(part)) {
        if (yield* holds(yield* returnTypeOf(this.checker, signature))) return true;
      }
    }
    return false;
  }

  /** Some member of the type is a function that returns `void`, and none is one that returns a thenable. */
  *returnsVoid(type: Type): Asking<boolean> {
    if (isPlain(type) || isAnyOrUnknown(type)) return false;
    let found = false;
    for (const part of yield* unionParts(type)) {
      for (const signature of yield* callSignatures(part)) {
        const returned = yield* returnTypeOf(this.checker, signature);
        if (yield* this.isThenable(returned)) return false;
        found ||= (returned.flags & TypeFlags.Void) !== 0;
      }
    }
    return found;
  }

  /** A union of promises and of just what they give: `T | Promise<T>`. */
  *isValueOrPromiseOfIt(type: Type): Asking<boolean> {
    const values: Type[] = [];
    const awaited: Type[] = [];
    for (const part of yield* literalParts(yield* apparentType(type))) {
      if (!(yield* this.isThenable(part))) {
        values.push(part);
        continue;
      }
      const given = yield* this.checker.getAwaitedType.gen(part);
      if (!given) return false;
      awaited.push(...(yield* literalParts(given)));
    }
    return awaited.length > 0 && (yield* this.eachHasEqual(values, awaited)) && (yield* this.eachHasEqual(awaited, values));
  }

  private *eachHasEqual(types: readonly Type[], others: readonly Type[]): Asking<boolean> {
    for (const type of types) {
      let found = false;
      for (const other of others) {
        found ||= yield* this.isEqual(type, other);
        if (found) break;
      }
      if (!found) return false;
    }
    return true;
  }

  private *isEqual(a: Type, b: Type): Asking<boolean> {
    if (a === b) return true;
    return (yield* this.checker.isTypeAssignableTo.gen(a, b)) && (yield* this.checker.isTypeAssignableTo.gen(b, a));
  }

  /** The type of an expression, as control flow has narrowed it there. */
  *typeOf(node: Node): Asking<Type> {
    return yield* this.checker.getTypeAtLocation.gen(node);
  }

  private readonly promises = new Memo<Type, boolean>((type) => this.someIsPromise(type));

  private *someIsPromise(type: Type): Asking<boolean> {
    for (const part of yield* memberParts(type)) {
      if (part !== type) {
        if (yield* this.isPromise(part)) return true;
      } else if (yield* this.thens.get(part)) {
        for (const one of yield* apparentParts(part)) if (yield* this.isBuiltIn(one, 'Promise')) return true;
      }
    }
    return false;
  }

  /** The property `then`, asked first of everything: nearly no type has it, and what has none is neither promise nor thenable. */
  private readonly thens = new Memo<Type, Symbol | undefined>((type) => type.getProperty.gen('then'));

  private *isBuiltIn(type: Type, name: BuiltIn): Asking<boolean> {
    if (isPlain(type) || isAnyOrUnknown(type)) return false;
    if (isIntersectionType(type)) {
      for (const part of yield* type.getTypes.gen()) if (yield* this.isBuiltIn(part, name)) return true;
      return false;
    }
    if (isUnionType(type)) {
      for (const part of yield* type.getTypes.gen()) if (!(yield* this.isBuiltIn(part, name))) return false;
      return true;
    }
    if (isTypeParameter(type)) {
      const constraint = yield* this.checker.getBaseConstraintOfType.gen(type);
      return constraint !== undefined && (yield* this.isBuiltIn(constraint, name));
    }
    const symbol = yield* type.getSymbol.gen();
    return symbol !== undefined && (yield* this.symbols[name].get(symbol));
  }

  private readonly symbols: Record<BuiltIn, Memo<Symbol, boolean>> = {
    Promise: new Memo((symbol) => this.declaresBuiltIn(symbol, 'Promise')),
    PromiseConstructor: new Memo((symbol) => this.declaresBuiltIn(symbol, 'PromiseConstructor')),
  };

  private *declaresBuiltIn(symbol: Symbol, name: BuiltIn): Asking<boolean> {
    if (symbol.name === name && (yield* inDefaultLibrary(this.project.program, symbol))) return true;
    if ((symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface)) === 0) return false;
    const declared = yield* this.checker.getDeclaredTypeOfSymbol.gen(symbol);
    for (const base of yield* this.checker.getBaseTypes.gen(declared as InterfaceType)) {
      if (yield* this.isBuiltIn(base, name)) return true;
    }
    return false;
  }

  private readonly thenables = new Memo<Type, boolean>((type) => this.someIsThenable(type));

  private *someIsThenable(type: Type): Asking<boolean> {
    for (const part of yield* memberParts(type)) {
      if (part !== type ? yield* this.isThenable(part) : yield* this.hasThen(part, 1)) return true;
    }
    return false;
  }

  /** Whether `then` exists and some signature of it takes at least so many callbacks. */
  private *hasThen(type: Type, callbacks: 1 | 2): Asking<boolean> {
    const then = isPlain(type) ? undefined : yield* this.thens.get(type);
    if (!then) return false;
    // By far the most frequent thenable need not be taken apart.
    if (callbacks === 1 && (yield* this.isPromise(type))) return true;
    const thenType = yield* this.checker.getNonMissingTypeOfSymbol.gen(then);
    for (const part of yield* unionParts(thenType)) {
      for (const signature of yield* callSignatures(part)) {
        if (yield* this.takesCallbacks(signature, callbacks)) return true;
      }
    }
    return false;
  }

  private *takesCallbacks(signature: Signature, count: number): Asking<boolean> {
    const parameters = yield* signature.getParameters.gen();
    if (parameters.length < count) return false;
    for (const [index, parameter] of parameters.slice(0, count).entries()) {
      const rest = signature.hasRestParameter && index === parameters.length - 1;
      const declared = yield* apparentType(yield* this.checker.getNonMissingTypeOfSymbol.gen(parameter));
      const type = rest ? yield* declared.getNumberIndexType.gen() : declared;
      // A parameter without a type, as in JavaScript, takes a function, too.
      if (!type || !(isAnyOrUnknown(type) || (yield* this.isCallable(type)))) return false;
    }
    return true;
  }

  /** Some member of the type can be called. */
  *isCallable(type: Type): Asking<boolean> {
    for (const part of yield* unionParts(type)) {
      if (!isPlain(part) && (yield* callSignatures(part)).length > 0) return true;
    }
    return false;
  }
}

export const promiseTypes: Shared<PromiseTypes> = { build: (_programs, project) => new PromiseTypes(project) };
