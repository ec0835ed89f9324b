import type { Refusal, TextEdit } from '../finding';
import {
  isArrowFunction,
  isAwaitExpression,
  isReturnStatement,
  isTryStatement,
  type Asking,
  type Expression,
  type Node,
  type Project,
} from '../program';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { isThenable } from './accepts-promise';
import { describeFunction, isPromiseType, makeAsync } from './async-function';
import { awaited, surrounded, type Around, type EditedFile } from './await-edits';
import { awaitPlace } from './await-place';
import { callsOf, placeOf } from './callers';
import { mergeInsertions } from './edits';

/** More callers than this are no quick fix any more. */
const maxFunctions = 60;

/** Awaits expressions wherever they are: functions around them become async, and so on through all their callers. */
export function* awaitEverywhere(project: Project, expressions: readonly Expression[]): Asking<readonly TextEdit[] | Refusal> {
  const migration = new Migration(project);
  for (const expression of expressions) {
    const obstacle = migration.await(expression);
    if (obstacle) return obstacle;
  }
  return yield* migration.finish();
}

/** Makes a function async and awaits it in its callers, without touching its body. */
export function* asyncThroughCallers(project: Project, node: FunctionNode): Asking<readonly TextEdit[] | Refusal> {
  const migration = new Migration(project);
  migration.add(node);
  return yield* migration.finish();
}

/** A growing set of functions that become async, with what is awaited in them and their callers. */
export class Migration {
  private readonly functions: FunctionNode[] = [];
  private readonly awaits = new Map<Expression, Around>();

  /**
   * `enter` is told of each function that becomes async, and may add to the migration or refuse. `detached` is a callback
   * that becomes async though its caller will not wait for it.
   */
  constructor(
    private readonly project: Project,
    private readonly enter: (node: FunctionNode) => Refusal | undefined = () => undefined,
    private readonly detached?: FunctionNode,
  ) {}

  add(node: FunctionNode): void {
    if (!this.functions.includes(node)) this.functions.push(node);
  }

  /**
   * Awaits an expression; the function around it becomes async where it is not. One that is returned needs no await of
   * its own, unless a try statement is to see its errors.
   */
  await(expression: Expression, around: Around = {}): Refusal | undefined {
    const place = awaitPlace(expression, expression.getSourceFile());
    if (place.kind === 'impossible') return { refused: `the call at ${placeOf(expression)} cannot be awaited: ${place.reason}` };
    if (!this.awaits.has(expression)) this.awaits.set(expression, around);
    if (place.kind === 'needs-async') this.add(place.function);
    return undefined;
  }

  /** Follows all callers, and gives the edits of all files. */
  *finish(): Asking<readonly TextEdit[] | Refusal> {
    const edits: TextEdit[] = [];
    for (let index = 0; index < this.functions.length; index++) {
      const node = this.functions[index];
      if (!node) break;
      if (index >= maxFunctions) return { refused: `more than ${maxFunctions} functions would have to become async.` };
      const own = makeAsync(fileOf(node), node);
      if ('refused' in own) return own;
      edits.push(...own);
      const obstacle = this.enter(node);
      if (obstacle) return obstacle;
      if (node === this.detached || (yield* this.givesPromise(node))) continue;
      const calls = yield* callsOf(this.project, node);
      if ('refused' in calls) return calls;
      for (const call of calls) {
        const obstacle = this.await(call);
        if (obstacle) return { refused: `${describeFunction(node)} would have to be async, but ${obstacle.refused}` };
      }
    }
    // What begins at one place is wrapped from the outside in.
    const outside = [...this.awaits].sort(([a], [b]) => a.getStart() - b.getStart() || b.end - a.end);
    for (const [expression, around] of outside) {
      const file = fileOf(expression);
      const added = isPassedOn(expression, around) ? surrounded(file, expression, around) : awaited(file, expression, around);
      if (!added) return { refused: `the optional chain at ${placeOf(expression)} would no longer skip what follows.` };
      edits.push(...added);
    }
    return mergeInsertions(edits);
  }

  /** Callers of a function that gives a promise already see no difference. */
  private *givesPromise(node: FunctionNode): Asking<boolean> {
    if (isAsync(node) || (node.type && isPromiseType(node.type))) return true;
    const { checker } = this.project;
    const signature = yield* checker.getSignatureFromDeclaration.gen(node);
    if (!signature) return false;
    return yield* isThenable(yield* checker.getReturnTypeOfSignature.gen(signature), checker);
  }
}

function isPassedOn(expression: Expression, { pick }: Around): boolean {
  const { parent } = expression;
  if (pick !== undefined) return false;
  if (isAwaitExpression(parent)) return true;
  return (isReturnStatement(parent) && !isInsideTry(expression)) || (isArrowFunction(parent) && parent.body === expression);
}

function isInsideTry(node: Node): boolean {
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); at = at.parent as Node | undefined) {
    if (isTryStatement(at)) return true;
  }
  return false;
}

/** The file that a node is in, to be edited. */
export function fileOf(node: Node): EditedFile {
  const sourceFile = node.getSourceFile();
  return { path: sourceFile.fileName, text: sourceFile.text, sourceFile };
}
