import { bodyMayReject, functionNamed } from '../flow/rejection';
import {
  SyntaxKind,
  identifiersNamed,
  isArrowFunction,
  isAwaitExpression,
  isCallExpression,
  isComputedPropertyName,
  isElementAccessExpression,
  isFunctionExpression,
  isIdentifier,
  isJsxExpression,
  isMethodDeclaration,
  isNewExpression,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyDeclaration,
  isReturnStatement,
  isVariableDeclarationList,
  isTypeLiteralNode,
  type Asking,
  type BinaryExpression,
  type CallExpression,
  type ClassDeclaration,
  type ClassExpression,
  type Expression,
  type Identifier,
  type InterfaceDeclaration,
  type JsxAttribute,
  type MethodDeclaration,
  type NewExpression,
  type Node,
  type Project,
  type PropertyAssignment,
  type ReturnStatement,
  type ShorthandPropertyAssignment,
  type Symbol,
  type Type,
  type VariableDeclaration,
} from '../program';
import type { FixProposal, Severity } from '../finding';
import { arrayCallbackFixes } from '../fixes/array-callbacks';
import { handledErrorFixes } from '../fixes/handled-errors';
import { awaitUsingFix } from '../fixes/useless-await';
import { isUsing } from '../syntax/declarations';
import { accessedName, skipParentheses } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { enclosingFunction, isFunctionNode, onlyThrows, type FunctionNode } from '../syntax/functions';
import { expectedBy, functionReturnsPromise, isNoPromise, mayBeFunctionType, returnsPromise, type ExpectedBy } from '../syntax/promises';
import { askOfWholeType } from '../types/calls';
import { promiseTypes, type PromiseTypes } from '../types/promises';
import { apparentParts, callSignatures, isPlain, unionParts } from '../types/structure';
import type { Report, RuleContext } from './rule';

/** A member of a class or interface. */
type Member = Node & { readonly name?: Node };

/** Functions that give promises where one that returns nothing is expected: the part of no-misused-promises about them. */
export class VoidReturnCheck {
  private readonly project: Project;
  private readonly types: PromiseTypes;

  constructor(private readonly context: Pick<RuleContext, 'unit' | 'shared' | 'report'>) {
    this.project = context.unit.project;
    this.types = context.shared(promiseTypes);
  }

  arguments(node: CallExpression | NewExpression): Asking<void> | undefined {
    const open = (node.arguments ?? []).flatMap((argument, index) => (returnsPromise(argument) === 'no' ? [] : [{ argument, index }]));
    return open.length > 0 && !isAsyncExecutor(node) ? this.askArguments(node, open) : undefined;
  }

  private *askArguments(node: CallExpression | NewExpression, open: readonly { argument: Expression; index: number }[]): Asking<void> {
    if (removers.has(accessedName(skipParentheses(node.expression)) ?? '')) return;
    const calleeType = yield* this.types.typeOf(node.expression);
    for (const { argument, index } of open) {
      const isWorthAsking = () => this.mayGivePromise(argument);
      if ((yield* this.types.parameters.expected(node, calleeType, index, isWorthAsking)) !== 'void') continue;
      if (!(yield* this.givesPromise(argument)) || (yield* this.isFinally(node))) continue;
      if (yield* this.isWaitedFor(node, index)) continue;
      const loops = isNewExpression(node) || index > 0 ? [] : arrayCallbackFixes(this.context.unit, node);
      yield* this.report(argument, argument, 'Nothing is expected back from this function', undefined, loops);
    }
  }

  /** `promise.finally(async …)` waits for what its callback returns. */
  private *isFinally(node: CallExpression | NewExpression): Asking<boolean> {
    const callee = skipParentheses(node.expression);
    if (isNewExpression(node) || accessedName(callee) !== 'finally') return false;
    if (!isPropertyAccessExpression(callee) && !isElementAccessExpression(callee)) return false;
    return yield* this.types.isPromise(yield* this.types.typeOf(callee.expression));
  }

  /** Whether the function that is called awaits or returns what its callback gives: `async function retry(task: () => void) { await task(); }`. */
  private *isWaitedFor(node: CallExpression | NewExpression, index: number): Asking<boolean> {
    const called = isNewExpression(node) ? undefined : yield* functionNamed(node.expression, this.project);
    const name = called?.parameters.filter((parameter) => !isThisParameter(parameter))[index]?.name;
    if (!called?.body || !name || !isIdentifier(name)) return false;
    return identifiersNamed(name.text, called.body).some((used) => {
      if (!isCallExpression(used.parent) || used.parent.expression !== used) return false;
      let at: Node = used.parent;
      while (at.parent.kind === SyntaxKind.ParenthesizedExpression) at = at.parent;
      return isAwaitExpression(at.parent) || isReturnStatement(at.parent) || at === called.body;
    });
  }

