import type { Refusal, TextEdit } from '../finding';
import {
  NodeFlags,
  SyntaxKind,
  isArrayLiteralExpression,
  isArrowFunction,
  isBinaryExpression,
  isBlock,
  isExpressionStatement,
  isFunctionExpression,
  isIdentifier,
  isOmittedExpression,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isReturnStatement,
  isVariableDeclarationList,
  type ArrowFunction,
  type Asking,
  type CallExpression,
  type Expression,
  type FunctionExpression,
  type Node,
  type PropertyAccessExpression,
  type ReturnStatement,
  type SourceUnit,
} from '../program';
import { skipParentheses } from '../syntax/expressions';
import { isAsync, isFunctionNode } from '../syntax/functions';
import { replace } from './edits';
import { valueStatement } from './returned-value';
import { indentUnit, indentationAt, newlineOf, usesSemicolons } from './text-style';

const loops = new Set<SyntaxKind>([
  SyntaxKind.ForStatement,
  SyntaxKind.ForInStatement,
  SyntaxKind.ForOfStatement,
  SyntaxKind.WhileStatement,
  SyntaxKind.DoStatement,
]);

type Callback = ArrowFunction | FunctionExpression;

/** The edits that turn `list.forEach(callback)` into a for…of loop, in which each turn ends before the next begins. */
export function* forOfLoop(unit: SourceUnit, call: CallExpression, callee: PropertyAccessExpression): Asking<TextEdit[] | Refusal> {
  const { path, sourceFile, text } = unit;
  const [argument] = call.arguments;
  const callback = argument && skipParentheses(argument);
  if (!isExpressionStatement(call.parent)) return { refused: 'a loop cannot stand in an expression.' };
  if (!callback || !(isArrowFunction(callback) || isFunctionExpression(callback))) return { refused: 'the callback is not written here.' };
  if (call.arguments.length > 1) return { refused: "'forEach' is given a value for 'this'." };
  const list = skipParentheses(callee.expression);
  if (isArrayLiteralExpression(list) && list.elements.some(isOmittedExpression)) return { refused: "'forEach' passes over the holes of the list." };
  const taken = callback.parameters.find((parameter) => parameter.name && namesIn(parameter.name).some((name) => reads(list, name)));
  if (taken) return { refused: `'${taken.name?.getText() ?? ''}' is also a name that the list is made with.` };
  if (losesComment(call, callee, callback, text)) return { refused: 'a comment would be lost.' };
  const head = loopHead(callback, yield* collectionKind(unit, callee.expression), listText(callee), text);
  if (typeof head !== 'string') return head;
  const returns: ReturnStatement[] = [];
  const obstacle = bodyObstacle(callback, returns);
  if (obstacle !== undefined) return { refused: obstacle };
  const edits: TextEdit[] = [];
  for (const statement of returns) edits.push(...(yield* returnEdits(unit, statement)));
  const start = call.parent.getStart(sourceFile);
  const { body } = callback;
  if (isBlock(body)) {
    const opening = replace(path, { start, end: body.getStart(sourceFile) }, `${head} `);
    return [opening, ...edits, replace(path, { start: body.end, end: call.parent.end }, '')];
  }
  const [before, after] = yield* valueStatement(unit, body);
  const semicolon = usesSemicolons(text) ? ';' : '';
  const inner = skipParentheses(body);
  const newline = newlineOf(text) + indentationAt(unit, call.parent);
  return [
    replace(path, { start, end: inner.getStart(sourceFile) }, `${head} {${newline}${indentUnit(text)}${before}`),
    replace(path, { start: inner.end, end: call.parent.end }, `${after}${semicolon}${newline}}`),
  ];
}

