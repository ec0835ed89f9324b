import { awaitFix, floatingPromiseFixes } from '../fixes/floating-promise';
import { bodyMayReject, functionNamed, mayReject } from '../flow/rejection';
import {
  SymbolFlags,
  SyntaxKind,
  isArrowFunction,
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isFunctionExpression,
  isIdentifier,
  isPropertyAccessExpression,
  isSpreadElement,
  isVoidExpression,
  type ArrowFunction,
  type Asking,
  type AwaitExpression,
  type CallExpression,
  type Expression,
  type ExpressionStatement,
  type Node,
  type Project,
  type PropertyAccessExpression,
  type Type,
} from '../program';
import { accessedName, skipParentheses } from '../syntax/expressions';
import { isLanguageLibrary } from '../syntax/file-names';
import { enclosingFunction, isAsync } from '../syntax/functions';
import { askOfType, declaredReturns } from '../types/calls';
import { promiseTypes, type PromiseTypes } from '../types/promises';
import { specifiersSchema, typeMatches, valueMatches, type TypeSpecifier } from '../types/specifiers';
import { isAny, isPlain, isReference, unionParts } from '../types/structure';
import type { Report, Rule, RuleContext } from './rule';

interface Options {
  readonly allowForKnownSafeCalls: readonly TypeSpecifier[];
  readonly allowForKnownSafePromises: readonly TypeSpecifier[];
  readonly checkThenables: boolean;
  readonly ignoreIIFE: boolean;
  readonly ignoreVoid: boolean;
}

/** A statement that starts something asynchronous and lets go of it. */
export const noFloatingPromises: Rule<Options> = {
  id: 'no-floating-promises',
  description: 'A promise is created and nobody awaits it or handles its rejection.',
  group: 'un-awaited',
  severity: 'error',
  preset: 'recommended',
  equals: ['@typescript-eslint/no-floating-promises', 'typescript/no-floating-promises'],
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      allowForKnownSafeCalls: { description: 'Functions whose promises may float.', default: [], ...specifiersSchema },
      allowForKnownSafePromises: { description: 'Promise types that may float.', default: [], ...specifiersSchema },
      checkThenables: { description: 'Check every thenable, not just Promise.', default: false, type: 'boolean' },
      ignoreIIFE: { description: 'Let async functions float that are called where they are written.', default: false, type: 'boolean' },
      ignoreVoid: { description: 'Let promises float that are marked with `void`.', default: true, type: 'boolean' },
    },
  },
  listen(context) {
    const check = new FloatingCheck(context);
    return {
      [SyntaxKind.ExpressionStatement](node: ExpressionStatement) {
        const expression = skipParentheses(node.expression);
        if (context.options.ignoreIIFE && isIife(expression)) return;
        return check.statement(node, expression);
      },
      [SyntaxKind.ArrowFunction](node: ArrowFunction) {
        // `() => void f()` lets go of the promise as a statement does.
        const body = skipParentheses(node.body as Expression);
        if (isVoidExpression(body) && !context.options.ignoreVoid) return check.statement(body, body);
      },
    };
  },
};

type Fault = 'promise' | 'array' | 'useless handler' | 'query';

class FloatingCheck {
  private readonly project: Project;
  private readonly types: PromiseTypes;
  private readonly options: Options;

  constructor(private readonly context: RuleContext<Options>) {
    this.project = context.unit.project;
    this.options = context.options;
    this.types = context.shared(promiseTypes);
  }

  statement(node: Node, expression: Expression): Asking<void> | undefined {
    return this.isInert(expression) ? undefined : this.ask(node, expression);
  }

  private *ask(node: Node, expression: Expression): Asking<void> {
    if (isCallExpression(expression) && (yield* this.isKnownSafe(expression))) return;
    const fault = yield* this.fault(expression);
    if (!fault) return;
    const report = yield* this.describe(node, expression, fault);
    if (report) this.context.report(report);
  }

  /** Decided by syntax: nothing that such an expression does can be a promise. */
  private isInert(node: Expression): boolean {
    if (isAssignment(node)) return true;
    if (isVoidExpression(node)) return this.options.ignoreVoid;
    return inertKinds.has(node.kind);
  }

