import { arrayCallbackFixes } from '../fixes/array-callbacks';
import { awaitFix } from '../fixes/floating-promise';
import {
  SyntaxKind,
  isBinaryExpression,
  isCallExpression,
  isElementAccessExpression,
  isPropertyAccessExpression,
  isPropertyDeclaration,
  isVariableDeclaration,
  type Asking,
  type BinaryExpression,
  type CallExpression,
  type ClassDeclaration,
  type ClassExpression,
  type Expression,
  type InterfaceDeclaration,
  type JsxAttribute,
  type MethodDeclaration,
  type NewExpression,
  type Node,
  type PropertyAssignment,
  type ReturnStatement,
  type ShorthandPropertyAssignment,
  type Type,
  type VariableDeclaration,
} from '../program';
import { accessedName, calleeName, skipParentheses } from '../syntax/expressions';
import { isDeclarationFile, isLanguageLibrary } from '../syntax/file-names';
import { isAsync, isFunctionNode } from '../syntax/functions';
import { isAssignmentOperator, isNoPromise, returnsPromise } from '../syntax/promises';
import { askOfType } from '../types/calls';
import { promiseTypes, type PromiseTypes } from '../types/promises';
import { intersectionParts, isPlain, unionParts } from '../types/structure';
import type { Listener, Listeners, Rule, RuleContext } from './rule';
import { VoidReturnCheck } from './void-return';

type FlagUnions = 'all' | 'none' | 'strict';

interface VoidReturnOptions {
  readonly arguments?: boolean;
  readonly attributes?: boolean;
  readonly inheritedMethods?: boolean;
  readonly properties?: boolean;
  readonly returns?: boolean;
  readonly variables?: boolean;
}

interface Options {
  readonly checksConditionals: boolean | { readonly flagUnions?: FlagUnions };
  readonly checksSpreads: boolean;
  readonly checksVoidReturn: boolean | VoidReturnOptions;
}

const flag = (description: string) => ({ type: 'boolean', description, default: true }) as const;

/** A promise where its value was meant, and an async function where nobody waits for what it returns. */
export const noMisusedPromises: Rule<Options> = {
  id: 'no-misused-promises',
  description: 'A promise stands where a plain value is expected, or an async function where nobody looks at what it returns.',
  group: 'un-awaited',
  severity: 'warning',
  preset: 'recommended',
  equals: ['@typescript-eslint/no-misused-promises', 'typescript/no-misused-promises'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      checksConditionals: {
        description: 'Check conditions, and the callbacks of filter, find and their like; flagUnions says which unions with promises count.',
        default: true,
        oneOf: [
          { type: 'boolean' },
          { type: 'object', additionalProperties: false, properties: { flagUnions: { enum: ['all', 'strict', 'none'], default: 'none' } } },
        ],
      },
      checksSpreads: { description: 'Check `...` with a promise.', default: true, type: 'boolean' },
      checksVoidReturn: {
        description: 'Check functions that return promises where one that returns nothing is expected.',
        default: true,
        oneOf: [
          { type: 'boolean' },
          {
            type: 'object',
            additionalProperties: false,
            properties: {
              arguments: flag('Arguments of calls.'),
              attributes: flag('JSX attributes.'),
              inheritedMethods: flag('Methods of classes and interfaces that extend or implement others.'),
              properties: flag('Properties of object literals.'),
              returns: flag('Functions that are returned.'),
              variables: flag('Variables and assignments.'),
            },
          },
        ],
      },
    },
  },
  listen(context) {
    const { checksConditionals, checksSpreads, checksVoidReturn } = context.options;
    const spreads = new SpreadCheck(context);
    return merged(
      checksConditionals === false ? {} : conditionals(context, checksConditionals === true ? {} : checksConditionals),
      checksVoidReturn === false ? {} : voidReturns(context, checksVoidReturn === true ? {} : checksVoidReturn),
      checksSpreads
        ? {
            [SyntaxKind.SpreadElement]: (node: { expression: Expression }) => (isListOrEmpty(node.expression) ? undefined : spreads.check(node.expression)),
            [SyntaxKind.SpreadAssignment]: (node: { expression: Expression }) => spreads.check(node.expression),
          }
        : {},
    );
  },
};

/** One set of listeners out of several, which may listen to the same kinds. */
function merged(...sets: readonly Listeners[]): Listeners {
  const result: Record<string, Listener> = {};
  for (const set of sets) {
    for (const [kind, listener] of Object.entries(set)) {
      const other = result[kind];
      result[kind] = other ? (node) => both(other(node), listener(node)) : listener;
    }
  }
  return result;
}

function both(a: Asking<void> | void, b: Asking<void> | void): Asking<void> | void {
  if (!a || !b) return a ?? b;
  return (function* () {
    yield* a;
    yield* b;
  })();
}

