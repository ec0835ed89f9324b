import type { TextEdit } from '../finding';
import { isCallExpression, isNewExpression, isParenthesizedExpression, type AwaitExpression, type Expression, type Node, type SourceFile } from '../program';
import { insert, replace } from './edits';
import {
  continuesLine,
  isInsideOptionalChain,
  isLeftHandSide,
  isUnaryOperand,
  joinsPrevious,
  needsParenthesesAsUnary,
  readsBetterInParentheses,
  startedStatement,
  startsDeclaration,
} from './precedence';

/** The file that edits are made in. */
export interface EditedFile {
  readonly path: string;
  readonly text: string;
  readonly sourceFile: SourceFile;
}

/** What is written around an awaited expression: `(await before EXPRESSION after).pick`. */
export interface Around {
  readonly before?: string;
  readonly after?: string;
  readonly pick?: string;
}

/** Puts a unary operator (`await`, `void`) before an expression, with the parentheses and the semicolon that it takes. */
export function prefixed(file: EditedFile, node: Expression, operator: string, around: Around = {}): TextEdit[] {
  const { path, sourceFile } = file;
  const { before = '', after = '', pick } = around;
  const outer = pick !== undefined || needsParenthesesAsUnary(node) || readsBetterInParentheses(node);
  const inner = before === '' && !isUnaryOperand(node);
  const statement = outer ? startedStatement(node, sourceFile) : undefined;
  const separator = statement && joinsPrevious(statement, sourceFile) ? ';' : '';
  const opening = `${separator}${outer ? '(' : ''}${operator} ${inner ? '(' : before}`;
  const closing = `${inner ? ')' : after}${outer ? ')' : ''}${pick === undefined ? '' : `.${pick}`}`;
  const start = insert(path, node.getStart(sourceFile), opening);
  return closing ? [start, insert(path, node.end, closing)] : [start];
}

/** Awaits an expression. Undefined where that would change what an optional chain skips. */
export function awaited(file: EditedFile, node: Expression, around?: Around): TextEdit[] | undefined {
  return isInsideOptionalChain(node) ? undefined : prefixed(file, node, 'await', around);
}

/** The text around an expression, without an await. */
export function surrounded({ path, sourceFile }: EditedFile, node: Expression, { before = '', after = '' }: Around): TextEdit[] {
  return [
    ...(before ? [insert(path, node.getStart(sourceFile), before)] : []),
    ...(after ? [insert(path, node.end, after)] : []),
  ];
}

/** Calls a method on an expression: `.catch(…)`. */
export function chained(file: EditedFile, node: Expression, call: string): TextEdit[] {
  const { path, sourceFile } = file;
  if (isLeftHandSide(node) && !(isNewExpression(node) && !node.arguments)) return [insert(path, node.end, call)];
  const statement = startedStatement(node, sourceFile);
  const separator = statement && joinsPrevious(statement, sourceFile) ? ';' : '';
  return [insert(path, node.getStart(sourceFile), `${separator}(`), insert(path, node.end, `)${call}`)];
}

/**
 * Removes an `await`: the parentheses around it as well, where they were there for it. Undefined where a comment stands
 * between it and its operand.
 */
export function withoutAwait(file: EditedFile, node: AwaitExpression): TextEdit[] | undefined {
  const { path, text, sourceFile } = file;
  const start = node.getStart(sourceFile);
  const operand = node.expression;
  const operandStart = operand.getStart(sourceFile);
  if (/\S/.test(text.slice(start + 'await'.length, operandStart))) return undefined;
  const { parent } = node;
  if (isParenthesizedExpression(parent) && unwrappable(parent, operand, file)) {
    return [
      replace(path, { start: parent.getStart(sourceFile), end: operandStart }, ''),
      replace(path, { start: operand.end, end: parent.end }, ''),
    ];
  }
  const rest = text.slice(operandStart, operand.end);
  const statement = startedStatement(node, sourceFile);
  if (statement && startsDeclaration(rest)) {
    return [replace(path, { start, end: operandStart }, `${joinsPrevious(statement, sourceFile) ? ';' : ''}(`), insert(path, operand.end, ')')];
  }
  // `- await -x` must not become `--x`, nor a line that begins with `(` join the one before.
  const sign = /[-+]/.test(rest[0] ?? '') && text[start - 1] === rest[0] ? ' ' : '';
  const separator = statement && continuesLine(rest) && joinsPrevious(statement, sourceFile) ? ';' : '';
  return [replace(path, { start, end: operandStart }, `${separator}${sign}`)];
}

/** Whether parentheses around `await x` can go with it: `(await x).y`, but not `new (await f())()`. */
function unwrappable(parentheses: Node, operand: Expression, { text, sourceFile }: EditedFile): boolean {
  if (!isLeftHandSide(operand) || !needsParenthesesAsUnary(parentheses)) return false;
  const start = parentheses.getStart(sourceFile);
  const operandStart = operand.getStart(sourceFile);
  const between = text.slice(start, operandStart) + text.slice(operand.end, parentheses.end);
  if (!/^\(\s*await\s+\)$/.test(between) || isNewExpression(parentheses.parent)) return false;
  const first = text.slice(operandStart, operandStart + 20);
  const call = isCallExpression(parentheses.parent) && parentheses.parent.expression === parentheses;
  // A number's own dot, an optional chain that would go on, `this` of a call that would change.
  if (isNewExpression(operand) && !operand.arguments) return false;
  if (/^\d/.test(first) || text.slice(operandStart, operand.end).includes('?.') || call) return false;
  return startedStatement(parentheses, sourceFile) === undefined || !(startsDeclaration(first) || continuesLine(first));
}
