import {
  SignatureKind,
  TypeFlags,
  isCallExpression,
  isIdentifier,
  isNewExpression,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isUnionType,
  type Asking,
  type CallExpression,
  type Checker,
  type Expression,
  type NewExpression,
  type Node,
  type Type,
} from '../program';

/** Whether whoever gets a function as an argument or value is declared to wait for a promise that it returns. */
export function* callerTakesPromise(node: Expression, checker: Checker): Asking<boolean> {
  const place = outermost(node);
  const call = place.parent;
  if (isCallExpression(call) || isNewExpression(call)) {
    const index = call.arguments?.indexOf(place as Expression) ?? -1;
    if (index >= 0) {
      if (isCallExpression(call) && isMappedForPromiseAll(call)) return true;
      return yield* someParameterTakesPromise(call, index, checker);
    }
  }
  const expected = yield* checker.getContextualType.gen(node);
  return expected !== undefined && (yield* returnsThenable(expected, checker));
}

/** `Promise.all(items.map(…))`: what the callback of `map` gives is awaited. */
function isMappedForPromiseAll(call: CallExpression): boolean {
  if (!isPropertyAccessExpression(call.expression) || call.expression.name.text !== 'map') return false;
  const place = outermost(call);
  const outer = place.parent;
  if (!isCallExpression(outer) || outer.arguments[0] !== place || !isPropertyAccessExpression(outer.expression)) return false;
  const { expression, name } = outer.expression;
  return isIdentifier(expression) && expression.text === 'Promise' && ['all', 'allSettled', 'race', 'any'].includes(name.text);
}

function outermost(node: Node): Node {
  let at = node;
  while (isParenthesizedExpression(at.parent)) at = at.parent;
  return at;
}

function* someParameterTakesPromise(call: CallExpression | NewExpression, index: number, checker: Checker): Asking<boolean> {
  const resolved = yield* checker.getResolvedSignature.gen(call);
  if (yield* returnsThenable(yield* checker.getParameterType.gen(resolved, index), checker)) return true;
  // Another overload may take a function that returns a promise, as test frameworks' do.
  const callee = yield* checker.getTypeAtLocation.gen(call.expression);
  const kind = isNewExpression(call) ? SignatureKind.Construct : SignatureKind.Call;
  for (const signature of yield* checker.getSignaturesOfType.gen(callee, kind)) {
    if (signature.parameters.length <= index) continue;
    if (yield* returnsThenable(yield* checker.getParameterType.gen(signature, index), checker)) return true;
  }
  return isTestRunner(call.expression) && (yield* returnsAnything(yield* checker.getParameterType.gen(resolved, index), checker));
}

/** Test runners wait for what tests and hooks return, though some declare it as anything (vitest does). */
function isTestRunner(callee: Node): boolean {
  let root = callee;
  while (isPropertyAccessExpression(root) || isCallExpression(root)) root = root.expression;
  return isIdentifier(root) && /^(?:it|test|specify|(?:before|after)(?:Each|All)?)$/.test(root.text);
}

/** Whether a function type, in one of its forms, returns `any` or `unknown`. */
function* returnsAnything(type: Type, checker: Checker): Asking<boolean> {
  return (yield* returnTypes(type, checker)).some(({ flags }) => flags & TypeFlags.AnyOrUnknown);
}

/** Whether a function type returns a promise in one of its forms; `any` and `unknown` promise nothing. */
function* returnsThenable(type: Type, checker: Checker): Asking<boolean> {
  for (const returned of yield* returnTypes(type, checker)) if (yield* includesThenable(returned, checker)) return true;
  return false;
}

/** What a function type returns in its forms. */
function* returnTypes(type: Type, checker: Checker): Asking<readonly Type[]> {
  const types: Type[] = [];
  for (const part of yield* unionParts(type)) {
    for (const signature of yield* checker.getSignaturesOfType.gen(part, SignatureKind.Call)) types.push(yield* checker.getReturnTypeOfSignature.gen(signature));
  }
  return types;
}

/** Whether a type is a promise, or may be one. */
export function* includesThenable(type: Type, checker: Checker): Asking<boolean> {
  for (const part of yield* unionParts(type)) {
    if (yield* checker.getPropertyOfType.gen(part, 'then')) return true;
  }
  return false;
}

/** Whether a type is a promise in all its forms. */
export function* isThenable(type: Type, checker: Checker): Asking<boolean> {
  for (const part of yield* unionParts(type)) {
    if (!(yield* checker.getPropertyOfType.gen(part, 'then'))) return false;
  }
  return true;
}

function* unionParts(type: Type): Asking<readonly Type[]> {
  if (!isUnionType(type)) return [type];
  return (yield* type.getTypes.gen()) ?? [type];
}
