import { SyntaxKind, isBinaryExpression, isCallExpression, isIdentifier, isPropertyAccessExpression, type Expression, type Node } from '../program';
import { accessedNameNode, skipOuterExpressions } from '../syntax/expressions';

/** `f` of `f`, `o.f`, `o['f']` and `(0, o.f)`. */
export function nameOf(node: Expression): (Node & { text: string }) | undefined {
  const at = skipOuterExpressions(node);
  if (isBinaryExpression(at) && at.operatorToken.kind === SyntaxKind.CommaToken) return nameOf(at.right);
  return isIdentifier(at) ? at : accessedNameNode(at);
}

/** `f` of `f.bind(…)`. */
export function unbound(node: Expression): Expression {
  const at = skipOuterExpressions(node);
  if (!isCallExpression(at)) return at;
  const callee = skipOuterExpressions(at.expression);
  return isPropertyAccessExpression(callee) && callee.name.text === 'bind' ? skipOuterExpressions(callee.expression) : at;
}
