import type { FixProposal } from '../finding';
import {
  SyntaxKind,
  isAwaitExpression,
  isBinaryExpression,
  isBlock,
  isConditionalExpression,
  isExpressionStatement,
  isReturnStatement,
  isTryStatement,
  isVariableStatement,
  type AwaitExpression,
  type Expression,
  type ForOfStatement,
  type Node,
  type SourceUnit,
  type VariableDeclarationList,
} from '../program';
import { isFunctionNode } from '../syntax/functions';
import { elementTypes, isReference } from '../types/structure';
import { includesThenable } from './accepts-promise';
import { awaited, withoutAwait } from './await-edits';
import { awaitPlace } from './await-place';
import { insert, removeWithBlanks } from './edits';

const comment = 'a comment stands between await and what it awaits.';

/** Removes an `await` of something that is no promise. */
export function removeAwaitFix(unit: SourceUnit, node: AwaitExpression): FixProposal {
  return {
    title: "Remove 'await'",
    kind: 'quickfix',
    preferred: true,
    // What runs before a function's first suspension runs before its caller goes on: there await is not without effect.
    safe: isReturned(node) || isSuspendedBefore(node),
    *edits() {
      return withoutAwait(unit, node) ?? { refused: comment };
    },
  };
}

/** Awaits a returned promise, or returns it without waiting. `handlesErrors`: a try around it sees the difference. */
export function returnAwaitFix(unit: SourceUnit, node: Expression, handlesErrors: boolean): FixProposal {
  const remove = isAwaitExpression(node);
  return {
    title: remove ? "Remove 'await'" : "Add 'await'",
    kind: 'quickfix',
    preferred: true,
    safe: !handlesErrors,
    *edits() {
      const edits = remove ? withoutAwait(unit, node) : awaited(unit, node);
      return edits ?? { refused: remove ? comment : 'the optional chain would no longer skip what follows.' };
    },
  };
}

/** `for await` over what is not async: a loop without await, unless the values are promises. */
export function plainLoopFix(unit: SourceUnit, node: ForOfStatement): FixProposal {
  return {
    title: "Remove 'await' from the loop",
    kind: 'quickfix',
    preferred: true,
    *edits() {
      const { checker } = unit.project;
      const keyword = node.awaitModifier;
      if (!keyword) return [];
      const type = yield* checker.getTypeAtLocation.gen(node.expression);
      const elements = yield* elementTypes(checker, type);
      const held = elements ?? (isReference(type) ? (yield* checker.getTypeArguments.gen(type)).slice(0, 1) : []);
      if (held.length === 0) return { refused: 'what the loop goes over is not known.' };
      for (const one of held) {
        if (yield* includesThenable(one, checker)) return { refused: 'the values are promises: the loop awaits each of them.' };
      }
      return [removeWithBlanks(unit.path, unit.text, keyword.getStart(unit.sourceFile), keyword.end)];
    },
  };
}

/** `await using` of what is disposed of at once. */
export function plainUsingFix(unit: SourceUnit, list: VariableDeclarationList): FixProposal {
  return {
    title: "Remove 'await'",
    kind: 'quickfix',
    preferred: true,
    *edits() {
      const start = list.getStart(unit.sourceFile);
      return [removeWithBlanks(unit.path, unit.text, start, start + 'await'.length)];
    },
  };
}

/** `using` of what is disposed of asynchronously. */
export function awaitUsingFix(unit: SourceUnit, list: VariableDeclarationList): FixProposal {
  return {
    title: "Use 'await using'",
    kind: 'quickfix',
    preferred: true,
    *edits() {
      const place = awaitPlace(list, unit.sourceFile);
      if (place.kind === 'impossible') return { refused: place.reason };
      if (place.kind === 'needs-async') return { refused: 'the function around it is not async.' };
      return [insert(unit.path, list.getStart(unit.sourceFile), 'await ')];
    },
  };
}

function isReturned(node: Node): boolean {
  if (!isReturnStatement(node.parent)) return false;
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); at = at.parent as Node | undefined) {
    if (isTryStatement(at)) return false;
  }
  return true;
}

/** Whether the function has been suspended already whenever it comes to a node: an await stands in a statement before it. */
function isSuspendedBefore(node: Node): boolean {
  let child = node;
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); child = at, at = at.parent as Node | undefined) {
    if (!isBlock(at)) continue;
    const index = at.statements.indexOf(child as never);
    if (at.statements.slice(0, index).some((statement) => isPlainStatement(statement) && suspends(statement))) return true;
  }
  return false;
}

function isPlainStatement(statement: Node): boolean {
  return isExpressionStatement(statement) || isVariableStatement(statement);
}

/** Whether evaluating a node awaits something, whichever way its conditions go. */
function suspends(node: Node): boolean {
  if (isFunctionNode(node)) return false;
  if (isAwaitExpression(node)) return true;
  if (isConditionalExpression(node)) return suspends(node.condition);
  if (isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const short = [SyntaxKind.AmpersandAmpersandToken, SyntaxKind.BarBarToken, SyntaxKind.QuestionQuestionToken].includes(kind);
    return suspends(node.left) || (!short && !isLogicalAssignment(kind) && suspends(node.right));
  }
  // What an optional chain skips may not be evaluated.
  if ((node as { questionDotToken?: Node }).questionDotToken) return suspends((node as unknown as { expression: Node }).expression);
  let found = false;
  node.forEachChild((child) => {
    found ||= suspends(child);
  });
  return found;
}

function isLogicalAssignment(kind: SyntaxKind): boolean {
  return [SyntaxKind.AmpersandAmpersandEqualsToken, SyntaxKind.BarBarEqualsToken, SyntaxKind.QuestionQuestionEqualsToken].includes(kind);
}
