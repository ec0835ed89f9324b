import type { Refusal, TextEdit } from '../finding';
import {
  isArrowFunction,
  isAwaitExpression,
  isReturnStatement,
  isTryStatement,
  type Asking,
  type CallExpression,
  type Expression,
  type Node,
  type Project,
} from '../program';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { isThenable } from './accepts-promise';
import { describeFunction, isPromiseType, makeAsync } from './async-function';
import { awaited, type EditedFile } from './await-edits';
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

/** A growing set of functions that become async. */
class Migration {
  private readonly functions: FunctionNode[] = [];
  private readonly awaits: Expression[] = [];

  constructor(private readonly project: Project) {}

  add(node: FunctionNode): void {
    if (!this.functions.includes(node)) this.functions.push(node);
  }

  await(expression: Expression): Refusal | undefined {
    const sourceFile = expression.getSourceFile();
    const place = awaitPlace(expression, sourceFile);
    if (place.kind === 'impossible') return { refused: `the call at ${placeOf(expression)} cannot be awaited: ${place.reason}` };
    if (!this.awaits.includes(expression)) this.awaits.push(expression);
    if (place.kind === 'needs-async') this.add(place.function);
    return undefined;
  }

  *finish(): Asking<readonly TextEdit[] | Refusal> {
    const edits: TextEdit[] = [];
    for (let index = 0; index < this.functions.length; index++) {
      const node = this.functions[index];
      if (!node) break;
      if (index >= maxFunctions) return { refused: `more than ${maxFunctions} functions would have to become async.` };
      const own = makeAsync(fileOf(node), node);
      if ('refused' in own) return own;
      edits.push(...own);
      if (yield* this.givesPromise(node)) continue;
      const calls = yield* callsOf(this.project, node);
      if ('refused' in calls) return calls;
      for (const call of calls) {
        const obstacle = this.awaitCall(call);
        if (obstacle) return { refused: `${describeFunction(node)} would have to be async, but ${obstacle.refused}` };
      }
    }
    // What begins at one place is wrapped from the outside in.
    const outside = [...this.awaits].sort((a, b) => a.pos - b.pos || b.end - a.end);
    for (const expression of outside) {
      const added = awaited(fileOf(expression), expression);
      if (!added) return { refused: `the optional chain at ${placeOf(expression)} would no longer skip what follows.` };
      edits.push(...added);
    }
    return mergeInsertions(edits);
  }

  /** A call that is returned needs no await of its own, unless a try statement is to see its errors. */
  private awaitCall(call: CallExpression): Refusal | undefined {
    const { parent } = call;
    if (isAwaitExpression(parent)) return undefined;
    const place = awaitPlace(call, call.getSourceFile());
    const returned = (isReturnStatement(parent) && !isInsideTry(call)) || (isArrowFunction(parent) && parent.body === call);
    if (!returned || place.kind === 'impossible') return this.await(call);
    if (place.kind === 'needs-async') this.add(place.function);
    return undefined;
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

function isInsideTry(node: Node): boolean {
  for (let at = node.parent as Node | undefined; at && !isFunctionNode(at); at = at.parent as Node | undefined) {
    if (isTryStatement(at)) return true;
  }
  return false;
}

function fileOf(node: Node): EditedFile {
  const sourceFile = node.getSourceFile();
  return { path: sourceFile.fileName, text: sourceFile.text, sourceFile };
}
