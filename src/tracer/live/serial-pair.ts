// Whether the text of a function lets two awaits, one right after the other, be waited for together. What the calls do
// is not known: only calls are taken that by their names read something, and that share nothing that could be changed.
import type { AnyNode, CallExpression, Expression, Node, Pattern, Statement } from 'acorn';
import { isNode, parseFunction, visitSuspensions } from '../heap/await-scan';

export interface SerialPair {
  /** What is called, as it is written. */
  first: string;
  second: string;
  /** Offset of the first `await`. */
  firstAwait: number;
}

/** `start`: where V8 says that the function starts. `second`: offset of the second `await`. */
export function serialPair(text: string, start: number, second: number): SerialPair | undefined {
  const parsed = parseFunction(text, start, false);
  const fn = parsed?.body as AnyNode | undefined;
  if (!parsed || (fn?.type !== 'FunctionExpression' && fn?.type !== 'ArrowFunctionExpression') || fn.body.type !== 'BlockStatement') return undefined;
  const awaits: Node[] = [];
  visitSuspensions(fn.body, false, (node) => awaits.push(node) > 0);
  const index = fn.body.body.findIndex((statement) => readOf(statement)?.awaited.start === second + parsed.shift);
  const [one, other] = [fn.body.body[index - 1], fn.body.body[index]].map((statement) => statement && readOf(statement));
  if (!one || !other) return undefined;
  // The first two of the function: how long was waited before is known of them only.
  const inOrder = awaits.map((node) => node.start).sort((a, b) => a - b);
  if (inOrder[0] !== one.awaited.start || inOrder[1] !== other.awaited.start) return undefined;
  if (one.bound.some((name) => other.used.has(name)) || isSameSource(one, other)) return undefined;
  return { first: one.callee.join('.'), second: other.callee.join('.'), firstAwait: one.awaited.start - parsed.shift };
}

/** `const name = await receiver.method(arguments)`. */
interface AwaitedRead {
  awaited: Node;
  /** The names that it binds. */
  bound: string[];
  callee: string[];
  call: CallExpression;
  /** Every name in it. */
  used: Set<string>;
}

function readOf(statement: Statement | { type: string }): AwaitedRead | undefined {
  const node = statement as AnyNode;
  if (node.type !== 'VariableDeclaration' || node.declarations.length !== 1 || (node.kind !== 'const' && node.kind !== 'let')) return undefined;
  const { id, init } = node.declarations[0]!;
  if (init?.type !== 'AwaitExpression' || init.argument.type !== 'CallExpression') return undefined;
  const bound = boundNames(id);
  const callee = calleeOf(init.argument.callee);
  if (!bound || !callee || !isRead(callee, init.argument) || !init.argument.arguments.every(isPlain)) return undefined;
  return { awaited: init, bound, callee, call: init.argument, used: namesIn(node) };
}

/** Undefined for a pattern that computes something. */
function boundNames(pattern: Pattern): string[] | undefined {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern': {
      const names = pattern.properties.map((property) => (property.type === 'Property' && !property.computed ? boundNames(property.value) : undefined));
      return names.every((each) => each !== undefined) ? names.flat() : undefined;
    }
    case 'ArrayPattern': {
      const names = pattern.elements.map((element) => (element ? boundNames(element) : []));
      return names.every((each) => each !== undefined) ? names.flat() : undefined;
    }
    default:
      return undefined;
  }
}

/** `['this', 'users', 'find']`; undefined for what is computed. */
function calleeOf(node: Expression | { type: string }): string[] | undefined {
  const callee = node as AnyNode;
  if (callee.type === 'Identifier') return [callee.name];
  if (callee.type === 'ThisExpression') return ['this'];
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return undefined;
  const object = calleeOf(callee.object);
  return object && [...object, callee.property.name];
}

const READS = /^(?:get|fetch|load|read|find|list|query|lookup|count|search|retrieve|select|describe)(?![a-z])/;
/** Without a word behind it, these take the next piece of a stream, or a step of a transaction. */
const STEPS = /^(?:read|query|select|load)$/;
/** What does one thing after the other, or remembers what was done before. */
const STATEFUL = /^(?:tx|trx|transaction|conn|connection|client|session|cursor|reader|stream|lock)$/i;

function isRead(callee: readonly string[], { arguments: given }: CallExpression): boolean {
  const name = callee.at(-1)!;
  if (!READS.test(name) || STEPS.test(name) || callee.some((part) => STATEFUL.test(part))) return false;
  // A request with options may be one that changes something.
  return name !== 'fetch' || given.length === 1;
}

/** The next one of the same: `queue.get()` twice. */
function isSameSource(one: AwaitedRead, other: AwaitedRead): boolean {
  return one.callee.join('.') === other.callee.join('.') && (one.call.arguments.length === 0 || other.call.arguments.length === 0);
}

const PLAIN = new Set([
  'Identifier', 'Literal', 'MemberExpression', 'ThisExpression', 'TemplateLiteral', 'TemplateElement', 'ObjectExpression', 'Property', 'ArrayExpression',
  'SpreadElement', 'BinaryExpression', 'LogicalExpression', 'ConditionalExpression', 'ChainExpression',
]);

/** It changes nothing and calls nothing. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (!isNode(value)) return true;
  return PLAIN.has(value.type) && Object.values(value).every(isPlain);
}

function namesIn(root: Node): Set<string> {
  const names = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isNode(value)) return;
    if (value.type === 'Identifier') names.add(value.name);
    Object.values(value).forEach(walk);
  };
  walk(root);
  return names;
}
