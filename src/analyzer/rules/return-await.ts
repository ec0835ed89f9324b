import {
  SyntaxKind,
  isAwaitExpression,
  isBlock,
  isCallExpression,
  isCaseBlock,
  isConditionalExpression,
  isForOfStatement,
  isForStatement,
  isIdentifier,
  isPropertyAccessExpression,
  isTryStatement,
  isVariableDeclarationList,
  isVariableStatement,
  type ArrowFunction,
  type Asking,
  type Expression,
  type Node,
  type ReturnStatement,
} from '../program';
import { isAwaitUsing, isUsing } from '../syntax/declarations';
import { returnAwaitFix } from '../fixes/useless-await';
import { skipParentheses } from '../syntax/expressions';
import { enclosingFunction, isAsync, isFunctionNode } from '../syntax/functions';
import { askOfType } from '../types/calls';
import { promiseTypes } from '../types/promises';
import type { Rule, RuleContext } from './rule';

type Mode = 'always' | 'error-handling-correctness-only' | 'in-try-catch' | 'never';

interface Options {
  readonly mode: Mode;
}

/** A promise that is returned from inside a try without being awaited, or awaited where that is not wanted. */
export const returnAwait: Rule<Options> = {
  id: 'return-await',
  description: 'A promise returned from a try block is not awaited there: its rejection passes the catch by.',
  group: 'un-awaited',
  severity: 'warning',
  preset: 'recommended',
  equals: ['@typescript-eslint/return-await', 'typescript/return-await'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      mode: {
        description:
          'Where a returned promise must be awaited: everywhere (always), only where errors are handled (error-handling-correctness-only), ' +
          'there and nowhere else (in-try-catch), or nowhere (never).',
        default: 'in-try-catch',
        enum: ['always', 'error-handling-correctness-only', 'in-try-catch', 'never'],
      },
    },
  },
  listen(context) {
    return {
      [SyntaxKind.ReturnStatement](node: ReturnStatement) {
        const fn = node.expression && enclosingFunction(node);
        return node.expression && fn && isAsync(fn) ? check(context, node.expression) : undefined;
      },
      [SyntaxKind.ArrowFunction](node: ArrowFunction) {
        return isAsync(node) && !isBlock(node.body) ? check(context, node.body) : undefined;
      },
    };
  },
};

type Wanted = 'await' | 'no await' | 'either';

function wanted(mode: Mode, errorsHandled: boolean): Wanted {
  switch (mode) {
    case 'always':
      return 'await';
    case 'never':
      return 'no await';
    case 'error-handling-correctness-only':
      return errorsHandled ? 'await' : 'either';
    case 'in-try-catch':
      return errorsHandled ? 'await' : 'no await';
  }
}

function check(context: RuleContext<Options>, returned: Expression): Asking<void> | undefined {
  const open = possiblyReturned(returned).flatMap((node) => {
    const errorsHandled = isInErrorHandling(node) || isAfterUsing(node);
    const rule = wanted(context.options.mode, errorsHandled);
    const isAwaited = isAwaitExpression(node);
    return rule === 'either' || isAwaited === (rule === 'await') ? [] : [{ node, errorsHandled }];
  });
  return open.length > 0 ? ask(context, open) : undefined;
}

function* ask(context: RuleContext<Options>, open: readonly { node: Expression; errorsHandled: boolean }[]): Asking<void> {
  const types = context.shared(promiseTypes);
  for (const { node, errorsHandled } of open) {
    const value = isAwaitExpression(node) ? node.expression : node;
    // An awaited value that is no promise is await-thenable's finding.
    if ((yield* askOfType(context.unit.project.checker, value, (type) => types.awaitable(type))) !== 'always') continue;
    const fixes = [returnAwaitFix(context.unit, node, errorsHandled)];
    if (!isAwaitExpression(node)) {
      if (errorsHandled && context.options.mode !== 'always' && (yield* isSettled(context, value))) continue;
      context.report({
        at: node,
        severity: errorsHandled ? 'error' : undefined,
        message: errorsHandled
          ? 'This promise leaves the try without being awaited: if it rejects, the handling here does not see it.'
          : 'The promise returned here must be awaited.',
        fixes,
      });
    } else {
      context.report({ at: node, severity: 'hint', message: 'Awaiting the promise returned here changes nothing for the caller.', fixes });
    }
  }
}

/** `Promise.resolve(value)` of a value that is no promise has nothing to reject with. */
function* isSettled(context: RuleContext<Options>, expression: Expression): Asking<boolean> {
  const call = skipParentheses(expression);
  if (!isCallExpression(call) || !isPropertyAccessExpression(call.expression) || call.expression.name.text !== 'resolve') return false;
  const { expression: object } = call.expression;
  const [value, ...others] = call.arguments;
  if (!isIdentifier(object) || object.text !== 'Promise' || others.length > 0) return false;
  const types = context.shared(promiseTypes);
  return value === undefined || (yield* askOfType(context.unit.project.checker, value, (type) => types.awaitable(type))) === 'never';
}

/** The expressions that a return may give: the branches of a conditional. */
function possiblyReturned(expression: Expression): Expression[] {
  const node = skipParentheses(expression);
  if (!isConditionalExpression(node)) return [node];
  return [...possiblyReturned(node.whenFalse), ...possiblyReturned(node.whenTrue)];
}

/** Whether an error thrown here meets a catch or a finally of the same function. */
function isInErrorHandling(node: Node): boolean {
  let child = node;
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); at = at.parent as Node | undefined) {
    if (isTryStatement(at)) {
      if (child === at.tryBlock) return true;
      if (child === at.catchClause && at.finallyBlock) return true;
    }
    child = at;
  }
  return false;
}

/** Whether a `using` of the same function stands before: what it holds is disposed of on return. */
function isAfterUsing(node: Node): boolean {
  const start = node.getStart();
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); at = at.parent as Node | undefined) {
    if ((isForStatement(at) || isForOfStatement(at)) && declaresUsing(at.initializer)) return true;
    const statements = isBlock(at) ? at.statements : isCaseBlock(at) ? at.clauses.flatMap((clause) => [...clause.statements]) : [];
    if (statements.some((one) => one.end < start && isVariableStatement(one) && declaresUsing(one.declarationList))) return true;
  }
  return false;
}

function declaresUsing(node: Node | undefined): boolean {
  return node !== undefined && isVariableDeclarationList(node) && (isUsing(node) || isAwaitUsing(node));
}
