import {
  NodeFlags,
  SyntaxKind,
  SymbolFlags,
  TypeFlags,
  isArrayLiteralExpression,
  isArrowFunction,
  isAwaitExpression,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isConditionalExpression,
  isElementAccessExpression,
  isForOfStatement,
  isFunctionExpression,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isReturnStatement,
  isSpreadElement,
  isTryStatement,
  isVariableDeclaration,
  type Asking,
  type CallExpression,
  type Checker,
  type Expression,
  type Node,
  type Project,
  type Symbol,
  type Type,
} from '../program';
import { calleeName, skipOuterExpressions } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { callSignatures, isAny, isPlain, unionParts } from '../types/structure';

/** How many calls deep a function's own callees are looked into. */
const maxDepth = 4;

/**
 * Whether the promise that an expression gives can reject, as far as its source tells: false only where it is plain
 * that it cannot (a timer, a settled value, an async function that catches everything). Never guesses: true otherwise.
 */
export function* mayReject(expression: Expression, project: Project, depth = maxDepth): Asking<boolean> {
  const at = skipOuterExpressions(expression);
  if (isNewExpression(at)) return !isPlainExecutor(at.expression, at.arguments?.[0]);
  if (!isCallExpression(at)) return true;
  const callee = skipOuterExpressions(at.expression);
  if (isPropertyAccessExpression(callee)) {
    const method = callee.name.text;
    if (method === 'catch' || (method === 'then' && at.arguments.length === 2)) {
      const handler = at.arguments[at.arguments.length - 1];
      return handler === undefined || (yield* handlerMayReject(handler, project, depth));
    }
    const [callback] = at.arguments;
    if (callback && at.arguments.length === 1 && (method === 'then' || method === 'finally')) {
      if (yield* mayReject(callee.expression, project, depth)) return true;
      return yield* method === 'then' ? mayThrowWhenCalled(callback, project, depth) : handlerMayReject(callback, project, depth);
    }
    if (isIdentifier(callee.expression) && callee.expression.text === 'Promise') {
      if (method === 'allSettled') return false;
      if (method === 'resolve') return at.arguments.length > 0 && !isPlainValue(at.arguments[0]);
      if (method === 'all' || method === 'race') return yield* someMayReject(at.arguments[0], project, depth);
    }
  }
  return yield* calledMayReject(at, project, depth);
}

/** Whether calling a function can throw, or the promise it gives reject: false only where that is plain. */
export function* bodyMayReject(node: FunctionNode, project: Project, depth = maxDepth): Asking<boolean> {
  if (!node.body || depth <= 0 || (!isBlock(node.body) && (yield* givesHeldPromise(node.body, project)))) return true;
  return yield* nodeMayThrow(node.body, project, depth, isAsync(node));
}

function* someMayReject(list: Expression | undefined, project: Project, depth: number): Asking<boolean> {
  const at = list && skipOuterExpressions(list);
  if (!at || !isArrayLiteralExpression(at)) return true;
  for (const element of at.elements) {
    if (isSpreadElement(element) || (yield* mayReject(element, project, depth))) return true;
  }
  return false;
}

function* mayThrowWhenCalled(handler: Expression, project: Project, depth: number): Asking<boolean> {
  const at = skipOuterExpressions(handler);
  if (isArrowFunction(at) || isFunctionExpression(at)) return yield* bodyMayReject(at, project, depth);
  if (isPropertyAccessExpression(at)) return !isConsole(at);
  if (!isIdentifier(at)) return true;
  const declared = yield* declaredFunction(at, project);
  return !declared || (yield* bodyMayReject(declared, project, depth - 1));
}

/**
 * Whether what handles a rejection may end in another one. Its job is to end the failure, as a catch clause's is; of one
 * that is not to be seen (`next`, `logger.error`) its type tells.
 */
function* handlerMayReject(handler: Expression, project: Project, depth: number): Asking<boolean> {
  const at = skipOuterExpressions(handler);
  const fn = isFunctionNode(at) ? at : isIdentifier(at) ? yield* declaredFunction(at, project) : undefined;
  if (fn?.body) {
    if (depth <= 0 || (!isBlock(fn.body) && (yield* isPromise(fn.body, project)) && (yield* mayReject(fn.body, project, depth)))) return true;
    return yield* handlerMayThrow(fn.body, project, depth, isAsync(fn));
  }
  const type = yield* project.checker.getTypeAtLocation.gen(at);
  if (isAny(type)) return false;
  if (isPlain(type)) return true;
  const signatures = yield* callSignatures(type);
  for (const signature of signatures) {
    const returned = yield* signature.getReturnType.gen();
    if (returned.flags & TypeFlags.Never || (yield* hasThen(returned))) return true;
  }
  return signatures.length === 0;
}

