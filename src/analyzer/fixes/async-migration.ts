import type { Refusal, TextEdit } from '../finding';
import {
  SyntaxKind,
  isArrowFunction,
  isAwaitExpression,
  isBinaryExpression,
  isIdentifier,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isReturnStatement,
  isTryStatement,
  type Asking,
  type Expression,
  type Node,
  type Project,
} from '../program';
import { enclosingFunction, isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { placeOf } from '../syntax/places';
import { isAssignmentOperator } from '../syntax/promises';
import { isThenable } from './accepts-promise';
import { describeFunction, isPromiseType, makeAsync } from './async-function';
import { awaited, surrounded, type Around, type EditedFile } from './await-edits';
import { awaitPlace } from './await-place';
import { callsOf } from './callers';
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
      const assigned = compoundAssignment(expression);
      if (assigned && !(yield* isOwnVariable(this.project, assigned))) {
        return { refused: `the assignment at ${placeOf(assigned)} would read '${assigned.getText()}' before it waits, and undo what others write meanwhile.` };
      }
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

/** What is read before and written after an expression is evaluated: `total` of `total += load()` and `total = total + load()`. */
function compoundAssignment(expression: Expression): Expression | undefined {
  for (let at: Node = expression; at.parent && !isFunctionNode(at.parent); at = at.parent) {
    const { parent } = at;
    if (!isBinaryExpression(parent) || parent.right !== at || !isAssignmentOperator(parent.operatorToken.kind)) continue;
    if (!plainAssignments.has(parent.operatorToken.kind) || readsBefore(parent.right, parent.left.getText(), expression)) return parent.left;
  }
  return undefined;
}

/** Whether a value reads something before it comes to one of its parts. `x ?? load()`, like `??=`, is only whether there is something yet. */
function readsBefore(value: Node, thing: string, part: Expression): boolean {
  if (isFunctionNode(value) || value.pos >= part.pos) return false;
  if (value.getText() === thing && !isNameOnly(value)) return true;
  const isChoice = isBinaryExpression(value) && choosing.has(value.operatorToken.kind) && value.left.getText() === thing;
  let found = false;
  value.forEachChild((child) => {
    found ||= !(isChoice && child === value.left) && readsBefore(child, thing, part);
  });
  return found;
}

/** `name` of `object.name` and `{ name: … }` reads no variable of that name. */
function isNameOnly(node: Node): boolean {
  const { parent } = node;
  return (isPropertyAccessExpression(parent) || isPropertyAssignment(parent)) && parent.name === node;
}

const choosing = new Set<SyntaxKind>([SyntaxKind.BarBarToken, SyntaxKind.AmpersandAmpersandToken, SyntaxKind.QuestionQuestionToken]);

/** Assignments whose new value is not made of the old one. */
const plainAssignments = new Set<SyntaxKind>([
  SyntaxKind.EqualsToken,
  SyntaxKind.BarBarEqualsToken,
  SyntaxKind.AmpersandAmpersandEqualsToken,
  SyntaxKind.QuestionQuestionEqualsToken,
]);

/** Whether an expression is a variable of the function that it stands in: nobody writes it while that one waits. */
function* isOwnVariable(project: Project, node: Expression): Asking<boolean> {
  if (!isIdentifier(node)) return false;
  const [handle] = (yield* project.checker.getSymbolAtLocation.gen(node))?.declarations ?? [];
  const declared = handle && ((yield* handle.resolve.gen(project)) as Node | undefined);
  return declared !== undefined && enclosingFunction(node) !== undefined && enclosingFunction(declared) === enclosingFunction(node);
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
