import type { Asking, Expression, SourceUnit } from '../program';
import { skipParentheses } from '../syntax/expressions';
import { includesThenable } from './accepts-promise';
import { isUnaryOperand, startsDeclaration } from './precedence';

/** What to put around a value that an async function returned, to make a statement of it: a promise is awaited as it was. */
export function* valueStatement({ project: { checker } }: SourceUnit, value: Expression): Asking<[before: string, after: string]> {
  const node = skipParentheses(value);
  const isPromise = yield* includesThenable(yield* checker.getTypeAtLocation.gen(node), checker);
  if (isPromise) return isUnaryOperand(node) ? ['await ', ''] : ['await (', ')'];
  return startsDeclaration(node.getText()) ? ['(', ')'] : ['', ''];
}