  attribute({ initializer }: JsxAttribute): Asking<void> | undefined {
    if (!initializer || !isJsxExpression(initializer) || !initializer.expression) return undefined;
    return this.againstExpected(initializer, initializer.expression, initializer, 'This attribute takes a function that returns nothing', 'info');
  }

  property(node: PropertyAssignment): Asking<void> | undefined {
    const value = skipParentheses(node.initializer);
    const at = isArrowFunction(value) || isFunctionExpression(value) ? headOf(node, value) : value;
    return this.againstExpected(node.initializer, value, at, 'This property takes a function that returns nothing', severityOf(node));
  }

  shorthand(node: ShorthandPropertyAssignment): Asking<void> | undefined {
    return this.againstExpected(node.name as Identifier, node.name as Identifier, node.name, 'This property takes a function that returns nothing');
  }

  returned(node: ReturnStatement): Asking<void> | undefined {
    const fn = enclosingFunction(node);
    if (!fn || !node.expression || (fn.type && !mayBeFunctionType(fn.type))) return undefined;
    const value = skipParentheses(node.expression);
    return this.againstExpected(node.expression, value, value, 'A function that returns nothing is expected here');
  }

  /** Compares a value with the type that is expected where it stands. */
  private againstExpected(place: Expression, value: Expression, at: Report['at'], message: string, severity?: Severity): Asking<void> | undefined {
    if (returnsPromise(value) === 'no') return undefined;
    const by = expectedBy(place);
    return by === 'nothing' ? undefined : this.askExpected(place, value, by, at, message, severity);
  }

  private *askExpected(
    place: Expression,
    value: Expression,
    by: ExpectedBy,
    at: Report['at'],
    message: string,
    severity?: Severity,
  ): Asking<void> {
    // What a call expects is known only with its type arguments; what an annotation says is cheaper than most values.
    if (by === 'call' && !(yield* this.mayGivePromise(value))) return;
    const expected = yield* this.project.checker.getContextualType.gen(place);
    if (!expected || !(yield* this.types.returnsVoid(expected)) || !(yield* this.givesPromise(value))) return;
    yield* this.report(at, value, message, severity);
  }

  method(node: MethodDeclaration): Asking<void> | undefined {
    const object = node.parent;
    if (!isObjectLiteralExpression(object) || isComputedPropertyName(node.name) || expectedBy(object) === 'nothing') return undefined;
    return functionReturnsPromise(node) === 'no' ? undefined : this.askMethod(node, object);
  }

  private *askMethod(node: MethodDeclaration, object: Expression): Asking<void> {
    const { checker } = this.project;
    const expected = yield* checker.getContextualType.gen(object);
    if (!expected) return;
    for (const part of yield* unionParts(expected)) {
      const property = isPlain(part) ? undefined : yield* part.getProperty.gen(node.name.getText());
      if (!property) continue;
      if (yield* this.types.returnsVoid(yield* checker.getTypeOfSymbolAtLocation.gen(property, node.name))) {
        if (functionReturnsPromise(node) === 'unclear' && !(yield* this.types.returnsThenable(yield* this.types.typeOf(node)))) return;
        yield* this.report(headOf(node, node), node, 'This property takes a function that returns nothing', severityOf(node));
      }
      return;
    }
  }

  assignment(node: BinaryExpression): Asking<void> | undefined {
    return returnsPromise(node.right) === 'no' ? undefined : this.askAssignment(node);
  }

  private *askAssignment({ left, right }: BinaryExpression): Asking<void> {
    if (!(yield* this.types.returnsVoid(yield* this.types.typeOf(left))) || !(yield* this.givesPromise(right))) return;
    yield* this.report(right, right, 'A function that returns nothing is expected here');
  }

  variable(node: VariableDeclaration): Asking<void> | undefined {
    const { initializer, type } = node;
    if (!initializer) return undefined;
    const mayDispose = isDisposed(node) || (type !== undefined && (mayBeFunctionType(type) || isTypeLiteralNode(type)));
    const mayBeFunction = type !== undefined && mayBeFunctionType(type) && returnsPromise(initializer) !== 'no';
    return mayBeFunction || (mayDispose && mayBeObject(initializer)) ? this.askVariable(node, initializer, mayBeFunction) : undefined;
  }

