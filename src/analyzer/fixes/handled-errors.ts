import type { FixProposal, TextEdit } from '../finding';
import {
  SignatureKind,
  isAwaitExpression,
  isBlock,
  isIdentifier,
  isReturnStatement,
  isShorthandPropertyAssignment,
  type Asking,
  type Identifier,
  type Node,
  type ReturnStatement,
  type SourceUnit,
} from '../program';
import { skipParentheses } from '../syntax/expressions';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { includesThenable } from './accepts-promise';
import { prefixed } from './await-edits';
import { insert, mergeInsertions, replace } from './edits';
import { indents } from './reindent';
import { valueStatement } from './returned-value';
import { indentationAt, indentUnit, newlineOf, usesSemicolons } from './text-style';

/** The fixes of a function that gives a promise to somebody who does not look at it: it handles its errors itself. */
export function handledErrorFixes(unit: SourceUnit, value: Node): FixProposal[] {
  if (isFunctionNode(value) && value.body && isAsync(value) && !(value as { asteriskToken?: Node }).asteriskToken) return [caughtBodyFix(unit, value)];
  return isIdentifier(value) ? [caughtCallFix(unit, value)] : [];
}

/** `try { … } catch (error) { console.error(error); }` around a function's body. */
function caughtBodyFix(unit: SourceUnit, fn: FunctionNode): FixProposal {
  return {
    title: "Handle its errors with 'try' and 'catch'",
    kind: 'quickfix',
    *edits() {
      const { path, sourceFile, text } = unit;
      const body = fn.body;
      if (!body) return [];
      const newline = newlineOf(text);
      const depth = indentationAt(unit, isBlock(body) ? fn : body);
      const step = indentUnit(text);
      const semicolon = usesSemicolons(text) ? ';' : '';
      const handler = ` catch (error) {${newline}${depth}${step}${step}console.error(error)${semicolon}${newline}${depth}${step}}${newline}${depth}}`;
      const opening = `{${newline}${depth}${step}try {`;
      if (isBlock(body)) {
        const start = body.getStart(sourceFile);
        return mergeInsertions([
          insert(path, start, `{${newline}${depth}${step}try `),
          ...indents(unit, body, step),
          ...(yield* awaitedReturns(unit, body)),
          insert(path, body.end, handler),
        ]);
      }
      const inner = skipParentheses(body);
      const [before, after] = yield* valueStatement(unit, inner);
      return [
        replace(path, { start: body.getStart(sourceFile), end: inner.getStart(sourceFile) }, `${opening}${newline}${depth}${step}${step}${before}`),
        replace(path, { start: inner.end, end: body.end }, `${after}${semicolon}${newline}${depth}${step}}${handler}`),
      ];
    },
  };
}

/** A promise that is returned from inside the try is awaited there, or its rejection would pass the catch by. */
function* awaitedReturns(unit: SourceUnit, body: Node): Asking<TextEdit[]> {
  const returns: ReturnStatement[] = [];
  const visit = (node: Node): void => {
    if (isReturnStatement(node)) returns.push(node);
    if (!isFunctionNode(node)) node.forEachChild(visit);
  };
  visit(body);
  const edits: TextEdit[] = [];
  const { checker } = unit.project;
  for (const { expression } of returns) {
    if (!expression || isAwaitExpression(expression)) continue;
    if (yield* includesThenable(yield* checker.getTypeAtLocation.gen(expression), checker)) edits.push(...prefixed(unit, expression, 'await'));
  }
  return edits;
}

/** `(event) => { handler(event).catch(…); }` in place of `handler`. */
function caughtCallFix(unit: SourceUnit, handler: Identifier): FixProposal {
  return {
    title: "Handle its rejection with '.catch(…)'",
    kind: 'quickfix',
    *edits() {
      const { path, sourceFile, text } = unit;
      const names = yield* parameterNames(unit, handler);
      if (names === undefined) return { refused: 'it may be nothing, or has several signatures.' };
      const newline = newlineOf(text);
      const depth = indentationAt(unit, handler);
      const step = indentUnit(text);
      const semicolon = usesSemicolons(text) ? ';' : '';
      const error = /\.[cm]?tsx?$/.test(path) ? '(error: unknown)' : '(error)';
      const lines = [
        `${isShorthandPropertyAssignment(handler.parent) ? `${handler.text}: ` : ''}(${names}) => {`,
        `${depth}${step}${handler.text}(${names}).catch(${error} => {`,
        `${depth}${step}${step}console.error(error)${semicolon}`,
        `${depth}${step}})${semicolon}`,
        `${depth}}`,
      ];
      return [replace(path, { start: handler.getStart(sourceFile), end: handler.end }, lines.join(newline))];
    },
  };
}

/** The parameters of a function, as they are passed on: `name, ...rest`. */
function* parameterNames({ project: { checker } }: SourceUnit, handler: Identifier): Asking<string | undefined> {
  const type = yield* checker.getTypeAtLocation.gen(handler);
  const [signature, other] = yield* checker.getSignaturesOfType.gen(type, SignatureKind.Call);
  if (!signature || other) return undefined;
  const names = (yield* signature.getParameters.gen()).map(({ name }, index) => (/^[\w$]+$/.test(name) ? name : `argument${index}`));
  return names.map((name, index) => (signature.hasRestParameter && index === names.length - 1 ? `...${name}` : name)).join(', ');
}
