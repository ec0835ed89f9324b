import {
  SyntaxKind,
  TypeFlags,
  isArrayLiteralExpression,
  isArrowFunction,
  isAwaitExpression,
  isCallExpression,
  isFunctionExpression,
  isIdentifier,
  isObjectLiteralExpression,
  isOmittedExpression,
  isSpreadElement,
  isVoidExpression,
  isPropertyAccessExpression,
  isElementAccessExpression,
  type Asking,
  type AwaitExpression,
  type CallExpression,
  type Expression,
  type ForOfStatement,
  type Node,
  type NodeHandle,
  type Project,
  type Type,
  type VariableDeclarationList,
} from '../program';
import type { Severity } from '../finding';
import { isAwaitUsing } from '../syntax/declarations';
import { plainLoopFix, plainUsingFix, removeAwaitFix } from '../fixes/useless-await';
import { accessedName, skipOuterExpressions, skipParentheses } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { isAsync, type FunctionNode } from '../syntax/functions';
import { isNoPromise } from '../syntax/promises';
import { askOfType } from '../types/calls';
import { Claims } from '../types/claims';
import { isUndecided, promiseTypes, type PromiseTypes } from '../types/promises';
import { elementTypes, isPlain, isReference, unionParts } from '../types/structure';
import type { Rule, RuleContext } from './rule';

interface Options {
  readonly allowMixedPromiseArrays: boolean;
}

/** `await` and its like where there is nothing to wait for. */
export const awaitThenable: Rule<Options> = {
  id: 'await-thenable',
  description: 'A value that is no promise is awaited.',
  group: 'un-awaited',
  severity: 'warning',
  preset: 'recommended',
  equals: ['@typescript-eslint/await-thenable', 'typescript/await-thenable'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      allowMixedPromiseArrays: {
        description: 'Let Promise.all and its like take arrays that hold other values beside promises.',
        default: false,
        type: 'boolean',
      },
    },
  },
  listen(context) {
    const check = new AwaitCheck(context);
    return {
      [SyntaxKind.AwaitExpression]: (node: AwaitExpression) => check.await(node),
      [SyntaxKind.CallExpression]: (node: CallExpression) => check.aggregator(node),
      [SyntaxKind.ForOfStatement]: (node: ForOfStatement) => (node.awaitModifier ? check.forAwait(node) : undefined),
      [SyntaxKind.VariableDeclarationList](node: VariableDeclarationList) {
        return isAwaitUsing(node) ? check.awaitUsing(node) : undefined;
      },
    };
  },
};

const aggregators = new Set(['all', 'allSettled', 'any', 'race']);

class AwaitCheck {
  private readonly project: Project;
  private readonly types: PromiseTypes;
  private readonly claims: Claims;
  private readonly lists: Claims;
  private readonly iterables: Claims;

  constructor(private readonly context: RuleContext<Options>) {
    this.project = context.unit.project;
    this.types = context.shared(promiseTypes);
    this.claims = new Claims(this.project, (type) => this.isNeverAwaitable(type));
    this.lists = new Claims(this.project, (type) => this.holdsOther(type));
    this.iterables = new Claims(this.project, (type) => this.isSynchronous(type));
  }

  await(node: AwaitExpression): Asking<void> | undefined {
    return isDeliberateYield(node.expression) ? undefined : this.askAwait(node);
  }

  private *askAwait(node: AwaitExpression): Asking<void> {
    const awaitable = yield* askOfType(this.project.checker, node.expression, (type) => this.types.awaitable(type));
    if (awaitable !== 'never' || (yield* this.callsCallback(node.expression)) || (yield* this.claims.isGround(node.expression))) return;
    const start = node.getStart();
    this.context.report({
      at: { start, end: start + 'await'.length },
      message: 'What is awaited here is no promise: await does nothing but defer what follows.',
      unnecessary: true,
      fixes: [removeAwaitFix(this.context.unit, node)],
    });
  }

