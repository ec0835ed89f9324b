import {
  SymbolFlags,
  SyntaxKind,
  isArrayLiteralExpression,
  isClassDeclaration,
  isClassExpression,
  isIdentifier,
  isMethodDeclaration,
  isNewExpression,
  isPropertyAccessExpression,
  isStringLiteral,
  isTypeReferenceNode,
  isCallExpression,
  isBlock,
  type Asking,
  type Checker,
  type Expression,
  type Node,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { isFunctionNode, someReturn, type FunctionNode } from '../syntax/functions';
import { extendedClass } from '../syntax/classes';
import { listed, nameText, passedTo, type Passed } from './declared-names';
import type { FunctionFacts } from './facts';

/**
 * Who waits while a function blocks: `handler` the clients of a server, `callback` whatever else the event loop would
 * run, `async` the same, in a function that could wait without blocking; `reaction` goes on with one, once.
 */
export type AsyncContext = 'handler' | 'callback' | 'reaction' | 'async';

/**
 * What a call does with a function that is handed to it; `reaction`: runs it once, when something is done; `exit`: runs
 * it when the process ends and nothing else runs.
 */
export type Runner = 'handler' | 'callback' | 'reaction' | 'exit';

const timers = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'nextTick']);
const listeners = new Set(['on', 'once', 'addListener', 'prependListener', 'prependOnceListener', 'addEventListener']);
const listenersOnce = new Set(['once', 'prependOnceListener']);
const reactions = new Set(['then', 'catch', 'finally']);
const routes = new Set(['get', 'post', 'put', 'delete', 'patch', 'head', 'options', 'all', 'use', 'route', 'param', 'addHook', 'preHandler', 'fetch', 'setErrorHandler', 'setNotFoundHandler', 'onError', 'notFound', 'query', 'mutation', 'subscription']);
const serverMakers = new Set(['createServer', 'createSecureServer']);

/** Packages whose routers and applications call the functions handed to them for each request. */
const webPackages = /\/node_modules\/(?:@types\/)?(?:express|express-serve-static-core|router|connect|fastify|koa|koa-router|@koa\/router|koa__router|hono|@hono\/[\w-]+|polka|restify|@hapi\/hapi|find-my-way|h3|elysia|@trpc\/server)\//;

/** Parameter types by which a function shows that it answers requests, whoever calls it. */
const requestTypes = /^(?:IncomingMessage|ServerResponse|Http2ServerRequest|Http2ServerResponse|FastifyRequest|FastifyReply|NextApiRequest|NextApiResponse|NextRequest|ExpressRequest|ExpressResponse|RequestHandler|ParameterizedContext|VercelRequest|VercelResponse)$/;

/** A file whose exports answer requests, by their names: those of Next.js's and SvelteKit's routes. */
const routeFile = /\/(?:route|\+server)\.[jt]sx?$/;
const requestMethods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/** What Next.js calls while it builds pages. */
const buildSteps = new Set(['getStaticProps', 'getStaticPaths', 'generateStaticParams']);

/** The methods that Nest calls before it listens. */
const startHooks = new Set(['onModuleInit', 'onApplicationBootstrap']);

/** Packages that run one of the functions handed to them, as the command line says. */
const commandPackages = /\/node_modules\/(?:@types\/)?(?:commander|cac|sade|yargs)\//;
const commandSteps = new Set(['action', 'command']);

const routeDecorators = new Set(['Get', 'Post', 'Put', 'Delete', 'Patch', 'Head', 'Options', 'All']);

/** Methods that a stream's machinery calls, on subclasses and, without the underscore, in the options of one. */
const streamMethods = new Set(['_read', '_write', '_writev', '_transform', '_flush', '_final']);
const streamOptions = new Set(['read', 'write', 'writev', 'transform', 'flush', 'final']);
const streamClass = /(?:Readable|Writable|Duplex|Transform|PassThrough|Stream)$/;