  private *askVariable(node: VariableDeclaration, initializer: Expression, mayBeFunction: boolean): Asking<void> {
    const expected = yield* this.types.typeOf(node.name);
    const lost = 'The promise that disposing of this gives is not awaited: use await using.';
    if (isDisposed(node) ? yield* this.disposesWith(initializer, 'promise') : yield* this.losesDisposal(expected, initializer)) {
      const { parent }: Node = node;
      const fixes = isVariableDeclarationList(parent) && isUsing(parent) ? [awaitUsingFix(this.context.unit, parent)] : [];
      this.context.report({ at: initializer, message: lost, fixes });
    }
    if (!mayBeFunction || !(yield* this.types.returnsVoid(expected)) || !(yield* this.givesPromise(initializer))) return;
    yield* this.report(initializer, initializer, 'This variable takes a function that returns nothing');
  }

  private *losesDisposal(expected: Type, initializer: Expression): Asking<boolean> {
    if (!(yield* this.types.wellKnown.isDisposable(expected))) return false;
    return (yield* this.disposes(expected, 'void')) && (yield* this.disposesWith(initializer, 'promise'));
  }

  private *disposesWith(value: Expression, result: 'void' | 'promise'): Asking<boolean> {
    return yield* this.disposes(yield* this.types.typeOf(value), result);
  }

  private *disposes(type: Type, result: 'void' | 'promise'): Asking<boolean> {
    for (const part of yield* apparentParts(type)) {
      const property = isPlain(part) ? undefined : yield* this.types.wellKnown.property(part, 'dispose');
      if (!property) continue;
      const disposer = yield* this.project.checker.getNonMissingTypeOfSymbol.gen(property);
      if (yield* result === 'void' ? this.types.returnsVoid(disposer) : this.types.returnsThenable(disposer)) return true;
    }
    return false;
  }

  inheritedMethods(node: ClassDeclaration | ClassExpression | InterfaceDeclaration): Asking<void> | undefined {
    const heritage = (node.heritageClauses ?? []).flatMap((clause) => [...clause.types]);
    const open = heritage.length > 0 ? node.members.filter((member) => mayBePromiseMember(member as Member)) : [];
    return open.length > 0 ? this.askInherited(open, heritage) : undefined;
  }

  private *askInherited(members: readonly Member[], heritage: readonly Node[]): Asking<void> {
    for (const member of members) {
      if (!(yield* this.types.returnsThenable(yield* this.types.typeOf(member)))) continue;
      const name = member.name?.getText() ?? '';
      for (const base of heritage) {
        const type = yield* this.types.typeOf(base);
        const symbol = (yield* declaredMember(type, name)) ?? (yield* type.getProperty.gen(name));
        if (!symbol || !(yield* this.types.returnsVoid(yield* this.project.checker.getTypeOfSymbolAtLocation.gen(symbol, member)))) continue;
        if (yield* this.isPlaceholder(symbol)) continue;
        const at = { start: member.getStart(), end: member.name?.end ?? member.end };
        yield* this.report(at, member, `'${base.getText()}' says that this method returns nothing`);
      }
    }
  }

  /** A method that only throws is written for others to override, and says nothing of what they return. */
  private *isPlaceholder({ declarations }: Symbol): Asking<boolean> {
    const [handle] = declarations;
    const method = handle && !isDeclarationFile(handle.path) ? ((yield* handle.resolve.gen(this.project)) as Node | undefined) : undefined;
    return method !== undefined && isMethodDeclaration(method) && !method.type && onlyThrows(method);
  }

  /** Whether a value can, by what is cheap to know, be a function that gives a promise. */
  private *mayGivePromise(value: Expression): Asking<boolean> {
    // What a function literal returns may depend on where it stands.
    return isFunctionLiteral(value) || (yield* this.givesPromise(value));
  }

  private *givesPromise(value: Expression): Asking<boolean> {
    if (returnsPromise(value) === 'yes') return true;
    if (!(yield* this.types.names.mayBe(skipParentheses(value), 'function'))) return false;
    return yield* askOfWholeType(this.project.checker, value, (type) => this.types.returnsThenable(type));
  }