function voidReturns(context: RuleContext<Options>, which: VoidReturnOptions): Listeners {
  const check = new VoidReturnCheck(context);
  return merged(
    which.arguments === false
      ? {}
      : {
          [SyntaxKind.CallExpression]: (node: CallExpression) => check.arguments(node),
          [SyntaxKind.NewExpression]: (node: NewExpression) => check.arguments(node),
        },
    which.attributes === false ? {} : { [SyntaxKind.JsxAttribute]: (node: JsxAttribute) => check.attribute(node) },
    which.inheritedMethods === false
      ? {}
      : {
          [SyntaxKind.ClassDeclaration]: (node: ClassDeclaration) => check.inheritedMethods(node),
          [SyntaxKind.ClassExpression]: (node: ClassExpression) => check.inheritedMethods(node),
          [SyntaxKind.InterfaceDeclaration]: (node: InterfaceDeclaration) => check.inheritedMethods(node),
        },
    which.properties === false
      ? {}
      : {
          [SyntaxKind.PropertyAssignment]: (node: PropertyAssignment) => check.property(node),
          [SyntaxKind.ShorthandPropertyAssignment]: (node: ShorthandPropertyAssignment) => check.shorthand(node),
          [SyntaxKind.MethodDeclaration]: (node: MethodDeclaration) => check.method(node),
        },
    which.returns === false ? {} : { [SyntaxKind.ReturnStatement]: (node: ReturnStatement) => check.returned(node) },
    which.variables === false
      ? {}
      : {
          [SyntaxKind.VariableDeclaration]: (node: VariableDeclaration) => check.variable(node),
          [SyntaxKind.BinaryExpression]: (node: BinaryExpression) =>
            isAssignmentOperator(node.operatorToken.kind) ? check.assignment(node) : undefined,
        },
  );
}

function conditionals(context: RuleContext<Options>, options: { readonly flagUnions?: FlagUnions }): Listeners {
  const check = new ConditionCheck(context, options.flagUnions ?? 'none');
  const inExpression = (node: { expression: Expression }): Asking<void> | undefined => check.condition(node.expression, true);
  return {
    [SyntaxKind.IfStatement]: inExpression,
    [SyntaxKind.WhileStatement]: inExpression,
    [SyntaxKind.DoStatement]: inExpression,
    [SyntaxKind.ForStatement]: (node: { condition?: Expression }) => (node.condition ? check.condition(node.condition, true) : undefined),
    [SyntaxKind.ConditionalExpression]: (node: { condition: Expression }) => check.condition(node.condition, true),
    [SyntaxKind.PrefixUnaryExpression]: (node: { operator: SyntaxKind; operand: Expression }) =>
      node.operator === SyntaxKind.ExclamationToken ? check.condition(node.operand, true) : undefined,
    [SyntaxKind.BinaryExpression]: (node: BinaryExpression) => (isLogical(node) ? check.condition(node, false) : undefined),
    [SyntaxKind.CallExpression]: (node: CallExpression) => check.predicate(node),
  };
}

