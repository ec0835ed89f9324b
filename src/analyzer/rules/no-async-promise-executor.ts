import { promiseExecutorFixes } from '../fixes/promise-executor';
import { SyntaxKind, isArrowFunction, isFunctionExpression, isIdentifier, type NewExpression } from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isAsync } from '../syntax/functions';
import { noOptions, type Rule } from './rule';

/** `new Promise(async (resolve) => …)`: what the executor throws after its first await reaches nobody. */
export const noAsyncPromiseExecutor: Rule = {
  id: 'no-async-promise-executor',
  description: 'The executor of a new Promise is async: an error thrown in it rejects nothing and is lost.',
  group: 'un-awaited',
  severity: 'error',
  preset: 'recommended',
  equals: ['no-async-promise-executor'],
  schema: noOptions,
  listen(context) {
    return {
      [SyntaxKind.NewExpression](node: NewExpression) {
        if (!isIdentifier(node.expression) || node.expression.text !== 'Promise') return;
        const argument = node.arguments?.[0];
        const executor = argument && skipOuterExpressions(argument);
        if (!executor || !(isArrowFunction(executor) || isFunctionExpression(executor)) || !isAsync(executor)) return;
        const keyword = executor.modifiers?.find((modifier) => modifier.kind === SyntaxKind.AsyncKeyword);
        context.report({
          at: keyword ?? executor,
          message: 'An error thrown in an async executor does not reject the promise: it is lost as an unhandled rejection.',
          fixes: promiseExecutorFixes(context.unit, node, executor),
        });
      },
    };
  },
};