  private *fault(expression: Expression): Asking<Fault | undefined> {
    const node = skipParentheses(expression);
    if (this.isInert(node)) return undefined;
    if (isBinaryExpression(node)) {
      switch (node.operatorToken.kind) {
        case SyntaxKind.CommaToken:
          return (yield* this.fault(node.left)) ?? (yield* this.fault(node.right));
        case SyntaxKind.AmpersandAmpersandToken:
        case SyntaxKind.BarBarToken:
        case SyntaxKind.QuestionQuestionToken:
          break;
        default:
          return undefined;
      }
    }
    if (isVoidExpression(node)) return yield* this.fault(node.expression);
    if (isAwaitExpression(node)) return (yield* this.awaitsPromiseArray(node)) ? 'array' : undefined;
    const kind = yield* askOfType(this.project.checker, node, (type) => this.kindOf(type));
    if (kind === 'array') return 'array';
    if (kind === 'other') return undefined;
    if (kind === 'thenable') return isCallExpression(node) && (yield* this.isDroppedQuery(node)) ? 'query' : undefined;
    if (isCallExpression(node)) return yield* this.callFault(node);
    if (isConditionalExpression(node)) return (yield* this.fault(node.whenFalse)) ?? (yield* this.fault(node.whenTrue));
    if (isBinaryExpression(node)) return (yield* this.fault(node.left)) ?? (yield* this.fault(node.right));
    return 'promise';
  }

  private *kindOf(type: Type): Asking<'array' | 'promise' | 'thenable' | 'other'> {
    if (isPlain(type)) return 'other';
    for (const held of yield* this.types.heldTypes(type)) if (yield* this.isPromiseLike(held)) return 'array';
    if (yield* this.isPromiseLike(type)) return 'promise';
    return (yield* this.types.isRejectable(type)) ? 'thenable' : 'other';
  }

  /**
   * Whether a statement makes a query with a package's functions, `db('users').insert(user)`, and drops it: most run only
   * when they are awaited. One that a variable holds, `query.where(…)`, is added to and awaited elsewhere.
   */
  private *isDroppedQuery(node: CallExpression): Asking<boolean> {
    if (running.has(accessedName(skipParentheses(node.expression)) ?? '')) return false;
    const made = yield* (yield* this.types.typeOf(node)).getSymbol.gen();
    if (!made || /(?:Promise(?:Like)?|Deferred|Thenable)$/.test(made.name) || made.declarations.some(({ path }) => eagerPackages.test(path))) return false;
    for (let call = node; ; ) {
      const callee = skipParentheses(call.expression);
      const object = isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
      if (object && isCallExpression(object)) call = object;
      else {
        if (object && (yield* this.types.isRejectable(yield* this.types.typeOf(object)))) return false;
        const { declaration } = (yield* this.project.checker.getResolvedSignature.gen(call)) ?? {};
        return declaration !== undefined && declaration.path.includes('/node_modules/');
      }
    }
  }

  private *isPromiseLike(type: Type): Asking<boolean> {
    const { allowForKnownSafePromises: allowed, checkThenables } = this.options;
    if (allowed.length > 0 && (yield* typeMatches(this.project, type, allowed))) return false;
    return (yield* this.types.isPromise(type)) || (checkThenables && (yield* this.types.isRejectable(type)));
  }

  /** `await` settles promises, but not those inside an array that it gives. */
  private *awaitsPromiseArray(node: AwaitExpression): Asking<boolean> {
    const operand = skipParentheses(node.expression);
    if (isCallExpression(operand)) {
      const declared = yield* declaredReturns(this.project.checker, operand);
      if (declared && !(yield* this.mayGiveArray(declared))) return false;
    }
    return (yield* this.kindOf(yield* this.types.typeOf(node))) === 'array';
  }

  private *mayGiveArray(types: readonly Type[]): Asking<boolean> {
    for (const type of types) {
      for (const part of yield* unionParts(type)) {
        if (isPlain(part)) continue;
        if (!isReference(part) || (yield* part.getSymbol.gen())?.name !== 'Promise') return true;
        for (const given of yield* this.project.checker.getTypeArguments.gen(part)) if (!isPlain(given)) return true;
      }
    }
    return false;
  }

  private *callFault(node: CallExpression): Asking<Fault | undefined> {
    const callee = skipParentheses(node.expression);
    const method = accessedName(callee);
    if (method === 'catch' || method === 'then') {
      const index = method === 'catch' ? 0 : 1;
      // What follows a spread is unknown.
      const known = node.arguments.slice(0, index + 1).every((argument) => !isSpreadElement(argument));
      const handler = known ? node.arguments[index] : undefined;
      if (!handler) return 'promise';
      return (yield* this.isHandler(handler)) ? undefined : 'useless handler';
    }
    if (method === 'finally') return yield* this.fault((callee as PropertyAccessExpression).expression);
    return 'promise';
  }

