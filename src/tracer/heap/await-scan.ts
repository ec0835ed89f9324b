import { parse, parseExpressionAt, type AnyNode, type Node, type Options } from 'acorn';

export type CodeKind = 'async-function' | 'async-generator' | 'module';

/** Room for most functions, so that a bundle of megabytes is not copied for each. */
const FIRST_SLICE = 1 << 15;

/**
 * Where an async function can be suspended, if its text leaves only one place: the offset of its only `await`. Undefined
 * where there are several, where the place is one of `for await`, `yield` or `await using` (which suspend at places of
 * their own), and where the text is not understood.
 *
 * `start` is where V8 says that the function starts: its parameter list, for arrows the arrow function.
 */
export function onlyAwait(text: string, start: number, kind: CodeKind): number | undefined {
  const isGenerator = kind === 'async-generator';
  const found = kind === 'module' ? parseModule(text) : parseFunction(text, start, isGenerator);
  if (!found) return undefined;
  const awaits: number[] = [];
  const isSingle = visitSuspensions(found.body, isGenerator, (node) => {
    if (node.type !== 'AwaitExpression') return false;
    awaits.push(node.start - found.shift);
    return awaits.length === 1;
  });
  return isSingle ? awaits[0] : undefined;
}

/** How far before a place its `await` is looked for, and how many of them. */
const AWAIT_REACH = 2_000;
const MOST_AWAITS = 8;
/** Between an `await` and the place that V8 gives for its operand. */
const OPERAND_BEGINS = /^\s+(?:new\s+)?(?:[\w$#]+[?!]*\.)*$/;

/**
 * The offset of the `await` (or `yield`) whose operand the place at `offset` is in, the innermost; undefined where there is none
 * (a `for await`, or a text that is not understood).
 */
export function awaitAround(text: string, offset: number): number | undefined {
  // `yield await x` waits for x first.
  const here = /^(?:yield\s+(?=await(?![\w$])))?(?:await|yield)(?![\w$])/.exec(text.slice(offset, offset + 100));
  if (here) return offset + here[0].length - 'await'.length;
  const from = Math.max(0, offset - AWAIT_REACH);
  const awaits = [...text.slice(from, offset).matchAll(/(?<![\w$.])(?:await|yield)(?![\w$])/g)].slice(-MOST_AWAITS).reverse();
  for (const { index } of awaits) {
    const start = from + index;
    if (/\bfor\s*$/.test(text.slice(Math.max(0, start - 20), start))) return undefined;
    // A `yield` is read as if it were an `await`: alone, it is no expression.
    const slice = `await${text.slice(start + 5, start + FIRST_SLICE)}`;
    const parsed = attempt(() => parseExpressionAt(slice, 0, { ...OPTIONS, sourceType: 'module' }));
    if (parsed && awaitAtStart(parsed, offset - start)) return start;
    // TypeScript's own syntax may be between or follow.
    if (OPERAND_BEGINS.test(text.slice(start + 5, offset))) return start;
  }
  return undefined;
}

/** True where an await that begins an expression reaches beyond `offset`. */
function awaitAtStart(node: unknown, offset: number): boolean {
  if (Array.isArray(node)) return node.some((each) => awaitAtStart(each, offset));
  if (!isNode(node) || node.start > 0) return false;
  if (node.type === 'AwaitExpression') return node.end > offset;
  return Object.values(node).some((each) => awaitAtStart(each, offset));
}

export interface ParsedCode {
  body: Node;
  /** What to take off the offsets of its nodes. */
  shift: number;
}

function parseModule(text: string): ParsedCode | undefined {
  const body = attempt(() => parse(text, { ...OPTIONS, sourceType: 'module' }));
  return body && { body, shift: 0 };
}

/** Reads the async function that starts at `start`, as V8 says it; undefined where the text is not understood (TypeScript, say). */
export function parseFunction(text: string, start: number, isGenerator: boolean): ParsedCode | undefined {
  // A parameter list alone is no expression: whatever the function was (a method, a declaration), this reads the same.
  const prefix = text[start] === '(' ? `async function${isGenerator ? '*' : ''}` : '';
  for (const end of [start + FIRST_SLICE, text.length]) {
    const slice = prefix + text.slice(start, end);
    for (const sourceType of ['module', 'script'] as const) {
      const parsed = attempt(() => parseExpressionAt(slice, 0, { ...OPTIONS, sourceType }));
      // What follows the function may belong to the expression (a call of it), so the function is its leftmost part.
      const fn = parsed && leftmostFunction(parsed);
      if (fn) return { body: fn, shift: prefix.length - start };
    }
    if (end >= text.length) break;
  }
  return undefined;
}

const OPTIONS = {
  ecmaVersion: 'latest',
  allowSuperOutsideMethod: true,
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowHashBang: true,
  checkPrivateFields: false,
} as const satisfies Options;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function leftmostFunction(node: Node): Node | undefined {
  let at = node as AnyNode | undefined;
  while (at && at.start === node.start) {
    switch (at.type) {
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return at.async ? at : undefined;
      case 'CallExpression':
        at = at.callee;
        break;
      case 'MemberExpression':
        at = at.object;
        break;
      case 'TaggedTemplateExpression':
        at = at.tag;
        break;
      case 'SequenceExpression':
        at = at.expressions[0];
        break;
      case 'LogicalExpression':
      case 'BinaryExpression':
        at = at.left;
        break;
      case 'ConditionalExpression':
        at = at.test;
        break;
      default:
        return undefined;
    }
  }
  return undefined;
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'StaticBlock']);

/** Visits the places where a function itself (not those inside it) can be suspended, until `visit` says false. True if it never did. */
export function visitSuspensions(root: Node, isGenerator: boolean, visit: (node: AnyNode) => boolean): boolean {
  const walk = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(walk);
    if (!isNode(value)) return true;
    if (value !== root && FUNCTIONS.has(value.type)) return true;
    const suspends =
      value.type === 'AwaitExpression' ||
      (value.type === 'ForOfStatement' && value.await) ||
      (value.type === 'VariableDeclaration' && value.kind === 'await using') ||
      (isGenerator && (value.type === 'YieldExpression' || (value.type === 'ReturnStatement' && Boolean(value.argument))));
    if (suspends && !visit(value)) return false;
    return Object.values(value).every(walk);
  };
  return walk(root);
}

export function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