function* isPromise(node: Node, project: Project): Asking<boolean> {
  return yield* hasThen(yield* project.checker.getTypeAtLocation.gen(node));
}

function* hasThen(type: Type): Asking<boolean> {
  for (const part of yield* unionParts(type)) if (!isPlain(part) && (yield* part.getProperty.gen('then'))) return true;
  return false;
}

/** Whether an expression hands on a promise that was there before, whose rejection nothing here sees: `pending`, `this.saving`. */
function* givesHeldPromise(node: Node, project: Project): Asking<boolean> {
  const at = skipOuterExpressions(node as Expression);
  if (isConditionalExpression(at)) return (yield* givesHeldPromise(at.whenTrue, project)) || (yield* givesHeldPromise(at.whenFalse, project));
  if (isBinaryExpression(at)) return (yield* givesHeldPromise(at.left, project)) || (yield* givesHeldPromise(at.right, project));
  const isHeld = isIdentifier(at) || isPropertyAccessExpression(at) || isElementAccessExpression(at);
  return isHeld && (yield* isPromise(at, project));
}

/** `new Promise((resolve) => …)`: an executor that takes no `reject` says that it never does. */
function isPlainExecutor(callee: Expression, executor: Expression | undefined): boolean {
  const at = executor && skipOuterExpressions(executor);
  if (!isIdentifier(callee) || callee.text !== 'Promise') return false;
  return at !== undefined && (isArrowFunction(at) || isFunctionExpression(at)) && at.parameters.length <= 1 && !isAsync(at);
}

function* calledMayReject(call: CallExpression, project: Project, depth: number): Asking<boolean> {
  const name = calleeName(call.expression);
  if (!name) return true;
  const symbol = yield* resolvedSymbol(name, project.checker);
  if (!symbol) return true;
  if (isTimer(symbol) && call.arguments.length <= 2) return false;
  const declared = yield* functionOf(symbol, project);
  return !declared || (yield* bodyMayReject(declared, project, depth - 1));
}

/** `setTimeout` and `setImmediate` of `node:timers/promises` reject only through a signal, their third argument. */
function isTimer(symbol: Symbol): boolean {
  if (!['setTimeout', 'setImmediate'].includes(symbol.name)) return false;
  return symbol.declarations.some((declaration) => String(declaration.path).endsWith('/timers/promises.d.ts'));
}

/** Whether evaluating a node can throw: nested functions are not called by it, and a catch clause stops what is inside its try. */
function* nodeMayThrow(node: Node, project: Project, depth: number, awaited: boolean): Asking<boolean> {
  if (isFunctionNode(node)) return false;
  if (isTryStatement(node) && node.catchClause) {
    if (yield* handlerMayThrow(node.catchClause.block, project, depth, awaited)) return true;
    // A promise returned from inside the try without being awaited escapes the catch clause.
    if (awaited && (yield* returnedMayReject(node.tryBlock, project, depth))) return true;
    return node.finallyBlock ? yield* nodeMayThrow(node.finallyBlock, project, depth, awaited) : false;
  }
  if (node.kind === SyntaxKind.ThrowStatement || node.kind === SyntaxKind.YieldExpression) return true;
  if (node.kind === SyntaxKind.ForOfStatement || node.kind === SyntaxKind.TaggedTemplateExpression) return true;
  if (isReturnStatement(node) && node.expression && (yield* givesHeldPromise(node.expression, project))) return true;
  if (isAwaitExpression(node)) return yield* mayReject(node.expression, project, depth);
  if (isNewExpression(node)) return !isPlainExecutor(node.expression, node.arguments?.[0]);
  if (isCallExpression(node)) {
    if (!harmless(node)) return yield* mayReject(node, project, depth);
    return yield* anyMayThrow(node.arguments, project, depth, awaited);
  }
  const children: Node[] = [];
  node.forEachChild((child) => void children.push(child));
  return yield* anyMayThrow(children, project, depth, awaited);
}

/**
 * The same for a catch clause, whose job is to end the failure: synchronous calls in it (a logger, `res.send`, `next`)
 * count as safe, what it throws, awaits or returns does not.
 */
