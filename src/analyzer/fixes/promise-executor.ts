import type { FixProposal, Refusal, TextEdit } from '../finding';
import {
  SyntaxKind,
  isArrowFunction,
  isAwaitExpression,
  isBlock,
  isForOfStatement,
  isFunctionExpression,
  isIdentifier,
  isReturnStatement,
  type ArrowFunction,
  type Expression,
  type FunctionExpression,
  type NewExpression,
  type Node,
  type SourceUnit,
} from '../program';
import { skipParentheses } from '../syntax/expressions';
import { enclosingFunction, isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { cannotBeAsync, makeAsync } from './async-function';
import { conflict, removeWithBlanks, replace } from './edits';
import { joinsPrevious, startedStatement } from './precedence';
import { outdents } from './reindent';
import { settleEdits } from './settle-paths';
import { indentationAt } from './text-style';

export type Executor = ArrowFunction | FunctionExpression;

/**
 * The fix of `new Promise(async (resolve, reject) => …)`: an executor that awaits nothing need not be async; one whose
 * every path ends with settling becomes an async function, which rejects by itself when it throws.
 */
export function promiseExecutorFixes(unit: SourceUnit, node: NewExpression, executor: Executor): FixProposal[] {
  if (!awaits(executor.body)) return [plainExecutorFix(unit, executor)];
  return [
    {
      title: "Replace 'new Promise' by an async function",
      kind: 'quickfix',
      preferred: true,
      *edits() {
        return unwrapped(unit, node, executor);
      },
    },
  ];
}

function plainExecutorFix(unit: SourceUnit, executor: Executor): FixProposal {
  return {
    title: "Remove 'async': the executor awaits nothing",
    kind: 'quickfix',
    preferred: true,
    safe: true,
    *edits() {
      const keyword = executor.modifiers?.find(({ kind }) => kind === SyntaxKind.AsyncKeyword);
      return keyword ? [removeWithBlanks(unit.path, unit.text, keyword.getStart(unit.sourceFile), keyword.end)] : [];
    },
  };
}

function unwrapped(unit: SourceUnit, node: NewExpression, executor: Executor): TextEdit[] | Refusal {
  const { path, sourceFile, text } = unit;
  const [resolve, reject, ...more] = executor.parameters;
  const names = [resolve, reject].map((parameter) => (parameter && isIdentifier(parameter.name) ? parameter.name.text : undefined));
  if (more.length > 0 || (resolve && !names[0]) || (reject && !names[1])) return { refused: "the executor's parameters are not plain names." };
  if (isFunctionExpression(executor) && usesOwnContext(executor)) return { refused: "the executor uses its own 'this', 'arguments' or name." };
  const settled = settleEdits(executor, { resolve: names[0], reject: names[1] }, unit);
  if ('refused' in settled) return settled;
  const { body } = executor;
  const inner = skipParentheses(body as Expression);
  const [start, end] = [node.getStart(sourceFile), node.end];
  const place = soleReturn(node);
  const typeArgument = node.typeArguments?.[0];
  if (place && (typeArgument === undefined || place.fn.type)) {
    const own = isAsync(place.fn) ? [] : makeAsync(unit, place.fn);
    if (!('refused' in own)) {
      const { statement } = place;
      if (!statement) {
        const edits = [...own, ...settled, ...wrap(path, { start: arrowEnd(place.fn, start), end }, isBlock(body) ? body : inner, [' ', ''])];
        return isBlock(body) ? moved(unit, edits, body, place.fn, node) : edits;
      }
      if (!isBlock(body)) {
        return [...own, ...settled, replace(path, { start, end: inner.getStart(sourceFile) }, ''), replace(path, { start: inner.end, end }, '')];
      }
      const first = body.statements[0];
      const last = body.statements[body.statements.length - 1];
      if (first && last && !/\S/.test(text.slice(body.getStart(sourceFile) + 1, first.getStart(sourceFile))) && !/\S/.test(text.slice(last.end, body.end - 1))) {
        const before = replace(path, { start: statement.getStart(sourceFile), end: first.getStart(sourceFile) }, '');
        const after = replace(path, { start: last.end, end: statement.end }, '');
        return moved(unit, [...own, ...settled, before, after], body, statement, first);
      }
    }
  }
  const statement = startedStatement(node, sourceFile);
  const separator = statement && joinsPrevious(statement, sourceFile) ? ';' : '';
  const type = typeArgument ? `: Promise<${typeArgument.getText(sourceFile)}>` : '';
  return [...settled, ...wrap(path, { start, end }, isBlock(body) ? body : inner, [`${separator}(async ()${type} => `, ')()'])];
}

/** Moves the lines of the body out, but for those that go altogether. */
function moved(unit: SourceUnit, edits: readonly TextEdit[], body: Node, to: Node, from: Node): TextEdit[] {
  const lines = outdents(unit, body, indentationAt(unit, to), indentationAt(unit, from));
  return [...edits, ...lines.filter((line) => !edits.some((edit) => conflict(line, edit)))];
}

/** Right behind `=>`, so that the body begins on its line. */
function arrowEnd(fn: FunctionNode, start: number): number {
  const arrow = isArrowFunction(fn) ? fn.equalsGreaterThanToken.end : start;
  return /\S/.test(fn.getSourceFile().text.slice(arrow, start)) ? start : arrow;
}

function wrap(path: string, { start, end }: { start: number; end: number }, body: Node, [before, after]: [string, string]): TextEdit[] {
  return [replace(path, { start, end: body.getStart() }, before), replace(path, { start: body.end, end }, after)];
}

/** The function that does nothing but return an expression, and the return statement, if it has one. */
function soleReturn(node: Expression): { fn: FunctionNode; statement: Node | undefined } | undefined {
  const fn = enclosingFunction(node);
  if (!fn?.body || cannotBeAsync(fn) !== undefined) return undefined;
  if (isArrowFunction(fn) && fn.body === node) return { fn, statement: undefined };
  const [only, other] = isBlock(fn.body) ? fn.body.statements : [];
  if (!only || other || !isReturnStatement(only) || only.expression !== node) return undefined;
  return { fn, statement: only };
}

/** Whether a function's own body awaits something. */
function awaits(node: Node): boolean {
  if (isAwaitExpression(node) || (isForOfStatement(node) && node.awaitModifier)) return true;
  if (node.kind === SyntaxKind.VariableDeclarationList && /^await\s+using\b/.test(node.getText())) return true;
  if (isFunctionNode(node)) return false;
  let found = false;
  node.forEachChild((child) => {
    found ||= awaits(child);
  });
  return found;
}

function usesOwnContext(executor: FunctionExpression): boolean {
  let found = false;
  const visit = (node: Node): void => {
    if (node.kind === SyntaxKind.ThisKeyword || (isIdentifier(node) && (node.text === 'arguments' || node.text === executor.name?.text))) found = true;
    node.forEachChild(visit);
  };
  visit(executor.body);
  return found;
}

