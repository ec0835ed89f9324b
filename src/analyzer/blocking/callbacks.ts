import { isCallExpression, isIdentifier, isNewExpression, isPropertyAccessExpression, type Asking, type Checker, type Node } from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import type { FunctionNode } from '../syntax/functions';
import type { Passed } from './declared-names';

/** Methods of arrays, maps, sets, strings and iterators that call their argument before they return. */
const iterating = new Set([
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
  'forEach',
  'map',
  'reduce',
  'reduceRight',
  'replace',
  'replaceAll',
  'some',
  'sort',
  'toSorted',
]);

/** How a function that is written as an argument is run at once. */
export interface CallbackRun {
  /** The name of the method that runs it, for the compiler to confirm; none where syntax alone says it. */
  readonly name: (Node & { text: string }) | undefined;
}

/**
 * Whether a call runs a function that is handed to it before it returns: `array.map(f)`, `Array.from(x, f)`,
 * `new Promise(f)`, or a function that is called where it is written.
 */
export function callbackRun(node: FunctionNode, passed: Passed | undefined): CallbackRun | undefined {
  if (!passed) return isCalledHere(node) ? { name: undefined } : undefined;
  if (passed.property !== undefined) return undefined;
  return passedRun(passed);
}

/** The same for a function that is handed over by its name. */
export function passedRun({ call, index }: Passed): CallbackRun | undefined {
  const callee = skipOuterExpressions(call.expression);
  if (isNewExpression(call)) return index === 0 && isIdentifier(callee) && callee.text === 'Promise' ? { name: callee } : undefined;
  if (!isPropertyAccessExpression(callee)) return undefined;
  const name = callee.name as Node & { text: string };
  if (name.text === 'from') return index === 1 && isIdentifier(callee.expression) && callee.expression.text === 'Array' ? { name } : undefined;
  const at = name.text.startsWith('replace') ? 1 : 0;
  return iterating.has(name.text) && index === at ? { name } : undefined;
}

/** Whether the method that would run a function at once is the language's own; unknown ones count as that. */
export function* runsAtOnce(checker: Checker, { name }: CallbackRun): Asking<boolean> {
  if (!name) return true;
  const symbol = yield* checker.getSymbolAtLocation.gen(name);
  const declarations = symbol?.declarations ?? [];
  return declarations.length === 0 || declarations.some((declaration) => /\/lib\.[\w.]+\.d\.ts$/.test(declaration.path));
}

function isCalledHere(node: Node): boolean {
  let at = node;
  while (at.parent && skipOuterExpressions(at.parent as never) !== at.parent) at = at.parent;
  return at.parent !== undefined && isCallExpression(at.parent) && at.parent.expression === at;
}