function* handlerMayThrow(node: Node, project: Project, depth: number, awaited: boolean): Asking<boolean> {
  if (isFunctionNode(node)) return false;
  if (isTryStatement(node) || isAwaitExpression(node)) return yield* nodeMayThrow(node, project, depth, awaited);
  if (node.kind === SyntaxKind.ThrowStatement || node.kind === SyntaxKind.YieldExpression) return true;
  if (isForOfStatement(node) && node.awaitModifier) return true;
  if (isReturnStatement(node) && node.expression && (yield* isPromise(node.expression, project))) return yield* mayReject(node.expression, project, depth);
  const children: Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) if (yield* handlerMayThrow(child, project, depth, awaited)) return true;
  return false;
}

function* anyMayThrow(nodes: readonly Node[], project: Project, depth: number, awaited: boolean): Asking<boolean> {
  for (const node of nodes) if (yield* nodeMayThrow(node, project, depth, awaited)) return true;
  return false;
}

function* returnedMayReject(node: Node, project: Project, depth: number): Asking<boolean> {
  if (isFunctionNode(node)) return false;
  if (isReturnStatement(node)) {
    const value = node.expression && skipOuterExpressions(node.expression);
    if (!value) return false;
    if (!isCallExpression(value) && !isNewExpression(value)) return yield* givesHeldPromise(value, project);
    return (yield* isPromise(value, project)) && (yield* mayReject(value, project, depth));
  }
  const children: Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) if (yield* returnedMayReject(child, project, depth)) return true;
  return false;
}

const harmlessGlobals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask', 'String', 'Number', 'Boolean']);
const harmlessObjects = new Set(['console', 'Math', 'Date']);

/** Calls that do not throw, whatever they are given. */
function harmless(call: CallExpression): boolean {
  const callee = skipOuterExpressions(call.expression);
  if (isIdentifier(callee)) return harmlessGlobals.has(callee.text);
  return isPropertyAccessExpression(callee) && (isConsole(callee) || callee.getText() === 'process.exit');
}

function isConsole(callee: { expression: Expression }): boolean {
  return isIdentifier(callee.expression) && harmlessObjects.has(callee.expression.text);
}

/** A number, string, boolean or nothing: `Promise.resolve` of it is settled for good. */
function isPlainValue(node: Expression | undefined): boolean {
  if (!node) return true;
  const at = skipOuterExpressions(node);
  return (
    (at.kind >= SyntaxKind.FirstLiteralToken && at.kind <= SyntaxKind.LastLiteralToken) ||
    [SyntaxKind.TrueKeyword, SyntaxKind.FalseKeyword, SyntaxKind.NullKeyword, SyntaxKind.ObjectLiteralExpression, SyntaxKind.ArrayLiteralExpression].includes(at.kind) ||
    (isIdentifier(at) && at.text === 'undefined')
  );
}

/** The function that an expression is or names, imports followed; undefined where that is not plain. */
export function* functionNamed(node: Expression, project: Project): Asking<FunctionNode | undefined> {
  const at = skipOuterExpressions(node);
  if (isFunctionNode(at)) return at;
  const name = calleeName(at);
  return name && (yield* declaredFunction(name, project));
}

/** The symbol that a name stands for, imports followed. */
export function* resolvedSymbol(name: Node, checker: Checker): Asking<Symbol | undefined> {
  const symbol = yield* checker.getSymbolAtLocation.gen(name);
  if (!symbol || !(symbol.flags & SymbolFlags.Alias)) return symbol;
  return yield* checker.getAliasedSymbol.gen(symbol);
}

function* declaredFunction(name: Node, project: Project): Asking<FunctionNode | undefined> {
  const symbol = yield* resolvedSymbol(name, project.checker);
  return symbol && (yield* functionOf(symbol, project));
}

/** Of a list of declarations: each holds its initializer's value for good. */
const constant = NodeFlags.Const;

/** The one function that a symbol is declared as: a declaration with a body, or a constant that holds one. */
export function* functionOf(symbol: Symbol, project: Project): Asking<FunctionNode | undefined> {
  if (symbol.declarations.length > 4) return undefined;
  const bodies: FunctionNode[] = [];
  for (const handle of symbol.declarations) {
    if (isDeclarationFile(handle.path)) return undefined;
    const node = (yield* handle.resolve.gen(project)) as Node | undefined;
    if (!node) return undefined;
    if (isFunctionNode(node)) {
      if (node.body) bodies.push(node);
    } else if (isVariableDeclaration(node) && node.initializer && node.parent.flags & constant) {
      const value = skipOuterExpressions(node.initializer);
      if (!isFunctionNode(value)) return undefined;
      bodies.push(value);
    } else {
      return undefined;
    }
  }
  return bodies.length === 1 ? bodies[0] : undefined;
}