/** Events after which the process ends, or whose handler must be done before it does. */
const endEvents = /^(?:exit|beforeExit|SIG[A-Z]+|uncaughtException|uncaughtExceptionMonitor|unhandledRejection|disconnect|rejectionHandled|warning)$/;

/** What syntax alone says of the context of a function's body. */
export function declaredContext(facts: FunctionFacts): AsyncContext | undefined {
  const { node } = facts;
  if (!isFunctionNode(node)) return undefined;
  const called = facts.parent?.kind === 'module' ? (facts.names[0] ?? '') : '';
  if (answersRequests(node) || (requestMethods.has(called) && routeFile.test(facts.path))) return 'handler';
  if (buildSteps.has(called) || (isMethodDeclaration(node) && startHooks.has(facts.names[0] ?? ''))) return undefined;
  if (isStreamMethod(node, facts.passed)) return 'callback';
  if (facts.kind === 'async' || returnsPromise(node)) return 'async';
  return undefined;
}

function answersRequests(node: FunctionNode): boolean {
  const types = node.parameters.map(({ type }) => (type && isTypeReferenceNode(type) ? typeName(type.typeName) : ''));
  if (types.some((name) => requestTypes.test(name)) || (types.includes('Request') && types.includes('Response'))) return true;
  return (
    isMethodDeclaration(node) &&
    (node.modifiers ?? []).some(
      (modifier) =>
        modifier.kind === SyntaxKind.Decorator &&
        isCallExpression((modifier as unknown as { expression: Expression }).expression) &&
        routeDecorators.has(calledText((modifier as unknown as { expression: { expression: Expression } }).expression.expression) ?? ''),
    )
  );
}

function typeName(name: Node): string {
  return isIdentifier(name) ? name.text : ((name as { right?: { text: string } }).right?.text ?? '');
}

function isStreamMethod(node: FunctionNode, passed: Passed | undefined): boolean {
  const holder = node.parent;
  if (isMethodDeclaration(node) && (isClassDeclaration(holder) || isClassExpression(holder))) {
    const base = extendedClass(holder);
    return base !== undefined && streamMethods.has(nameText(node.name) ?? '') && streamClass.test(calledText(base) ?? '');
  }
  return passed !== undefined && isNewExpression(passed.call) && streamOptions.has(passed.property ?? '') && streamClass.test(calledText(passed.call.expression) ?? '');
}

const promiseMakers = new Set(['resolve', 'reject', 'all', 'allSettled', 'race', 'any', 'then', 'catch', 'finally']);

/** Whether a function that is not async returns a promise, as far as its own syntax says. */
export function returnsPromise(node: FunctionNode): boolean {
  if (node.type) return isTypeReferenceNode(node.type) && /^Promise(?:Like)?$/.test(typeName(node.type.typeName));
  const { body } = node;
  if (!body) return false;
  if (!isBlock(body)) return isPromiseExpression(body);
  return someReturn(body, ({ expression }) => expression !== undefined && isPromiseExpression(expression));
}

function isPromiseExpression(expression: Expression): boolean {
  const node = skipOuterExpressions(expression);
  if (isNewExpression(node)) return isIdentifier(node.expression) && node.expression.text === 'Promise';
  if (!isCallExpression(node)) return false;
  const callee = skipOuterExpressions(node.expression);
  if (!isPropertyAccessExpression(callee) || !promiseMakers.has(callee.name.text)) return false;
  const isPromise = isIdentifier(callee.expression) && callee.expression.text === 'Promise';
  return isPromise || reactions.has(callee.name.text);
}

/**
 * What a call does with the function handed to it; undefined where that is not known. One that is wrapped where a
 * handler belongs, as in `app.get('/', wrap((req, res) => …))`, is run as that handler.
 */
export function* runnerOf(checker: Checker, passed: Passed, fn: Node): Asking<Runner | undefined> {
  const runner = yield* directRunner(checker, passed);
  const outer = runner === undefined && passed.property === undefined && takesRequest(fn) ? passedTo(passed.call) : undefined;
  return outer && (yield* directRunner(checker, outer)) === 'handler' ? 'handler' : runner;
}

