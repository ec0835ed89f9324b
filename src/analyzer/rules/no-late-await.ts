import { isTest } from '../blocking/file-role';
import { buildFlow, type Flow, type FlowPoint } from '../flow/graph';
import { lateAwaitFixes } from '../fixes/late-await';
import { mayReject } from '../flow/rejection';
import {
  SyntaxKind,
  identifiersNamed,
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isElementAccessExpression,
  isForOfStatement,
  isIdentifier,
  isIfStatement,
  isNewExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isThrowStatement,
  isTypeOfExpression,
  type Asking,
  type Expression,
  type Identifier,
  type Node,
  type Project,
  type SourceFile,
  type VariableDeclaration,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isLanguageLibrary } from '../syntax/file-names';
import { enclosingFunction, isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { noOptions, type Report, type Rule } from './rule';

/** A promise that runs while something else is waited for: should it reject meanwhile, nobody listens yet. */
export const noLateAwait: Rule = {
  id: 'no-late-await',
  description: 'A promise is started, and another await or a throw comes before it has a handler: its rejection in between goes unhandled.',
  group: 'un-awaited',
  severity: 'warning',
  preset: 'recommended',
  equals: [],
  schema: noOptions,
  listen(context) {
    // A test starts something, does something else and then looks how it ended; a rejection in between fails it, too.
    if (isTest(context.unit.path, context.unit.text)) return {};
    return {
      *[SyntaxKind.VariableDeclaration](node: VariableDeclaration): Asking<void> {
        const started = startedPromise(node);
        if (!started) return;
        const root = enclosingFunction(node) ?? context.unit.sourceFile;
        if (isFunctionNode(root) && !isAsync(root)) return;
        const uses = references(root, started.name);
        if (!uses) return;
        const late = lateUses(node, root, uses);
        if (late.length === 0) return;
        const { project, path } = context.unit;
        if (!(yield* isPlainPromise(started.value, project)) || !(yield* mayReject(started.value, project))) return;
        for (const { at, wait } of late) {
          context.report({ ...describe(started, at, wait, path), fixes: lateAwaitFixes(context.unit, started.declaration, at, wait) });
        }
      },
    };
  },
};

interface Started {
  readonly name: string;
  readonly value: Expression;
  readonly declaration: VariableDeclaration;
}

/** `const name = call(…)` or `new Promise(…)`: the candidates, decided by syntax alone. */
function startedPromise(declaration: VariableDeclaration): Started | undefined {
  const { name, initializer } = declaration;
  if (!initializer || !isIdentifier(name)) return undefined;
  const value = skipOuterExpressions(initializer);
  return isCallExpression(value) || isNewExpression(value) ? { name: name.text, value, declaration } : undefined;
}

/**
 * All references to a variable in its function, but for its declaration. Undefined where it can't be told by syntax
 * what happens to it: a nested function uses it (and may handle it at any time), or the name is declared twice; and
 * where it is used as no promise is.
 */
function references(root: FunctionNode | SourceFile, name: string): ReadonlySet<Node> | undefined {
  const found = new Set<Node>();
  for (const node of identifiersNamed(name, root)) {
    if (isPropertyName(node)) continue;
    const declares = (node.parent as { name?: Node }).name === node && node.parent.kind !== SyntaxKind.ShorthandPropertyAssignment;
    if ((declares && found.size > 0) || isNoPromise(node) || (enclosingFunction(node) ?? node.getSourceFile()) !== root) return undefined;
    found.add(node);
  }
  return found;
}

const promiseMethods = new Set(['then', 'catch', 'finally']);

/** `x.save()`, `x[0]`, `x()`: what this can be done with is no promise, or it is no use as one. */
function isNoPromise(use: Identifier): boolean {
  const { parent } = use;
  if (isPropertyAccessExpression(parent)) return parent.expression === use && !promiseMethods.has(parent.name.text);
  if (isElementAccessExpression(parent) || isCallExpression(parent) || isNewExpression(parent)) return parent.expression === use;
  return false;
}

function isPropertyName(node: Identifier): boolean {
  const parent = node.parent as Node & { name?: Node; propertyName?: Node };
  if (isPropertyAccessExpression(parent)) return parent.name === node;
  return [SyntaxKind.PropertyAssignment, SyntaxKind.MethodDeclaration, SyntaxKind.PropertyDeclaration, SyntaxKind.PropertySignature].includes(parent.kind)
    ? parent.name === node
    : parent.propertyName === node;
}

interface Late {
  /** Where the promise gets its handler, or the throw that leaves it without one. */
  readonly at: Node;
  /** What is waited for in between; undefined for a throw. */
  readonly wait: Node | undefined;
}

const flows = new WeakMap<Node, Flow>();

/** The control flow of a function, built once. */
function flowOf(root: FunctionNode | SourceFile): Flow {
  let flow = flows.get(root);
  if (!flow) flows.set(root, (flow = buildFlow(root)));
  return flow;
}

/** Follows every path from the declaration to the first use: those with a wait on the way are late. */
function lateUses(declaration: VariableDeclaration, root: FunctionNode | SourceFile, uses: ReadonlySet<Node>): Late[] {
  const flow = flowOf(root);
  const late = new Map<Node, Late>();
  const seen = new Set<FlowPoint>();
  const seenWaiting = new Set<FlowPoint>();
  const follow: { point: FlowPoint; wait: Node | undefined }[] = flow
    .pointsOf(declaration)
    .flatMap((point) => point.next.map((next) => ({ point: next, wait: undefined })));
  for (let step = follow.pop(); step; step = follow.pop()) {
    const { point } = step;
    const visited = step.wait ? seenWaiting : seen;
    if (visited.has(point)) continue;
    visited.add(point);
    const { node } = point;
    // Once more at the declaration: another promise, in the next turn of a loop.
    if (node === declaration) continue;
    if (uses.has(node) && handsOn(node)) {
      if (step.wait && !late.has(node)) late.set(node, { at: node, wait: step.wait });
      continue;
    }
    const wait = step.wait ?? (isWait(node) ? node : undefined);
    for (const next of point.next) follow.push({ point: next, wait });
    if (isThrowStatement(node) && point.thrown.includes(flow.thrown)) {
      if (!step.wait) late.set(node, { at: node, wait: undefined });
    } else if (isThrowStatement(node)) {
      for (const next of point.thrown) follow.push({ point: next, wait });
    }
  }
  return [...late.values()];
}

function isWait(node: Node): boolean {
  return isAwaitExpression(node) || node.kind === SyntaxKind.YieldExpression || (isForOfStatement(node) && node.awaitModifier !== undefined);
}

/** Whether a use gives the promise a handler or an owner; looking at it (`if (p)`, `p === q`, `!p`) does not. */
function handsOn(use: Node): boolean {
  const { parent } = use;
  if (isPrefixUnaryExpression(parent) || isTypeOfExpression(parent) || isIfStatement(parent)) return false;
  if (!isBinaryExpression(parent)) return true;
  return parent.operatorToken.kind === SyntaxKind.EqualsToken || parent.operatorToken.kind === SyntaxKind.QuestionQuestionToken;
}

/** Whether an expression's type is the global Promise itself: other thenables (queries) may start only when awaited. */
function* isPlainPromise(value: Expression, project: Project): Asking<boolean> {
  const type = yield* project.checker.getTypeAtLocation.gen(value);
  const symbol = yield* type.getSymbol.gen();
  return symbol?.name === 'Promise' && symbol.declarations.some((declaration) => isLanguageLibrary(declaration.path));
}

function describe(started: Started, at: Node, wait: Node | undefined, path: string): Report {
  const { name, value } = started;
  const startedAt = { path, start: value.getStart(), end: value.end, message: `'${name}' is started here` };
  if (!wait) {
    return {
      at,
      message: `This throw leaves '${name}' running with nobody to handle its rejection. Throw before it is started, or give it a handler first.`,
      related: [startedAt],
    };
  }
  return {
    at,
    message: `'${name}' gets its handler only here, after another await: if it rejects before, the rejection is unhandled (Node ends the process).`,
    related: [startedAt, { path, start: wait.getStart(), end: wait.end, message: 'this is waited for first' }],
  };
}