/** Whether a comment stands around the list, the parameters or the body: those stay, what is between them does not. */
function losesComment(call: CallExpression, callee: PropertyAccessExpression, { parameters, body }: Callback, text: string): boolean {
  const kept = isBlock(body) ? body : skipParentheses(body);
  const ends = [callee.expression.end, ...parameters.map((parameter) => parameter.name?.end ?? parameter.end), kept.end];
  const starts = [...parameters.map((parameter) => parameter.getStart()), kept.getStart(), call.parent.end];
  return ends.some((end, index) => /\/[/*]/.test(text.slice(end, starts[index])));
}

type Collection = 'array' | 'set' | 'map' | 'unknown';

function* collectionKind({ project: { checker } }: SourceUnit, list: Expression): Asking<Collection> {
  const type = yield* checker.getNonNullableType.gen(yield* checker.getTypeAtLocation.gen(list));
  if ((yield* checker.isArrayType.gen(type)) || (yield* checker.isTupleType.gen(type))) return 'array';
  const name = (yield* type.getSymbol.gen())?.name;
  if (name === 'Set' || name === 'ReadonlySet') return 'set';
  return name === 'Map' || name === 'ReadonlyMap' ? 'map' : 'unknown';
}

function listText(callee: PropertyAccessExpression): string {
  const list = callee.expression.getText();
  return callee.questionDotToken ? `${list} ?? []` : list;
}

/** `for (const item of list)`, with the index where the callback takes it. */
function loopHead(callback: Callback, kind: Collection, list: string, text: string): string | Refusal {
  const [first, second, third] = callback.parameters;
  if (kind === 'unknown') return { refused: 'it is not known to be an array, a Set or a Map.' };
  if (third) return { refused: 'the callback takes the list itself.' };
  if ([first, second].some((parameter) => parameter && (parameter.initializer || parameter.dotDotDotToken || isThis(parameter.name)))) {
    return { refused: 'the parameters of the callback have default values or the like.' };
  }
  const nameOf = (node: typeof first, otherwise: string): string => (node ? text.slice(node.name.getStart(), node.name.end) : otherwise);
  const keyword = [first, second].some((parameter) => parameter && isIdentifier(parameter.name) && isAssigned(callback.body, parameter.name.text)) ? 'let' : 'const';
  const unused = ['_', 'item', 'each'].find((name) => !reads(callback.body, name) && !list.includes(name)) ?? '_';
  const value = nameOf(first, unused);
  if (kind === 'map') return `for (${keyword} [${second ? nameOf(second, '') : ''}, ${value}] of ${list})`.replace('[, ', '[, ');
  if (kind === 'set' && second) return { refused: "a Set's callback gets the value twice." };
  if (!second) return `for (${keyword} ${value} of ${list})`;
  if (list.includes('??')) return `for (${keyword} [${nameOf(second, '')}, ${value}] of (${list}).entries())`;
  return `for (${keyword} [${nameOf(second, '')}, ${value}] of ${list}.entries())`;
}

function isThis(name: Node): boolean {
  return isIdentifier(name) && name.text === 'this';
}

/** What in the callback would mean something else in a loop; collects its return statements. */
function bodyObstacle(callback: Callback, returns: ReturnStatement[]): string | undefined {
  if (!isAsync(callback)) return 'the callback is not an async function.';
  if (isFunctionExpression(callback) && callback.name && reads(callback.body, callback.name.text)) return 'the callback calls itself.';
  let obstacle: string | undefined;
  const visit = (node: Node, inLoop: boolean, inFunction: boolean): void => {
    if (isFunctionExpression(callback) && usesOwnContext(node)) obstacle ??= "the callback has a 'this' or 'arguments' of its own.";
    if (!inFunction && isVariableDeclarationList(node) && (node.flags & NodeFlags.BlockScoped) === 0) {
      obstacle ??= "a 'var' of the callback would be shared by all turns.";
    }
    if (!inFunction && isReturnStatement(node)) {
      if (inLoop) obstacle ??= 'the callback returns from inside a loop of its own.';
      if (node.expression && !isBlock(node.parent)) obstacle ??= 'the callback returns a value in a statement without braces.';
      returns.push(node);
    }
    node.forEachChild((child) => visit(child, inLoop || loops.has(node.kind), inFunction || isFunctionNode(node)));
  };
  visit(callback.body, false, false);
  return obstacle;
}

/** `return` as `continue`; a returned value is awaited, as it was, and dropped, as it was. */
function* returnEdits(unit: SourceUnit, node: ReturnStatement): Asking<TextEdit[]> {
  const { path, text } = unit;
  const start = node.getStart();
  const block = node.parent;
  const isLast = isBlock(block) && isFunctionNode(block.parent) && block.statements[block.statements.length - 1] === node;
  if (!node.expression) return [replace(path, { start, end: start + 'return'.length }, 'continue')];
  const value = skipParentheses(node.expression);
  const [before, after] = yield* valueStatement(unit, value);
  const semicolon = text[node.end - 1] === ';' ? ';' : '';
  const next = isLast ? '' : `${semicolon}${newlineOf(text)}${indentationAt(unit, node)}continue`;
  return [
    replace(path, { start, end: value.getStart() }, before),
    replace(path, { start: value.end, end: node.end }, `${after}${next}${semicolon}`),
  ];
}

function usesOwnContext(node: Node): boolean {
  return node.kind === SyntaxKind.ThisKeyword || (isIdentifier(node) && node.text === 'arguments');
}

/** Whether a name is assigned to somewhere in a node. */
function isAssigned(root: Node, name: string): boolean {
  let found = false;
  const isName = (node: Node): boolean => isIdentifier(node) && node.text === name;
  const visit = (node: Node): void => {
    if (isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      const assigns = kind >= SyntaxKind.FirstAssignment && kind <= SyntaxKind.LastAssignment;
      // A destructuring assignment may name it anywhere on its left.
      if (assigns && (isName(node.left) || (!isIdentifier(node.left) && mentions(node.left, name)))) found = true;
    }
    if ((isPrefixUnaryExpression(node) || isPostfixUnaryExpression(node)) && isName(node.operand)) found = true;
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

/** The names that a parameter binds, with those that its pattern says otherwise. */
function namesIn(pattern: Node): string[] {
  const found = isIdentifier(pattern) ? [pattern.text] : [];
  pattern.forEachChild((child) => {
    found.push(...namesIn(child));
  });
  return found;
}

/** Whether a node says a name, other than as that of a property. */
function reads(root: Node, name: string): boolean {
  let found = isIdentifier(root) && root.text === name && !(isPropertyAccessExpression(root.parent) && root.parent.name === root);
  root.forEachChild((child) => {
    found ||= reads(child, name);
  });
  return found;
}

function mentions(root: Node, name: string): boolean {
  let found = isIdentifier(root) && root.text === name;
  root.forEachChild((child) => {
    found ||= mentions(child, name);
  });
  return found;
}
