import { isCallExpression, isIdentifier, isPropertyAccessExpression, type Expression, type Node } from '../program';
import { accessedNameNode, skipOuterExpressions } from '../syntax/expressions';

/** `f` of `f`, `o.f` and `o['f']`. */
export function nameOf(node: Expression): (Node & { text: string }) | undefined {
  const at = skipOuterExpressions(node);
  return isIdentifier(at) ? at : accessedNameNode(at);
}

/** `f` of `f.bind(…)`. */
export function unbound(node: Expression): Expression {
  const at = skipOuterExpressions(node);
  if (!isCallExpression(at)) return at;
  const callee = skipOuterExpressions(at.expression);
  return isPropertyAccessExpression(callee) && callee.name.text === 'bind' ? skipOuterExpressions(callee.expression) : at;
}
