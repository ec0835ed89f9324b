import {
  SyntaxKind,
  TypeFlags,
  isAsExpression,
  isCallExpression,
  isIntersectionType,
  isUnionType,
} from '../program';
import type { Asking, CallExpression, Checker, Expression, Type, TypeNode } from '../program';
import { isConstAssertion, skipParentheses } from '../syntax/expressions';
import { returnTypeOf } from './claims';
import { Memo } from './memo';
import { callSignatures, elementTypes, isAny, isMapped, isPlain, isReference, unionParts } from './structure';

/** A question about a type that has the same answer for every instance of a generic class or interface. */
export type TypeQuestion<Answer> = (type: Type) => Asking<Answer>;

/**
 * Asks something of an expression's type. For a call the declared return types of its callee are asked first: where
 * they all give one answer, the compiler need not infer type arguments and choose an overload, which is by far the
 * dearest question there is.
 */
export function* askOfType<Answer extends string | boolean>(checker: Checker, node: Expression, question: TypeQuestion<Answer>): Asking<Answer> {
  return yield* ask(checker, node, question, dependsOnVariables);
}

/** The same for a question whose answer can depend on anything in the type, such as what a function in it returns. */
export function* askOfWholeType<Answer extends string | boolean>(checker: Checker, node: Expression, question: TypeQuestion<Answer>): Asking<Answer> {
  return yield* ask(checker, node, question, isNotPlain);
}

/** Whether the type arguments of a call could change the answer for a return type. */
type Dependence = (checker: Checker, type: Type) => Asking<boolean>;

function* ask<Answer>(checker: Checker, node: Expression, question: TypeQuestion<Answer>, depends: Dependence): Asking<Answer> {
  const at = skipParentheses(node);
  if (isCallExpression(at)) {
    const answer = yield* askOfDeclaredReturns(checker, at, question, depends);
    if (answer !== undefined) return answer;
  }
  return yield* question(yield* checker.getTypeAtLocation.gen(assertedType(at) ?? at));
}

/** The type that `as` gives a value: the compiler need not look at the value. */
function assertedType(node: Expression): TypeNode | undefined {
  if (!isAsExpression(node)) return undefined;
  const { type } = node;
  return isConstAssertion(node) ? undefined : type;
}

function* askOfDeclaredReturns<Answer>(
  checker: Checker,
  call: CallExpression,
  question: TypeQuestion<Answer>,
  depends: Dependence,
): Asking<Answer | undefined> {
  const types = yield* declaredReturns(checker, call, depends);
  if (!types) return undefined;
  const answers = new Set<Answer>();
  for (const type of types) answers.add(yield* question(type));
  return answers.size === 1 ? [...answers][0] : undefined;
}

/**
 * The return types that a call's callee declares, one for each overload; undefined where they depend on type
 * arguments, or where there is nothing to read.
 */
export function* declaredReturns(checker: Checker, call: CallExpression, depends: Dependence = dependsOnVariables): Asking<readonly Type[] | undefined> {
  const callee = skipParentheses(call.expression);
  if (callee.kind === SyntaxKind.SuperKeyword || callee.kind === SyntaxKind.ImportKeyword) return undefined;
  return yield* returnsOf(checker, depends).get(yield* checker.getTypeAtLocation.gen(callee));
}

type Returns = Memo<Type, readonly Type[] | undefined>;

const knownReturns = new WeakMap<Checker, Map<Dependence, Returns>>();

/** What callees of a type return: many calls have the same. */
function returnsOf(checker: Checker, depends: Dependence): Returns {
  let known = knownReturns.get(checker);
  if (!known) knownReturns.set(checker, (known = new Map<Dependence, Returns>()));
  let returns = known.get(depends);
  if (!returns) known.set(depends, (returns = new Memo((type) => readReturns(checker, type, depends))));
  return returns;
}

function* readReturns(checker: Checker, callee: Type, depends: Dependence): Asking<readonly Type[] | undefined> {
  const types: Type[] = [];
  for (const part of yield* unionParts(callee)) {
    // Of `?.`: the call gives undefined then.
    if ((part.flags & TypeFlags.Nullable) !== 0) {
      types.push(part);
      continue;
    }
    if (isAny(part) || isPlain(part)) return undefined;
    const signatures = yield* callSignatures(part);
    if (signatures.length === 0) return undefined;
    for (const signature of signatures) {
      const returned = yield* returnTypeOf(checker, signature);
      if (signature.typeParameters?.length && (yield* depends(checker, returned))) return undefined;
      types.push(returned);
    }
  }
  return types.length > 0 ? types : undefined;
}

function* isNotPlain(_checker: Checker, type: Type): Asking<boolean> {
  return !isPlain(type);
}

/** Arrays deeper than this (or that hold themselves) count as unknown. */
const maxDepth = 4;

/** Whether a type's own shape (not only what it holds) depends on type variables; what arrays hold counts. */
export function* dependsOnVariables(checker: Checker, type: Type, depth = maxDepth): Asking<boolean> {
  if (isPlain(type)) return false;
  if ((type.flags & TypeFlags.Instantiable) !== 0 || isMapped(type) || depth === 0) return true;
  if (isUnionType(type) || isIntersectionType(type)) {
    for (const part of yield* type.getTypes.gen()) if (yield* dependsOnVariables(checker, part, depth - 1)) return true;
    return false;
  }
  if (!isReference(type)) return false;
  for (const held of (yield* elementTypes(checker, type)) ?? []) if (yield* dependsOnVariables(checker, held, depth - 1)) return true;
  return false;
}
