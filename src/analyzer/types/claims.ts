import {
  NodeFlags,
  SymbolFlags,
  SyntaxKind,
  isArrayLiteralExpression,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isConditionalExpression,
  isIdentifier,
  isNewExpression,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isVariableDeclaration,
  type Asking,
  type CallExpression,
  type Checker,
  type Expression,
  type InterfaceType,
  type Node,
  type Project,
  type Signature,
  type SourceFile,
  type Type,
} from '../program';
import { functionOf, resolvedSymbol } from '../flow/rejection';
import { calleeName, invokedBy, skipOuterExpressions } from '../syntax/expressions';
import { isJavaScript } from '../syntax/file-names';
import { isAsync, isFunctionNode, someReturn, type FunctionNode } from '../syntax/functions';
import { isNoPromise } from '../syntax/promises';

// In JavaScript a type is what its JSDoc claims, and nobody checks that unless `checkJs` or `@ts-check` says so. Real
// code often has `@returns {object}` over an async function.

/** What calls of a signature give. An async function in JavaScript gives a promise, whatever its JSDoc says. */
export function* returnTypeOf(checker: Checker, signature: Signature): Asking<Type> {
  const returned = yield* signature.getReturnType.gen();
  const { declaration } = signature;
  if (!declaration || !isJavaScript(declaration.path) || (yield* isNamedPromise(returned))) return returned;
  const node = (yield* declaration.resolve.gen()) as Node | undefined;
  if (!node || !isFunctionNode(node) || !isAsync(node) || node.asteriskToken) return returned;
  const promise = yield* checker.resolveName.gen('Promise', SymbolFlags.Type);
  return promise ? yield* checker.getDeclaredTypeOfSymbol.gen(promise) : returned;
}

function* isNamedPromise(type: Type): Asking<boolean> {
  return (type as Partial<InterfaceType>).getSymbol !== undefined && (yield* type.getSymbol.gen())?.name === 'Promise';
}

/** Whether a type satisfies what would be reported of it. */
type Verdict = (type: Type) => Asking<boolean>;

/** How many calls deep it is looked what functions really return. */
const maxDepth = 3;

/**
 * Tells whether a verdict over the type of an expression rests on a claim that nobody checks: the JSDoc of a parameter
 * or property, or of a function whose body does not bear it out. In doubt it does.
 */
export class Claims {
  constructor(
    private readonly project: Project,
    private readonly verdict: Verdict,
  ) {}

  *isGround(expression: Expression, depth = maxDepth): Asking<boolean> {
    const node = skipOuterExpressions(expression);
    if (isCallExpression(node)) return yield* this.ofCall(node, depth);
    if (!this.isUnchecked(node.getSourceFile())) return false;
    if (isWritten(node)) return false;
    if (isConditionalExpression(node)) return yield* this.isSomeGround([node.whenTrue, node.whenFalse], depth);
    if (isBinaryExpression(node)) return yield* this.isSomeGround([node.left, node.right], depth);
    if (isPropertyAccessExpression(node)) return yield* this.ofProperty(node.name);
    return isIdentifier(node) ? yield* this.ofName(node, depth) : true;
  }

  /** What declares a property outside JavaScript has its type checked: the `length` of an array. */
  private *ofProperty(name: Node): Asking<boolean> {
    const symbol = yield* this.project.checker.getSymbolAtLocation.gen(name);
    return !symbol || symbol.declarations.length === 0 || symbol.declarations.some(({ path }) => isJavaScript(path));
  }

  private *isSomeGround(expressions: readonly Expression[], depth: number): Asking<boolean> {
    for (const one of expressions) if (yield* this.isGround(one, depth)) return true;
    return false;
  }

  private *ofName(name: Node, depth: number): Asking<boolean> {
    const symbol = yield* resolvedSymbol(name, this.project.checker);
    const [handle, ...others] = symbol?.declarations ?? [];
    const node = handle && others.length === 0 ? ((yield* handle.resolve.gen(this.project)) as Node | undefined) : undefined;
    if (!node || !isVariableDeclaration(node) || !isIdentifier(node.name) || (node.parent.flags & NodeFlags.Const) === 0) return true;
    const value = node.initializer && skipOuterExpressions(node.initializer);
    if (!value || depth === 0) return true;
    // What is put into an empty list later is not seen here.
    if (isArrayLiteralExpression(value)) return value.elements.length === 0 || (yield* this.isSomeGround(value.elements, depth - 1));
    return yield* this.isGround(value, depth - 1);
  }

  private *ofCall({ expression: callee, arguments: given }: CallExpression, depth: number): Asking<boolean> {
    const name = calleeName(invokedBy(callee) ?? callee);
    const symbol = name && (yield* resolvedSymbol(name, this.project.checker));
    if (!symbol) return this.isUnchecked(callee.getSourceFile());
    if (!symbol.declarations.some(({ path }) => isJavaScript(path))) return false;
    const called = yield* functionOf(symbol, this.project);
    if (!called) return this.isUnchecked(callee.getSourceFile());
    return this.isUnchecked(called.getSourceFile()) && (lacksCallback(called, given.length) || !(yield* this.bears(called, depth)));
  }

  /** Whether what a function returns is, by its body, what the verdict says. */
  private *bears(fn: FunctionNode, depth: number): Asking<boolean> {
    if (!fn.body || depth === 0 || isAsync(fn)) return false;
    if (fn.asteriskToken) return true;
    for (const value of returnedValues(fn.body)) {
      if (isNoPromise(value)) continue;
      if (!(yield* this.verdict(yield* this.project.checker.getTypeAtLocation.gen(value))) || (yield* this.isGround(value, depth - 1))) return false;
    }
    return !isPlaceholder(fn.body);
  }

  private isUnchecked(file: SourceFile): boolean {
    if (!isJavaScript(file.fileName) || this.project.parsedCommandLine.options.checkJs === true) return false;
    return !/^\s*\/\/\s*@ts-check\b/m.test(file.text.slice(0, 1000));
  }
}

/** An expression whose type its own text tells; what `await` gives is no promise. */
function isWritten(node: Expression): boolean {
  return isNewExpression(node) || isObjectLiteralExpression(node) || (!isConditionalExpression(node) && isNoPromise(node));
}

function returnedValues(body: Node): Expression[] {
  if (!isBlock(body)) return [body as Expression];
  const values: Expression[] = [];
  someReturn(body, ({ expression }) => {
    if (expression) values.push(expression);
    return false;
  });
  return values;
}

/** Whether a call leaves out a function's callback: another function stands in its place then, `promisify` made it of this one. */
function lacksCallback({ parameters }: FunctionNode, given: number): boolean {
  const last = parameters[parameters.length - 1];
  return last !== undefined && given < parameters.length && !last.initializer && isIdentifier(last.name) && callbackNames.test(last.name.text);
}

const callbackNames = /^_?(?:cb|callback|done|next)$/;

/** An empty body, or one that only throws: written for others to override. */
function isPlaceholder(body: Node): boolean {
  return isBlock(body) && body.statements.every(({ kind }) => kind === SyntaxKind.ThrowStatement);
}
