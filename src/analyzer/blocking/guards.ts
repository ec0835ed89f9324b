import {
  SyntaxKind,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isConditionalExpression,
  isExpressionStatement,
  isIfStatement,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isReturnStatement,
  isTryStatement,
  type Expression,
  type IfStatement,
  type Node,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isFunctionNode } from '../syntax/functions';
import { nameOf } from './callees';
import type { Site } from './facts';

const absent = /^(?:undefined|null|'undefined'|"undefined")$/;
/** `existsSync(…)` is no choice of form, `isSync()` is one. */
const formNames = /\b\w*(?:[sS]ync|[cC]allback)\b(?!\s*\()|\bis\w*Sync\b|\b(?:cb|done)\b/;
const makers = /^(?:mkdir|writeFile|copyFile|cp|symlink)Sync$/;

/**
 * Whether a function does what a site does only for callers who ask for it: `if (options.sync) …`, `if (!callback) …`.
 * Which form a caller gets is not followed.
 */
export function isChosen(site: Site): boolean {
  for (const at of parentsInFunction(site.node)) {
    const { parent } = at;
    const condition = isIfStatement(parent) ? parent.expression : isConditionalExpression(parent) ? parent.condition : undefined;
    if (condition && condition !== at && formNames.test(condition.getText())) return true;
  }
  return false;
}

/**
 * Whether what a site reads is kept, so that it runs once, or once for each key: `x ??= read()`, `if (!x) x = read()`,
 * `x ? x : (x = read())`, `if (cache.has(k)) return cache.get(k); … cache.set(k, read(k))`,
 * `if (loaded) return; read(); loaded = true`, `if (!existsSync(f)) writeFileSync(f, …)`.
 */
export function runsOnce(site: Pick<Site, 'node'>): boolean {
  for (const at of parentsInFunction(site.node)) {
    const { parent } = at;
    if (isBinaryExpression(parent) && parent.right === at && isKeeping(parent)) return true;
    if (isIfStatement(parent) && parent.thenStatement === at) {
      if (makesMissingFile(site.node, parent.expression)) return true;
      const missing = missingThing(parent.expression);
      if (missing !== undefined && keeps(parent.thenStatement.getText(), missing)) return true;
    }
    if (isConditionalExpression(parent)) {
      if (parent.whenFalse === at && assigns(parent.whenFalse, presentThing(parent.condition))) return true;
      if (parent.whenTrue === at && assigns(parent.whenTrue, missingThing(parent.condition))) return true;
    }
    if (isBlock(parent) && parent.statements.some((statement) => statement.end <= at.pos && isIfStatement(statement) && returnsKept(statement, parent))) return true;
  }
  return false;
}

/** Whether the process ends right after a site, so that nothing is left to wait: `…; process.exit(1)`. */
export function isBeforeExit(site: Site): boolean {
  for (const at of parentsInFunction(site.node)) {
    const { parent } = at;
    if (isTryStatement(parent) && parent.finallyBlock && parent.finallyBlock !== at) return endsProcess(parent.finallyBlock.statements, 0);
    if (!isBlock(parent)) continue;
    const ends = endsProcess(parent.statements, at.end);
    if (ends || !isTryStatement(parent.parent)) return ends;
  }
  return false;
}

/** Whether one of a block's own statements from an offset on ends the process. */
function endsProcess(statements: readonly Node[], from: number): boolean {
  return statements.some(
    (statement) => statement.pos >= from && (isExpressionStatement(statement) || isReturnStatement(statement)) && statement.expression !== undefined && isExit(statement.expression),
  );
}

/** Whether code runs in a worker thread only: `if (isMainThread) … else HERE`, `if (!isMainThread) HERE`. */
export function isWorkerBranch(node: Node): boolean {
  for (let at = node; at.parent; at = at.parent) {
    const { parent } = at;
    if (!isIfStatement(parent)) continue;
    const condition = parent.expression.getText();
    if ((condition === 'isMainThread' && parent.elseStatement === at) || (condition === '!isMainThread' && parent.thenStatement === at)) return true;
  }
  return false;
}

function isExit(node: Expression): boolean {
  const at = skipOuterExpressions(node);
  return isCallExpression(at) && /^process\.(?:exit|abort|reallyExit)$/.test(at.expression.getText());
}

/** A node and what it stands in, up to the function's body. */
function* parentsInFunction(node: Node): Generator<Node> {
  for (let at = node; at.parent && !isFunctionNode(at) && at.parent.kind !== SyntaxKind.SourceFile; at = at.parent) yield at;
}

/** `x ??= …`, `x ||= …`, `x ?? (x = …)`, `x = x ?? …` */
function isKeeping({ operatorToken: { kind }, left, right }: { operatorToken: Node; left: Expression; right: Expression }): boolean {
  if (kind === SyntaxKind.QuestionQuestionEqualsToken || kind === SyntaxKind.BarBarEqualsToken) return true;
  if (kind === SyntaxKind.EqualsToken) {
    const value = skipOuterExpressions(right);
    return isBinaryExpression(value) && isChoice(value.operatorToken) && value.left.getText() === left.getText();
  }
  return isChoice({ kind }) && assigns(right, left.getText());
}

/** `??` and `||` */
function isChoice({ kind }: Pick<Node, 'kind'>): boolean {
  return kind === SyntaxKind.QuestionQuestionToken || kind === SyntaxKind.BarBarToken;
}

function assigns(node: Expression, thing: string | undefined): boolean {
  const value = skipOuterExpressions(node);
  return isBinaryExpression(value) && value.operatorToken.kind === SyntaxKind.EqualsToken && value.left.getText() === thing;
}

/** What a condition finds missing: `x` of `!x`, `x === undefined`, `x == null`, `!x.has(k)`. */
function missingThing(condition: Expression): string | undefined {
  const at = skipOuterExpressions(condition);
  if (isPrefixUnaryExpression(at) && at.operator === SyntaxKind.ExclamationToken) return keptThing(at.operand);
  if (!isBinaryExpression(at)) return undefined;
  const { kind } = at.operatorToken;
  if (kind === SyntaxKind.BarBarToken || kind === SyntaxKind.AmpersandAmpersandToken) return missingThing(at.left) ?? missingThing(at.right);
  const isEqual = kind === SyntaxKind.EqualsEqualsEqualsToken || kind === SyntaxKind.EqualsEqualsToken;
  return isEqual && absent.test(at.right.getText()) ? keptThing(at.left) : undefined;
}

/** What a condition finds there: `x` of `x`, `x !== undefined`, `cache.has(k)`. */
function presentThing(condition: Expression): string | undefined {
  const at = skipOuterExpressions(condition);
  if (!isBinaryExpression(at)) return keptThing(at);
  const { kind } = at.operatorToken;
  if (kind === SyntaxKind.InKeyword) return keptThing(at);
  const differs = kind === SyntaxKind.ExclamationEqualsEqualsToken || kind === SyntaxKind.ExclamationEqualsToken;
  return differs && absent.test(at.right.getText()) ? keptThing(at.left) : undefined;
}

/** `!existsSync(f)` before `mkdirSync(f)`: the next time it is there. */
function makesMissingFile(node: Node, condition: Expression): boolean {
  const test = skipOuterExpressions(condition);
  if (!isCallExpression(node) || !makers.test(nameOf(node.expression)?.text ?? '') || !isPrefixUnaryExpression(test)) return false;
  const looked = skipOuterExpressions(test.operand);
  if (!isCallExpression(looked) || nameOf(looked.expression)?.text !== 'existsSync') return false;
  const file = looked.arguments[0]?.getText();
  return node.arguments.some((argument) => argument.getText() === file);
}

/** The variable or collection that a test looks at: `cache` of `cache.has(k)`, `cache.get(k)` and `k in cache`, `x` of `typeof x`. */
function keptThing(tested: Expression): string | undefined {
  const at = skipOuterExpressions(tested);
  if (isBinaryExpression(at) && at.operatorToken.kind === SyntaxKind.InKeyword) return at.right.getText();
  if (!isCallExpression(at)) return at.getText().replace(/^typeof\s+/, '');
  const callee = skipOuterExpressions(at.expression);
  return isPropertyAccessExpression(callee) && /^(?:has|get|hasOwnProperty)$/.test(callee.name.text) ? callee.expression.getText() : undefined;
}

/** Whether code assigns a variable, or adds to a collection. */
function keeps(code: string, thing: string): boolean {
  const name = thing.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  return new RegExp(`(?<![\\w$.])${name}(?: = |\\.(?:set|add)\\(|\\[.+\\] (?:\\?\\?|\\|\\|)?= )`).test(code);
}

/** `if (x) return x;`, or `if (loaded) return;`, in a block that keeps something further down. */
function returnsKept(statement: IfStatement, block: Node): boolean {
  const { thenStatement } = statement;
  const last = isBlock(thenStatement) ? thenStatement.statements.at(-1) : thenStatement;
  if (!last || !isReturnStatement(last)) return false;
  const thing = presentThing(statement.expression);
  if (thing === undefined) return false;
  const text = block.getSourceFile().text.slice(statement.end, block.end);
  if (text.includes(`${thing} = false`)) return false; // `busy = true; … busy = false`
  if (!last.expression) return text.includes(`${thing} = true`);
  return keeps(text, thing) || (last.expression.getText().startsWith(thing) && /\.set\(|\w\[[^\]]+\] = /.test(text));
}
