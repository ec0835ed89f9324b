import {
  SyntaxKind,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isIdentifier,
  isPropertyAccessExpression,
  type CallExpression,
  type Expression,
  type Node,
} from '../program';
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

/** What a callee may be: `f` and `g` of `(x ? f : g)(…)` and `(f ?? g)(…)`. */
export function choices(callee: Expression): readonly Expression[] {
  const at = skipOuterExpressions(callee);
  if (isConditionalExpression(at)) return [...choices(at.whenTrue), ...choices(at.whenFalse)];
  const { kind } = isBinaryExpression(at) ? at.operatorToken : at;
  if (isBinaryExpression(at) && (kind === SyntaxKind.BarBarToken || kind === SyntaxKind.QuestionQuestionToken)) return [...choices(at.left), ...choices(at.right)];
  return [at];
}

/** `f` of `Reflect.apply(f, …)`. */
export function reflected({ expression, arguments: [first] }: CallExpression): Expression | undefined {
  const callee = skipOuterExpressions(expression);
  if (!isPropertyAccessExpression(callee) || !isIdentifier(callee.expression) || callee.expression.text !== 'Reflect') return undefined;
  return callee.name.text === 'apply' ? first : undefined;
}