  /**
   * A function of type `() => void` may be an async one: TypeScript lets it be given. To await its call is the only way
   * to wait for it then.
   */
  private *callsCallback(expression: Expression): Asking<boolean> {
    const call = skipParentheses(expression);
    if (!isCallExpression(call)) return false;
    const { declaration } = (yield* this.project.checker.getResolvedSignature.gen(call)) ?? {};
    if (!declaration || !(yield* this.isImplementedElsewhere(declaration))) return false;
    return (yield* unionParts(yield* this.types.typeOf(call))).some(isVoid);
  }

  /** A function type, or a method that others implement. Those of libraries are what their declarations say. */
  private *isImplementedElsewhere({ kind, path, resolve }: NodeHandle): Asking<boolean> {
    if (isDeclarationFile(path)) return false;
    return callbackKinds.has(kind) || (kind === SyntaxKind.MethodDeclaration && !((yield* resolve.gen()) as FunctionNode | undefined)?.body);
  }

  aggregator(node: CallExpression): Asking<void> | undefined {
    const callee = skipParentheses(node.expression);
    const argument = node.arguments[0];
    if (!argument || !aggregators.has(accessedName(callee) ?? '') || isMapToPromises(argument)) return undefined;
    if (!isPropertyAccessExpression(callee) && !isElementAccessExpression(callee)) return undefined;
    return this.askAggregator(callee.expression, argument);
  }

  private *askAggregator(object: Expression, argument: Expression): Asking<void> {
    if (!(yield* this.types.isPromiseConstructor(yield* this.constrainedType(object)))) return;
    if (this.context.options.allowMixedPromiseArrays && (yield* this.mayHoldPromise(argument))) return;
    const list = skipParentheses(argument);
    if (!isArrayLiteralExpression(list)) {
      const other = yield* this.holdsOther(yield* this.constrainedType(argument));
      if (other && !(yield* this.lists.isGround(argument))) this.reportInput(argument, 'This list holds values that are no promises');
      return;
    }
    for (const element of list.elements) {
      if (isOmittedExpression(element)) continue;
      const other = isSpreadElement(element)
        ? yield* this.isNeverAwaitable(yield* this.constrainedType(element))
        : yield* askOfType(this.project.checker, element, (type) => this.isNeverAwaitable(type));
      if (other && !(yield* this.claims.isGround(isSpreadElement(element) ? element.expression : element))) this.reportInput(element, 'This element is no promise', isPlainValue(element) ? 'hint' : undefined);
    }
  }

  private reportInput(at: Node, what: string, severity?: Severity): void {
    this.context.report({ at, severity, message: `${what}: there is nothing to wait for.` });
  }

  *forAwait(node: ForOfStatement): Asking<void> {
    const type = yield* this.types.typeOf(node.expression);
    if (!(yield* this.isSynchronous(type)) || (yield* this.iterables.isGround(node.expression))) return;
    this.context.report({
      at: { start: node.getStart(), end: closingParenthesis(node) },
      message: 'What is iterated here is not async: for await waits for each value in turn, with no handler for the others.',
      fixes: [plainLoopFix(this.context.unit, node)],
    });
  }

  private *isSynchronous(type: Type): Asking<boolean> {
    return !isUndecided(type) && !(yield* this.types.wellKnown.someHas(type, 'asyncIterator'));
  }

  *awaitUsing(list: VariableDeclarationList): Asking<void> {
    // With several variables the others may need it.
    const fixes = list.declarations.length === 1 ? [plainUsingFix(this.context.unit, list)] : [];
    for (const { initializer } of list.declarations) {
      if (!initializer) continue;
      const type = yield* this.types.typeOf(initializer);
      if (isUndecided(type) || (yield* this.types.wellKnown.someHas(type, 'asyncDispose'))) continue;
      this.context.report({ at: initializer, message: 'This is not disposed of asynchronously: using without await is enough.', fixes });
    }
  }

  private *constrainedType(node: Node): Asking<Type> {
    return yield* this.constrained(yield* this.types.typeOf(node));
  }

  private *constrained(type: Type): Asking<Type> {
    if (isPlain(type) || (type.flags & (TypeFlags.Instantiable | TypeFlags.UnionOrIntersection)) === 0) return type;
    return (yield* this.project.checker.getBaseConstraintOfType.gen(type)) ?? type;
  }