  /** A handler of type `any` may well be a function; typescript-eslint says that it is not one. */
  private *isHandler(handler: Expression): Asking<boolean> {
    const at = skipParentheses(handler);
    if (isArrowFunction(at) || isFunctionExpression(at)) return true;
    const type = yield* this.types.typeOf(at);
    return isAny(type) || (!isPlain(type) && (yield* type.getCallSignatures.gen()).length > 0);
  }

  private *isKnownSafe(node: CallExpression): Asking<boolean> {
    const { allowForKnownSafeCalls: allowed } = this.options;
    if (allowed.length === 0) return false;
    const callee = skipParentheses(node.expression);
    const type = yield* this.types.typeOf(callee);
    return (yield* valueMatches(this.project, callee, type, allowed)) || (yield* typeMatches(this.project, type, allowed));
  }

  /** The report; undefined where nothing is lost by letting go of the promise. */
  private *describe(node: Node, expression: Expression, fault: Fault): Asking<Report | undefined> {
    if (isCallExpression(expression) && (yield* this.takesOut(expression))) return undefined;
    const at = node;
    const fixes = floatingPromiseFixes(this.context.unit, expression, fault === 'array');
    const hint = this.options.ignoreVoid ? ', or mark it with void' : '';
    switch (fault) {
      case 'array':
        return { at, message: `Nobody awaits the promises in this array: use Promise.all or Promise.allSettled${hint}.`, fixes };
      case 'query':
        return {
          at,
          severity: 'warning',
          message: 'Nobody awaits this, and it is no Promise that runs by itself: a query, a request of a test and their like are often sent only then.',
          fixes: [awaitFix(this.context.unit, expression)],
        };
      case 'useless handler':
        return { at, message: 'The rejection handler given here is not a function: a rejection stays unhandled.', fixes };
      case 'promise':
        break;
    }
    const message = `Nobody awaits this promise, and a rejection stays unhandled: await it, return it or add .catch()${hint}.`;
    if (!isCallExpression(expression)) return { at, message, fixes };
    if ((yield* isTestDeclaration(this.project, expression)) || (yield* this.tellsCallback(expression)) || (yield* this.isNavigation(expression))) return undefined;
    if (yield* this.isHandledBefore(expression)) return undefined;
    if (!(yield* this.isCallThatNeverRejects(expression))) return { at, message, fixes };
    const fn = enclosingFunction(expression);
    if (!fn || !isAsync(fn)) return undefined;
    return { at, severity: 'hint', message: `Nobody awaits this promise; it never rejects, but what follows does not wait for it either: await it${hint}.`, fixes };
  }

  /** A function of a package that gives a promise and calls back, too: `redis.get(key, (error, value) => …)` tells the callback. */
  private *tellsCallback(node: CallExpression): Asking<boolean> {
    const last = node.arguments.at(-1);
    const callback = last && skipParentheses(last);
    if (!callback || !(isArrowFunction(callback) || isFunctionExpression(callback)) || isAsync(callback)) return false;
    const first = callback.parameters[0]?.name;
    if (!first || !isIdentifier(first) || !errorNames.test(first.text) || promiseMethods.has(accessedName(skipParentheses(node.expression)) ?? '')) return false;
    const path = yield* this.pathOfCalled(node);
    return path.includes('/node_modules/') && !isLanguageLibrary(path);
  }

  private *isOfQueryClient(node: CallExpression): Asking<boolean> {
    if (node.arguments.some((argument) => argument.getText().includes('throwOnError'))) return false;
    return queryClient.test(yield* this.pathOfCalled(node));
  }

  /** A router of web pages tells of a navigation that fails by itself, and the page that asked for it is gone by then. */
  private *isNavigation(node: CallExpression): Asking<boolean> {
    const callee = skipParentheses(node.expression);
    // `const go = useNavigate()`: a function may have any name.
    return (isIdentifier(callee) || navigating.has(accessedName(callee) ?? '')) && webRouters.test(yield* this.pathOfCalled(node));
  }

  /** The file that declares what a call runs; '' where that is not known. */
  private *pathOfCalled(node: CallExpression): Asking<string> {
    const { declaration } = (yield* this.project.checker.getResolvedSignature.gen(node)) ?? {};
    return declaration?.path ?? '';
  }

