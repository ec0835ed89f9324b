import type { FixProposal } from '../finding';
import { SyntaxKind, isAwaitExpression, isBinaryExpression, isUnionType, isVoidExpression, type Expression, type SourceUnit } from '../program';
import { skipParentheses } from '../syntax/expressions';
import { describeFunction, cannotBeAsync } from './async-function';
import { asyncThroughCallers, awaitEverywhere } from './async-migration';
import { awaited, chained, prefixed } from './await-edits';
import { awaitPlace } from './await-place';
import { insert, replace } from './edits';
import { indentUnit, indentationAt, newlineOf, usesSemicolons } from './text-style';

/**
 * What can be done about an expression statement that gives a promise (or, with `array`, an array of them) which
 * nobody handles: await it, in an async function or in one that becomes async, catch its rejection, or say with `void`
 * that it is left alone on purpose.
 */
export function floatingPromiseFixes(unit: SourceUnit, statement: Expression, array: boolean): FixProposal[] {
  const expression = skipParentheses(statement);
  if (isVoidExpression(expression)) return [awaitFix(unit, expression.expression, array, expression)];
  // `await` and `.catch` would see the last part of a list only.
  if (isBinaryExpression(expression) && expression.operatorToken.kind === SyntaxKind.CommaToken) return [voidFix(unit, expression)];
  if (array) return [awaitFix(unit, isAwaitExpression(expression) ? expression.expression : expression, true), voidFix(unit, expression)];
  return [awaitFix(unit, expression), catchFix(unit, expression), voidFix(unit, expression)];
}

/** Awaits an expression (an array: all that it holds); a function around it that is not async becomes so. */
export function awaitFix(unit: SourceUnit, expression: Expression, array = false, marked?: Expression): FixProposal {
  const place = awaitPlace(expression, unit.sourceFile);
  const what = array ? "Wait for all of them with 'await Promise.all(…)'" : "Add 'await'";
  const canBe = place.kind === 'needs-async' && cannotBeAsync(place.function) === undefined;
  return {
    title: canBe ? `${what} and make ${describeFunction(place.function)} async` : what,
    kind: 'quickfix',
    preferred: true,
    *edits() {
      const start = expression.getStart(unit.sourceFile);
      // What `void` marked is awaited in its place.
      const own = marked ? [replace(unit.path, { start: marked.getStart(unit.sourceFile), end: start }, '')] : [];
      if (place.kind === 'impossible') return { refused: place.reason };
      if (array) {
        const operator = isAwaitExpression(expression.parent) ? '' : 'await ';
        own.push(insert(unit.path, start, `${operator}Promise.all(`), insert(unit.path, expression.end, ')'));
        const others = place.kind === 'allowed' ? [] : yield* asyncThroughCallers(unit.project, place.function);
        return 'refused' in others ? others : [...own, ...others];
      }
      const edits = place.kind === 'allowed' ? awaited(unit, expression) : yield* awaitEverywhere(unit.project, [expression]);
      if (!edits) return { refused: 'the optional chain would no longer skip what follows.' };
      return 'refused' in edits ? edits : [...own, ...edits];
    },
  };
}

function catchFix(unit: SourceUnit, expression: Expression): FixProposal {
  const parameter = /\.[cm]?tsx?$/.test(unit.path) ? '(error: unknown)' : '(error)';
  return {
    title: "Handle its rejection with '.catch(…)'",
    kind: 'quickfix',
    *edits() {
      const semicolon = usesSemicolons(unit.text) ? ';' : '';
      const indent = indentationAt(unit, expression);
      const newline = newlineOf(unit.text);
      const body = `${newline}${indent}${indentUnit(unit.text)}console.error(error)${semicolon}${newline}${indent}`;
      return chained(unit, expression, `.catch(${parameter} => {${body}})`);
    },
  };
}

function voidFix(unit: SourceUnit, expression: Expression): FixProposal {
  return {
    title: "Mark it as left alone on purpose with 'void'",
    kind: 'quickfix',
    *edits() {
      const type = yield* unit.project.checker.getTypeAtLocation.gen(expression);
      // `PrismaPromise`, `Prisma__UserClient`
      const made = isUnionType(type) ? undefined : yield* type.getSymbol.gen();
      if (made && /^Prisma/.test(made.name)) return { refused: 'Prisma runs a query only when it is awaited: left alone, it would never run.' };
      return prefixed(unit, expression, 'void');
    },
  };
}
