import {
  NodeFlags,
  isBindingElement,
  isIdentifier,
  isParameterDeclaration,
  isShorthandPropertyAssignment,
  isUnionTypeNode,
  isVariableDeclaration,
  type Asking,
  type Expression,
  type Identifier,
  type Project,
  type Symbol,
  type TypeNode,
} from '../program';
import { isNoPromise, isPlainType, returnsPromise } from '../syntax/promises';
import { Memo } from './memo';
import type { PromiseTypes } from './promises';
import { isAnyOrUnknown } from './structure';

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

  /** False where an expression is a name that cannot stand for this, whatever is known at its place. */
  *mayBe(node: Expression, kind: Kind): Asking<boolean> {
    if (!isIdentifier(node)) return true;
    const symbol = yield* this.symbolOf(node);
    return !symbol || (yield* this.kinds[kind].get(symbol));
  }

  private *symbolOf(node: Identifier): Asking<Symbol | undefined> {
    const { checker } = this.project;
    if (isShorthandPropertyAssignment(node.parent)) return yield* checker.getShorthandAssignmentValueSymbol.gen(node.parent);
    return yield* checker.getSymbolAtLocation.gen(node);
  }

  private *ask(symbol: Symbol, kind: Kind): Asking<boolean> {
    if (yield* this.isPlainlyNot(symbol, kind)) return false;
    const type = yield* this.project.checker.getTypeOfSymbol.gen(symbol);
    // These can turn out to be anything where they are used.
    if (isAnyOrUnknown(type)) return true;
    return yield* kind === 'promise' ? this.types.isThenable(type) : this.types.returnsThenable(type);
  }

  /** Decided by the declaration's syntax: a rest, a plain annotation, a constant with a plain value. */
  private *isPlainlyNot(symbol: Symbol, kind: Kind): Asking<boolean> {
    const handle = symbol.declarations.length === 1 ? symbol.declarations[0] : undefined;
    if (!handle || /\.d\.[cm]?ts$/.test(handle.path)) return false;
    const node = yield* handle.resolve.gen();
    if (!node) return false;
    if (isBindingElement(node)) return node.dotDotDotToken !== undefined;
    if (!isParameterDeclaration(node) && !isVariableDeclaration(node)) return false;
    if (isParameterDeclaration(node) && node.dotDotDotToken) return true;
    if (node.type) return isPlain(node.type);
    if (!node.initializer || isParameterDeclaration(node) || (node.parent.flags & NodeFlags.Const) === 0) return false;
    return kind === 'function' ? returnsPromise(node.initializer) === 'no' : isNoPromise(node.initializer);
  }
}

function isPlain(type: TypeNode): boolean {
  return isUnionTypeNode(type) ? type.types.every(isPlain) : isPlainType(type);
}