function isLogical(node: Expression): node is BinaryExpression {
  if (!isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  return kind === SyntaxKind.AmpersandAmpersandToken || kind === SyntaxKind.BarBarToken || kind === SyntaxKind.QuestionQuestionToken;
}

const predicateMethods = new Set(['every', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'some']);

/** Conditions that are always true because they are promises. */
class ConditionCheck {
  private readonly types: PromiseTypes;
  private readonly seen = new Set<Node>();

  constructor(
    private readonly context: RuleContext<Options>,
    private readonly flagUnions: FlagUnions,
  ) {
    this.types = context.shared(promiseTypes);
  }

  condition(node: Expression, isTest: boolean): Asking<void> | undefined {
    const open: Expression[] = [];
    this.collect(node, isTest, open);
    return open.length > 0 ? this.ask(open) : undefined;
  }

  /** The operands whose truth is asked for: outside a test the right one of a logical operator is a value. */
  private collect(expression: Expression, isTest: boolean, open: Expression[]): void {
    const node = skipParentheses(expression);
    if (this.seen.has(node)) return;
    this.seen.add(node);
    if (!isLogical(node)) {
      if (!isNoPromise(node)) open.push(node);
      return;
    }
    if (isTest || node.operatorToken.kind !== SyntaxKind.QuestionQuestionToken) this.collect(node.left, isTest, open);
    if (isTest) this.collect(node.right, isTest, open);
  }

  private *ask(open: readonly Expression[]): Asking<void> {
    for (const node of open) {
      if (!(yield* this.types.names.mayBe(node, 'promise'))) continue;
      if (!(yield* askOfType(this.context.unit.project.checker, node, (type) => this.isFlagged(type)))) continue;
      if (yield* this.mayBeMissing(node)) continue;
      this.context.report({
        at: node,
        severity: 'error',
        message: 'A promise is always truthy: await it to test its value.',
        fixes: [awaitFix(this.context.unit, node)],
      });
    }
  }

  /**
   * Whether a value may be missing though its type does not say so: `pending[id]`, what is declared with `!` as it is
   * assigned later, and without `strictNullChecks` everything but the call of a function that plainly gives a promise.
   */
  private *mayBeMissing(node: Expression): Asking<boolean> {
    if (isElementAccessExpression(node) && accessedName(node) === undefined) return true;
    const { checker, parsedCommandLine } = this.context.unit.project;
    const { strictNullChecks, strict } = parsedCommandLine.options;
    if ((strictNullChecks ?? strict) !== false) return yield* this.isAssignedLater(node);
    if (!isCallExpression(node)) return true;
    const { declaration } = (yield* checker.getResolvedSignature.gen(node)) ?? {};
    if (!declaration || isLanguageLibrary(declaration.path)) return true;
    const called = isDeclarationFile(declaration.path) ? undefined : ((yield* declaration.resolve.gen()) as Node | undefined);
    return called !== undefined && isFunctionNode(called) && !isAsync(called);
  }

  /** `ready!: Promise<void>`, and without `strictPropertyInitialization` any property that has no value where it is declared. */
  private *isAssignedLater(node: Expression): Asking<boolean> {
    const { checker, parsedCommandLine } = this.context.unit.project;
    const name = calleeName(node);
    const [handle] = (name && (yield* checker.getSymbolAtLocation.gen(name)))?.declarations ?? [];
    if (!handle || isDeclarationFile(handle.path) || (handle.kind !== SyntaxKind.PropertyDeclaration && handle.kind !== SyntaxKind.VariableDeclaration)) return false;
    const declared: Node | undefined = yield* handle.resolve.gen();
    if (!declared) return false;
    if (isVariableDeclaration(declared)) return declared.exclamationToken !== undefined;
    if (!isPropertyDeclaration(declared) || declared.initializer) return false;
    return declared.postfixToken !== undefined || parsedCommandLine.options.strictPropertyInitialization === false;
  }

  private *isFlagged(type: Type): Asking<boolean> {
    if (yield* this.types.isAlwaysThenable(type)) return true;
    if (this.flagUnions === 'all') return yield* this.types.isThenable(type);
    return this.flagUnions === 'strict' && (yield* this.types.isValueOrPromiseOfIt(type));
  }

  /** `list.filter(async …)`: the promise it gives is truthy for every element. */
  predicate(node: CallExpression): Asking<void> | undefined {
    const callee = skipParentheses(node.expression);
    const callback = node.arguments[0];
    if (!callback || !predicateMethods.has(accessedName(callee) ?? '') || returnsPromise(callback) === 'no') return undefined;
    if (!isPropertyAccessExpression(callee) && !isElementAccessExpression(callee)) return undefined;
    return this.askPredicate(node, callee.expression, callback);
  }

  private *askPredicate(call: CallExpression, list: Expression, callback: Expression): Asking<void> {
    if (!(yield* this.holdsArray(yield* this.types.typeOf(list)))) return;
    if (returnsPromise(callback) === 'unclear' && !(yield* this.types.returnsThenablesOnly(yield* this.types.typeOf(callback)))) return;
    this.context.report({
      at: callback,
      severity: 'error',
      message: 'This callback gives a promise, which is always truthy: every element passes.',
      fixes: arrayCallbackFixes(this.context.unit, call),
    });
  }

  private *holdsArray(given: Type): Asking<boolean> {
    if (isPlain(given)) return false;
    const { checker } = this.context.unit.project;
    const type = (yield* checker.getBaseConstraintOfType.gen(given)) ?? given;
    for (const part of yield* unionParts(type)) {
      for (const one of yield* intersectionParts(part)) {
        if (one.isTupleType() || (!isPlain(one) && (yield* checker.isArrayType.gen(one)))) return true;
      }
    }
    return false;
  }
}

/** `list ?? []`, spread among elements or arguments: no promise can be meant beside a list, and the compiler says so of any. */
function isListOrEmpty(expression: Expression): boolean {
  const node = skipParentheses(expression);
  return isLogical(node) && skipParentheses(node.right).kind === SyntaxKind.ArrayLiteralExpression;
}

class SpreadCheck {
  private readonly types: PromiseTypes;

  constructor(private readonly context: RuleContext<Options>) {
    this.types = context.shared(promiseTypes);
  }

  check(expression: Expression): Asking<void> | undefined {
    const node = skipParentheses(expression);
    return isNoPromise(node) || node.kind === SyntaxKind.ObjectLiteralExpression ? undefined : this.ask(node);
  }

  private *ask(node: Expression): Asking<void> {
    if (!(yield* this.types.names.mayBe(node, 'promise'))) return;
    if (!(yield* askOfType(this.context.unit.project.checker, node, (type) => this.types.isThenable(type)))) return;
    this.context.report({
      at: node,
      severity: 'error',
      message: 'Spreading a promise copies nothing of its value: await it first.',
      fixes: [awaitFix(this.context.unit, node)],
    });
  }
}