  /** `start().catch(report).then(() => …)`: the handler stands before, and what follows it throws nothing. */
  private *isHandledBefore(node: CallExpression): Asking<boolean> {
    return accessedName(skipParentheses(node.expression)) === 'then' && !(yield* mayReject(node, this.project));
  }

  /** `running.splice(at, 1)`, `queue.shift()`: what is taken out of an array was begun elsewhere, and is not what the call is for. */
  private *takesOut(node: CallExpression): Asking<boolean> {
    const callee = skipParentheses(node.expression);
    if (!isPropertyAccessExpression(callee) || !rearranging.has(callee.name.text)) return false;
    const list = skipParentheses(callee.expression);
    return (isIdentifier(list) || isPropertyAccessExpression(list)) && isLanguageLibrary(yield* this.pathOfCalled(node));
  }

  /** A function of the user's own that catches everything itself: a caller that cannot await it loses nothing. */
  private *isCallThatNeverRejects(node: CallExpression): Asking<boolean> {
    if (settling.has(accessedName(skipParentheses(node.expression)) ?? '') && (yield* this.isOfQueryClient(node))) return true;
    const called = yield* functionNamed(node.expression, this.project);
    return called !== undefined && isAsync(called) && !(yield* bodyMayReject(called, this.project));
  }
}

/** What has run anyway, or tells a callback. */
const running = new Set(['then', 'catch', 'finally', 'end', 'exec', 'execute', 'notify']);

/** Packages whose promises, though not the language's, run by themselves. */
const eagerPackages = /\/node_modules\/(?:@types\/)?(?:angular|bluebird|jquery|q|rsvp|when)\//;

/** Methods of TanStack Query whose promises reject only where `throwOnError` asks for it. */
const settling = new Set([
  'cancelQueries',
  'fetchNextPage',
  'fetchPreviousPage',
  'invalidateQueries',
  'prefetchInfiniteQuery',
  'prefetchQuery',
  'refetch',
  'refetchQueries',
  'resetQueries',
]);

const queryClient = /\/node_modules\/@tanstack\/query-core\//;

/** Methods of arrays that give what was in them before. */
const rearranging = new Set(['copyWithin', 'fill', 'pop', 'reverse', 'shift', 'sort', 'splice']);

/** Methods that go to another page, or get ready to. */
const navigating = new Set(['navigate', 'navigateByUrl', 'prefetch', 'push', 'replace']);
const webRouters = /\/node_modules\/(?:@angular\/router|@sveltejs\/kit|@remix-run\/router|@tanstack\/(?:\w+-)?router(?:-core)?|next|react-router(?:-dom)?|vue-router)\//;

const errorNames = /^_?(?:e|er|err|error)$/;
const promiseMethods = new Set(['then', 'catch', 'finally']);

const inertKinds = new Set<SyntaxKind>([
  SyntaxKind.StringLiteral,
  SyntaxKind.NumericLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateExpression,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.ThisKeyword,
  SyntaxKind.PrefixUnaryExpression,
  SyntaxKind.PostfixUnaryExpression,
  SyntaxKind.DeleteExpression,
  SyntaxKind.TypeOfExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ClassExpression,
  SyntaxKind.ObjectLiteralExpression,
  SyntaxKind.RegularExpressionLiteral,
]);

function isAssignment(node: Expression): boolean {
  if (!isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  return kind >= SyntaxKind.FirstAssignment && kind <= SyntaxKind.LastAssignment;
}

function isIife(node: Expression): boolean {
  if (!isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  return isArrowFunction(callee) || isFunctionExpression(callee);
}

/** `test(…)`, `describe.skip(…)` of node:test: the runner waits for them. Not `t.test(…)`: a test must await its subtests. */
function* isTestDeclaration(project: Project, node: CallExpression): Asking<boolean> {
  let root = skipParentheses(node.expression);
  if (isPropertyAccessExpression(root)) root = skipParentheses(root.expression);
  if (!isIdentifier(root)) return false;
  const symbol = yield* (yield* project.checker.getTypeAtLocation.gen(root)).getSymbol.gen();
  if (!symbol || (symbol.flags & (SymbolFlags.Function | SymbolFlags.ValueModule)) === 0) return false;
  return symbol.declarations.some(({ path }) => /\/@types\/node\/test\.d\.ts$/.test(path));
}
