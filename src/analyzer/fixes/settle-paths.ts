import type { Refusal, TextEdit } from '../finding';
import {
  SyntaxKind,
  isAwaitExpression,
  isBlock,
  isCallExpression,
  isExpressionStatement,
  isIdentifier,
  isIfStatement,
  isReturnStatement,
  isSpreadElement,
  isThrowStatement,
  isTryStatement,
  type CallExpression,
  type Expression,
  type Node,
  type SourceUnit,
} from '../program';
import { skipParentheses } from '../syntax/expressions';
import { replace } from './edits';
import type { Executor } from './promise-executor';

interface Settlers {
  readonly resolve: string | undefined;
  readonly reject: string | undefined;
}

/**
 * The edits that turn `resolve(x)` into `return x` and `reject(e)` into `throw e` in an executor whose every path ends
 * with one of them, or the reason why that would do something else.
 */
export function settleEdits(executor: Executor, settlers: Settlers, unit: SourceUnit): TextEdit[] | Refusal {
  const paths = new Paths(settlers, unit);
  const { body } = executor;
  const ends = isBlock(body) ? paths.statement(body, { isTail: true, caught: false, inTry: false }) : paths.expressionBody(skipParentheses(body));
  if (paths.obstacle !== undefined) return { refused: paths.obstacle };
  if (mentions(body, settlers) !== paths.count) return { refused: "'resolve' or 'reject' is also used in another way: in a callback, or with code after it." };
  return ends ? paths.edits : { refused: 'a path through the executor settles nothing.' };
}

interface Context {
  /** Nothing of the executor runs after this statement. */
  readonly isTail: boolean;
  /** A catch clause of the executor would see what is thrown here. */
  readonly caught: boolean;
  readonly inTry: boolean;
}

class Paths {
  readonly edits: TextEdit[] = [];
  /** Settling calls that were rewritten. */
  count = 0;
  obstacle: string | undefined;

  constructor(
    private readonly settlers: Settlers,
    private readonly unit: SourceUnit,
  ) {}

  expressionBody(body: Expression): boolean {
    const call = this.settling(body);
    if (!call || call.kind === 'reject') return false;
    this.count++;
    const value = call.node.arguments[0];
    if (!value) return false;
    const given = skipParentheses(value);
    const kept = isAwaitExpression(given) ? given.expression : value;
    this.edits.push(this.cut(body.getStart(), kept.getStart(), ''), this.cut(kept.end, body.end, ''));
    return true;
  }

  /** Rewrites what settles in a statement; gives whether every path through it ends there. */
  statement(node: Node, context: Context): boolean {
    if (isBlock(node)) return this.list(node.statements, context);
    if (isExpressionStatement(node)) return this.expression(node, context, undefined);
    if (isReturnStatement(node)) {
      const call = node.expression && this.settling(node.expression);
      if (!call) this.obstacle ??= node.expression ? 'the executor returns something.' : 'a path through the executor settles nothing.';
      else this.settle(node, call, context);
      return true;
    }
    if (isThrowStatement(node)) return true;
    if (isIfStatement(node)) {
      const thenEnds = this.statement(node.thenStatement, context);
      return node.elseStatement ? this.statement(node.elseStatement, context) && thenEnds : false;
    }
    if (isTryStatement(node)) return this.try(node, context);
    const body = (node as { statement?: Node }).statement;
    if (body) this.statement(body, { ...context, isTail: false });
    return false;
  }

  private try(node: Node, context: Context): boolean {
    if (!isTryStatement(node)) return false;
    const { tryBlock, catchClause, finallyBlock } = node;
    if (finallyBlock && mentions(finallyBlock, this.settlers) > 0) this.obstacle ??= 'a finally block settles it.';
    const ends = this.statement(tryBlock, { ...context, caught: context.caught || catchClause !== undefined, inTry: true });
    const inCatch = { ...context, inTry: context.inTry || finallyBlock !== undefined };
    return catchClause ? this.statement(catchClause.block, inCatch) && ends : ends;
  }

  private list(statements: readonly Node[], context: Context): boolean {
    let ends = false;
    statements.forEach((statement, index) => {
      if (ends) return;
      const isLast = index === statements.length - 1;
      const next = statements[index + 1];
      const inner = { ...context, isTail: context.isTail && isLast };
      if (isExpressionStatement(statement)) ends = this.expression(statement, inner, next);
      else ends = this.statement(statement, inner);
    });
    return ends;
  }

  private expression(node: Node & { expression: Expression }, context: Context, next: Node | undefined): boolean {
    const call = this.settling(node.expression);
    if (!call) return false;
    const returns = next && isReturnStatement(next) && !next.expression;
    if (!context.isTail && !returns) {
      this.obstacle ??= 'code runs after the promise is settled.';
      return false;
    }
    this.settle(node, call, context);
    if (returns) this.edits.push(this.cut(node.end, next.end, ''));
    return true;
  }

  private settle(node: Node, { kind, node: call }: Settling, context: Context): void {
    this.count++;
    const value = call.arguments[0];
    if (kind === 'reject' && context.caught) this.obstacle ??= "a catch of the executor would see what 'reject' is given.";
    if (kind === 'reject' && !value) this.obstacle ??= "'reject' is given nothing.";
    const semicolon = this.unit.text[node.end - 1] === ';' ? ';' : '';
    if (!value) {
      this.edits.push(this.cut(node.getStart(), node.end, `return${semicolon}`));
      return;
    }
    const given = skipParentheses(value);
    // What an async function returns is waited for anyway, unless a try is to see it fail.
    const kept = kind === 'resolve' && isAwaitExpression(given) && !context.inTry ? given.expression : value;
    const keyword = kind === 'resolve' ? 'return ' : 'throw ';
    this.edits.push(this.cut(node.getStart(), kept.getStart(), keyword), this.cut(kept.end, node.end, semicolon));
  }

  private settling(expression: Expression): Settling | undefined {
    const node = skipParentheses(expression);
    if (!isCallExpression(node) || !isIdentifier(node.expression) || node.arguments.length > 1 || node.arguments.some(isSpreadElement)) return undefined;
    const { text } = node.expression;
    if (text === this.settlers.resolve) return { kind: 'resolve', node };
    return text === this.settlers.reject ? { kind: 'reject', node } : undefined;
  }

  private cut(start: number, end: number, text: string): TextEdit {
    return replace(this.unit.path, { start, end }, text);
  }
}

interface Settling {
  readonly kind: 'resolve' | 'reject';
  readonly node: CallExpression;
}

function mentions(root: Node, { resolve, reject }: Settlers): number {
  let count = isIdentifier(root) && (root.text === resolve || root.text === reject) && root.parent.kind !== SyntaxKind.PropertyAccessExpression ? 1 : 0;
  root.forEachChild((child) => {
    count += mentions(child, { resolve, reject });
  });
  return count;
}