  private *isNeverAwaitable(given: Type): Asking<boolean> {
    for (const part of yield* unionParts(yield* this.constrained(given))) {
      if ((yield* this.types.awaitable(part)) !== 'never') return false;
    }
    return true;
  }

  /** Whether something that the argument iterates over may be a promise. */
  private *mayHoldPromise(argument: Expression): Asking<boolean> {
    for (const part of yield* unionParts(yield* this.constrainedType(argument))) {
      for (const held of yield* this.valueTypes(part)) if (!(yield* this.isNeverAwaitable(held))) return true;
    }
    return false;
  }

  /** Whether an iterable holds something that is no promise. What cannot be iterated is the compiler's business. */
  private *holdsOther(type: Type): Asking<boolean> {
    for (const part of yield* unionParts(type)) {
      for (const held of yield* this.valueTypes(part)) {
        if (yield* this.isOther(held)) return yield* this.types.wellKnown.everyHas(type, 'iterator');
      }
    }
    return false;
  }

  /** Whether some values of a type are no promises. `void` may be one, as a callback's result; beside a promise there may be none. */
  private *isOther(type: Type): Asking<boolean> {
    const others: Type[] = [];
    const parts = yield* unionParts(type);
    for (const part of parts) if (!isVoid(part) && (yield* this.types.awaitable(part)) === 'never') others.push(part);
    const isOptional = parts.length > others.length && others.every(({ flags }) => (flags & TypeFlags.Nullable) !== 0);
    return others.length > 0 && !isOptional;
  }

  /** What an array, a tuple, something like an array, or a generic iterable holds. */
  private *valueTypes(type: Type): Asking<readonly Type[]> {
    if (isPlain(type)) return [];
    const elements = yield* elementTypes(this.project.checker, type);
    if (elements) return elements;
    if (yield* this.project.checker.isArrayLikeType.gen(type)) {
      const element = yield* type.getNumberIndexType.gen();
      return element ? [element] : [];
    }
    return isReference(type) ? (yield* this.project.checker.getTypeArguments.gen(type)).slice(0, 1) : [];
  }
}

/** A value that is written out, `{ type: 'separator' }`, stands among promises on purpose. */
function isPlainValue(element: Expression): boolean {
  const at = skipOuterExpressions(element);
  return isObjectLiteralExpression(at) || (isNoPromise(at) && !isAwaitExpression(at) && !isArrowFunction(at) && !isFunctionExpression(at));
}

const callbackKinds = new Set<SyntaxKind>([SyntaxKind.FunctionType, SyntaxKind.CallSignature, SyntaxKind.MethodSignature]);

function isVoid({ flags }: Type): boolean {
  return (flags & TypeFlags.Void) !== 0;
}

/** `await null`, `await undefined`, `await void 0`: written to let other microtasks run first. */
function isDeliberateYield(operand: Expression): boolean {
  const at = skipParentheses(operand);
  return at.kind === SyntaxKind.NullKeyword || isVoidExpression(at) || (isIdentifier(at) && at.text === 'undefined');
}

/** `list.map(async …)`: what it gives holds promises, whatever their values. */
function isMapToPromises(argument: Expression): boolean {
  const call = skipParentheses(argument);
  if (!isCallExpression(call) || accessedName(skipParentheses(call.expression)) !== 'map' || call.arguments.length !== 1) return false;
  const mapper = call.arguments[0] && skipParentheses(call.arguments[0]);
  return mapper !== undefined && (isArrowFunction(mapper) || isFunctionExpression(mapper)) && isAsync(mapper) && !mapper.asteriskToken;
}

/** Where the head of a loop ends: behind the parenthesis before its body. */
function closingParenthesis(node: ForOfStatement): number {
  const text = node.getSourceFile().text;
  let end = node.expression.end;
  // Only blanks and comments stand between the expression and the parenthesis.
  while (end < node.statement.pos && text[end] !== ')') end++;
  return Math.min(end + 1, node.statement.pos);
}