  /**
   * Whether a function gives back what it was handed, `(query) => query.where(…)` or as `this`: a builder that can be
   * awaited, but is no promise of any work that was begun.
   */
  private *givesBackBuilder(value: Node): Asking<boolean> {
    const { checker } = this.project;
    const self = isFunctionExpression(value) && value.body ? ownThis(value.body) : undefined;
    const own = self && (yield* this.types.typeOf(self));
    let gives = false;
    for (const signature of yield* callSignatures(yield* this.types.typeOf(value))) {
      const returned = yield* signature.getReturnType.gen();
      if (isPlain(returned) || !(yield* this.types.isThenable(returned))) continue;
      const builder = (yield* this.types.isPromise(returned)) ? undefined : yield* returned.getSymbol.gen();
      gives = false;
      const given = own ? [own] : [];
      for (const parameter of yield* signature.getParameters.gen()) given.push(yield* checker.getNonMissingTypeOfSymbol.gen(parameter));
      for (const type of given) gives ||= builder !== undefined && !isPlain(type) && (yield* type.getSymbol.gen())?.id === builder.id;
      if (!gives) return false;
    }
    return gives;
  }

  /** Reports, unless the function catches everything itself: then nothing is lost. */
  private *report(at: Report['at'], value: Node, message: string, severity?: Severity, better: readonly FixProposal[] = []): Asking<void> {
    const called = isFunctionNode(value) ? value : yield* functionNamed(value as Expression, this.project);
    if (called && !(yield* bodyMayReject(called, this.project))) return;
    if (yield* this.givesBackBuilder(value)) return;
    const fixes = [...better, ...handledErrorFixes(this.context.unit, value)];
    this.context.report({ at, severity, message: `${message}, but it gives a promise: a rejection stays unhandled.`, fixes });
  }
}

/** The first `this` of a function's own in its body. */
function ownThis(node: Node): Node | undefined {
  if (node.kind === SyntaxKind.ThisKeyword) return node;
  if (isFunctionNode(node) && !isArrowFunction(node)) return undefined;
  let found: Node | undefined;
  node.forEachChild((child) => {
    found ??= ownThis(child);
  });
  return found;
}

/** What takes a listener back calls it no more. */
const removers = new Set(['off', 'removeListener', 'removeEventListener']);

/** A component's event handler fails much as a synchronous one does, as an attribute or as an option: `{ onSuccess: async () => … }`. */
function severityOf({ name }: PropertyAssignment | MethodDeclaration): Severity | undefined {
  return /^on[A-Z]/.test(name.getText()) && /\.[jt]sx$/.test(name.getSourceFile().fileName) ? 'info' : undefined;
}

function isThisParameter({ name }: { readonly name: Node }): boolean {
  return isIdentifier(name) && name.text === 'this';
}

/** `new Promise(async …)` is no-async-promise-executor's finding. */
function isAsyncExecutor(node: CallExpression | NewExpression): boolean {
  if (!isNewExpression(node) || !isIdentifier(node.expression) || node.expression.text !== 'Promise') return false;
  const executor = node.arguments?.[0];
  return executor !== undefined && isFunctionLiteral(executor) && returnsPromise(executor) === 'yes';
}

/** What the class or interface itself declares, before its type arguments are filled in. */
function* declaredMember(type: Type, name: string): Asking<Symbol | undefined> {
  const symbol = yield* type.getSymbol.gen();
  const members = symbol && (yield* symbol.getMembers.gen());
  return members && [...members.values()].find((member) => member.name === name);
}

function isFunctionLiteral(expression: Expression): boolean {
  const node = skipParentheses(expression);
  return isArrowFunction(node) || isFunctionExpression(node);
}

/** The return type of a function in an object literal where one is written, else what stands before its parameters. */
function headOf(property: PropertyAssignment | MethodDeclaration, fn: FunctionNode): Report['at'] {
  return fn.type ?? { start: property.getStart(), end: property.name.end };
}

function isDisposed(node: VariableDeclaration): boolean {
  return isVariableDeclarationList(node.parent) && isUsing(node.parent);
}

/** Whether an initializer may be something to dispose of. */
function mayBeObject(initializer: Expression): boolean {
  return !isNoPromise(initializer) || skipParentheses(initializer).kind === SyntaxKind.AwaitExpression;
}

function mayBePromiseMember(member: Member): boolean {
  if (!member.name || isStatic(member)) return false;
  if (isMethodDeclaration(member)) return functionReturnsPromise(member) !== 'no';
  if (isPropertyDeclaration(member) && !member.type) return member.initializer !== undefined && returnsPromise(member.initializer) !== 'no';
  return true;
}

function isStatic(member: Member): boolean {
  const { modifiers } = member as { modifiers?: readonly Node[] };
  return modifiers?.some((modifier) => modifier.kind === SyntaxKind.StaticKeyword) ?? false;
}
