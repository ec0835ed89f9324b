import {
  NodeFlags,
  SyntaxKind,
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isConditionalExpression,
  isIdentifier,
  isNonNullExpression,
  isObjectLiteralExpression,
  isParameterDeclaration,
  isParenthesizedExpression,
  isSatisfiesExpression,
  isShorthandPropertyAssignment,
  isUnionTypeNode,
  isVariableDeclaration,
  type Asking,
  type Expression,
  type Identifier,
  type Node,
  type Project,
  type Symbol,
  type Type,
  type TypeNode,
} from '../program';
import { isConstAssertion } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { isNoPromise, isPlainType, returnsPromise } from '../syntax/promises';
import { askOfType, askOfWholeType, declaredReturns } from './calls';
import { Memo } from './memo';
import type { PromiseTypes } from './promises';
import { isAnyOrUnknown, isPlain } from './structure';

/** What a name can stand for: a promise, or a function whose calls give promises. */
export type Kind = 'promise' | 'function';

/**
 * Tells from a name's declaration that it stands for no promise, or no function that gives one, once for all its uses.
 * The type at a use is far dearer: the compiler follows the control flow there to narrow it.
 */
export class DeclaredNames {
  private readonly kinds: Record<Kind, Memo<Symbol, boolean>> = {
    promise: new Memo((symbol) => this.ask(symbol, 'promise')),
    function: new Memo((symbol) => this.ask(symbol, 'function')),
  };

  constructor(
    private readonly project: Project,
    private readonly types: PromiseTypes,
  ) {}

  /**
   * False where an expression cannot stand for this, whatever is known at its place. Of choices (`a ? b : c`, `a || b`)
   * the values are asked one by one: the type of the whole is far dearer, and rarely needed.
   */
  *mayBe(expression: Expression, kind: Kind): Asking<boolean> {
    const node = skipAssertions(expression);
    if (isIdentifier(node)) return yield* this.mayBeName(node, kind);
    const choices = choicesOf(node);
    if (!choices) return true;
    for (const choice of choices) if (yield* this.isChoice(choice, kind)) return true;
    return false;
  }

  private *mayBeName(node: Identifier, kind: Kind): Asking<boolean> {
    const symbol = yield* this.symbolOf(node);
    return !symbol || (yield* this.kinds[kind].get(symbol));
  }

  /** Whether one of several values is this. One of type `any` makes the whole `any`, which is neither. */
  private *isChoice(expression: Expression, kind: Kind): Asking<boolean> {
    const node = skipAssertions(expression);
    if (isPlainly(node, kind)) return false;
    if (isObjectLiteralExpression(node)) return node.properties.some((property) => (property as { name?: Node }).name?.getText() === 'then');
    if (isIdentifier(node) && !(yield* this.mayBeName(node, kind))) return false;
    if (choicesOf(node)) return yield* this.mayBe(node, kind);
    const question = (type: Type): Asking<boolean> => this.is(type, kind);
    return yield* kind === 'promise' ? askOfType(this.project.checker, node, question) : askOfWholeType(this.project.checker, node, question);
  }

  private *is(type: Type, kind: Kind): Asking<boolean> {
    return yield* kind === 'promise' ? this.types.isThenable(type) : this.types.returnsThenable(type);
  }

  private *symbolOf(node: Identifier): Asking<Symbol | undefined> {
    const { checker } = this.project;
    if (isShorthandPropertyAssignment(node.parent)) return yield* checker.getShorthandAssignmentValueSymbol.gen(node.parent);
    return yield* checker.getSymbolAtLocation.gen(node);
  }

  private *ask(symbol: Symbol, kind: Kind): Asking<boolean> {
    const node = yield* this.declarationOf(symbol);
    if (node && isPlainlyDeclared(node, kind)) return false;
    const value = node && constantValue(node);
    // What a constant is made from says enough, and is known without what it takes to infer the type of the whole.
    if (value && (choicesOf(value) ? !(yield* this.mayBe(value, kind)) : yield* this.givesNot(value, kind))) return false;
    const type = yield* this.project.checker.getTypeOfSymbol.gen(symbol);
    // These can turn out to be anything where they are used.
    return isAnyOrUnknown(type) || (yield* this.is(type, kind));
  }

  /** Whether a call's callee declares that it gives something else. */
  private *givesNot(value: Expression, kind: Kind): Asking<boolean> {
    const returned = isCallExpression(value) ? yield* declaredReturns(this.project.checker, value) : undefined;
    if (!returned) return false;
    for (const type of returned) {
      if (isAnyOrUnknown(type) || (kind === 'function' && !isPlain(type)) || (yield* this.is(type, kind))) return false;
    }
    return true;
  }

  private *declarationOf(symbol: Symbol): Asking<Node | undefined> {
    const handle = symbol.declarations.length === 1 ? symbol.declarations[0] : undefined;
    return handle && !isDeclarationFile(handle.path) ? yield* handle.resolve.gen() : undefined;
  }
}

/** Decided by the declaration's syntax: a rest, a plain annotation, a constant with a plain value. */
function isPlainlyDeclared(node: Node, kind: Kind): boolean {
  if (isBindingElement(node)) return node.dotDotDotToken !== undefined;
  if (!isParameterDeclaration(node) && !isVariableDeclaration(node)) return false;
  if (isParameterDeclaration(node) && node.dotDotDotToken) return true;
  if (node.type) return isPlainAnnotation(node.type);
  const value = constantValue(node);
  return value !== undefined && isPlainly(value, kind);
}

/** The value of a constant whose type is inferred from it. */
function constantValue(node: Node): Expression | undefined {
  if (!isVariableDeclaration(node) || node.type || !node.initializer || (node.parent.flags & NodeFlags.Const) === 0) return undefined;
  return isIdentifier(node.name) ? skipAssertions(node.initializer) : undefined;
}

/** Whether an expression's form alone says that it is not this. */
function isPlainly(node: Expression, kind: Kind): boolean {
  return kind === 'promise' ? isNoPromise(node) : returnsPromise(node) === 'no';
}

function isPlainAnnotation(type: TypeNode): boolean {
  return isUnionTypeNode(type) ? type.types.every(isPlainAnnotation) : isPlainType(type);
}

/** The expression itself, without parentheses and what only the compiler sees around it. */
function skipAssertions(expression: Expression): Expression {
  let node = expression;
  while (isParenthesizedExpression(node) || isNonNullExpression(node) || isSatisfiesExpression(node) || isConstAssertion(node)) node = node.expression;
  return node;
}

/** The expressions one of which is the value of another; undefined where it is not a choice. What is falsy is left out. */
function choicesOf(node: Expression): readonly Expression[] | undefined {
  if (isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
  if (!isBinaryExpression(node)) return undefined;
  switch (node.operatorToken.kind) {
    case SyntaxKind.AmpersandAmpersandToken:
    case SyntaxKind.CommaToken:
      return [node.right];
    case SyntaxKind.BarBarToken:
    case SyntaxKind.QuestionQuestionToken:
      return [node.left, node.right];
    default:
      return undefined;
  }
}
