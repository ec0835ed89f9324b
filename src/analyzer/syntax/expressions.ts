import {
  isAsExpression,
  isElementAccessExpression,
  isIdentifier,
  isNonNullExpression,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isSatisfiesExpression,
  isStringLiteralLikeNode,
  isTypeAssertion,
  isTypeReferenceNode,
  type AsExpression,
  type Expression,
  type Node,
  type TypeAssertion,
} from '../program';

/** The expression inside any parentheses. */
export function skipParentheses(node: Expression): Expression {
  let at = node;
  while (isParenthesizedExpression(at)) at = at.expression;
  return at;
}

/** The expression inside parentheses, `!`, `as` and `satisfies`: what is evaluated. */
export function skipOuterExpressions(node: Expression): Expression {
  let at = node;
  while (
    isParenthesizedExpression(at) ||
    isNonNullExpression(at) ||
    isAsExpression(at) ||
    isSatisfiesExpression(at) ||
    isTypeAssertion(at)
  ) {
    at = at.expression;
  }
  return at;
}

/** Whether a node is `… as const`, which says nothing of the type that is meant. */
export function isConstAssertion(node: Node): node is AsExpression | TypeAssertion {
  if (!isAsExpression(node) && !isTypeAssertion(node)) return false;
  const { type } = node;
  return isTypeReferenceNode(type) && isIdentifier(type.typeName) && type.typeName.text === 'const';
}

/** The name a call is made by: `b` of `a.b()`, `f` of `f()`; undefined for computed and other callees. */
export function calleeName(callee: Expression): Node | undefined {
  const at = skipOuterExpressions(callee);
  if (isIdentifier(at)) return at;
  return isPropertyAccessExpression(at) ? at.name : undefined;
}

/** `f` of `f.call` and `f.apply`. */
export function invokedBy(callee: Expression): Expression | undefined {
  const at = skipOuterExpressions(callee);
  return isPropertyAccessExpression(at) && /^(?:call|apply)$/.test(at.name.text) ? skipOuterExpressions(at.expression) : undefined;
}

/** The name of a property that is written out, `a.name` or `a['name']`; undefined for others. */
export function accessedName(node: Expression): string | undefined {
  return accessedNameNode(node)?.text;
}

/** The node of that name: an identifier or a string literal. */
export function accessedNameNode(node: Expression): (Node & { text: string }) | undefined {
  if (isPropertyAccessExpression(node)) return node.name;
  if (!isElementAccessExpression(node)) return undefined;
  const argument = skipParentheses(node.argumentExpression);
  return isStringLiteralLikeNode(argument) ? argument : undefined;
}