function* directRunner(checker: Checker, { call, index, property }: Passed): Asking<Runner | undefined> {
  const callee = skipOuterExpressions(call.expression);
  const called = calledText(callee);
  if (called === undefined || isNewExpression(call)) return undefined;
  const first = call.arguments[0] && skipOuterExpressions(call.arguments[0]);
  const event = first && isStringLiteral(first) ? first.text : undefined;
  const nameNode = isPropertyAccessExpression(callee) ? callee.name : callee;
  const found = yield* checker.getSymbolAtLocation.gen(nameNode);
  const symbol = found && found.flags & SymbolFlags.Alias ? yield* checker.getAliasedSymbol.gen(found) : found;
  const declared = (symbol?.declarations ?? []).map((declaration) => declaration.path);
  // `import { setTimeout as later }`
  const name = symbol && declared.length > 0 && symbol !== found ? symbol.name : called;
  const isOurs = declared.some((path) => !path.includes('/node_modules/') && !isDeclarationFile(path));
  if (timers.has(name)) return isOurs ? undefined : 'callback';
  if (property !== undefined && property !== 'handler' && property !== 'preHandler' && property !== listed) return undefined;
  if (routes.has(name) && isPropertyAccessExpression(callee)) {
    if (declared.some((path) => webPackages.test(path))) return 'handler';
    if (declared.length === 0 && looksLikeRoute(call, event, index)) return 'handler';
  }
  if (property !== undefined) return undefined;
  if (isOurs) return undefined;
  if (reactions.has(name) || (commandSteps.has(name) && declared.some((path) => commandPackages.test(path)))) return 'reaction';
  if (listeners.has(name) && isPropertyAccessExpression(callee)) {
    const target = skipOuterExpressions(callee.expression);
    if (isIdentifier(target) && target.text === 'process' && event !== undefined && endEvents.test(event)) return 'exit';
    if (event === 'request' || event === 'checkContinue') return 'handler';
    return listenersOnce.has(name) ? 'reaction' : 'callback';
  }
  if (declared.some((path) => nodeFile.test(path))) {
    if (serverMakers.has(name)) return declared.some((path) => /\/https?2?\.d\.[cm]?ts$/.test(path)) ? 'handler' : 'callback';
    if (index !== call.arguments.length - 1 || name === 'timerify' || name === 'listen') return undefined;
    return again.test(name) ? 'callback' : 'reaction';
  }
  return undefined;
}

/** Node's functions that call the function handed to them more than once. */
const again = /^(?:watch|watchFile|createInterface|createConnection|connect|listen)$/;

/** Node's modules whose functions take callbacks and call them later. */
const nodeFile = /\/node\/(?:ts[\d.]+\/)?(?:fs|child_process|http|https|http2|net|tls|dgram|dns|zlib|crypto|stream|readline|cluster|timers|worker_threads|events|process|perf_hooks)\.d\.[cm]?ts$/;

/** A route of a framework whose types are not there: `x.get('/path', (req, res) => …)`. */
function looksLikeRoute(call: Node & { arguments?: readonly Node[] }, path: string | undefined, index: number): boolean {
  const handler = call.arguments?.[index];
  const isPath = index > 0 && path?.startsWith('/');
  if (!handler) return false;
  const functions = (isArrayLiteralExpression(handler) ? [...handler.elements] : [handler]).filter(isFunctionNode);
  if (functions.length === 0) return isPath === true && !isArrayLiteralExpression(handler);
  if (!isPath && index > 0) return false;
  return functions.some(takesRequest);
}

function takesRequest(fn: Node): boolean {
  const first = isFunctionNode(fn) ? fn.parameters[0]?.name : undefined;
  return first !== undefined && isIdentifier(first) && /^_?(?:req|request|ctx|context|c)$/.test(first.text);
}

/** `f` of `f` and `o.f`. */
function calledText(node: Expression): string | undefined {
  const at = skipOuterExpressions(node);
  return isIdentifier(at) ? at.text : isPropertyAccessExpression(at) ? at.name.text : undefined;
}
