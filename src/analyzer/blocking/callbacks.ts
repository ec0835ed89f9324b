import { SymbolFlags, identifiersNamed, isCallExpression, isIdentifier, isNewExpression, isPropertyAccessExpression, isVariableDeclaration, type Asking, type Checker, type Node } from '../program';
import { calleeName, skipOuterExpressions } from '../syntax/expressions';
import { isDeclarationFile, isLanguageLibrary } from '../syntax/file-names';
import { enclosingFunction, isFunctionNode, type FunctionNode } from '../syntax/functions';
import type { Passed } from './declared-names';
import { runsOnce } from './guards';

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
  return declarations.length === 0 || declarations.some((declaration) => isLanguageLibrary(declaration.path));
}

/**
 * Whether a function of the user's own calls what it is given for a parameter before it returns, as `measure` does:
 * `function measure(work) { const started = now(); work(); … }`.
 */
export function* callsParameter(checker: Checker, { call, index }: Passed): Asking<boolean> {
  const name = calleeName(call.expression);
  const symbol = name && (yield* checker.getSymbolAtLocation.gen(name));
  const declared = symbol && symbol.flags & SymbolFlags.Alias ? yield* checker.getAliasedSymbol.gen(symbol) : symbol;
  for (const handle of declared?.declarations ?? []) {
    if (isDeclarationFile(handle.path) || handle.path.includes('/node_modules/')) continue;
    const node: Node | undefined = yield* handle.resolve.gen();
    const held = node && isVariableDeclaration(node) && node.initializer ? skipOuterExpressions(node.initializer) : node;
    if (held && isFunctionNode(held) && runsParameter(held, index)) return true;
  }
  return false;
}

function runsParameter(fn: FunctionNode, index: number): boolean {
  const parameters = fn.parameters.filter(({ name }) => !(name && isIdentifier(name) && name.text === 'this'));
  const parameter = parameters[index];
  if (!fn.body || !parameter || parameter.dotDotDotToken || !isIdentifier(parameter.name)) return false;
  return identifiersNamed(parameter.name.text, fn.body).some(
    (used) => isCallExpression(used.parent) && used.parent.expression === used && enclosingFunction(used) === fn && !runsOnce({ node: used.parent }),
  );
}

function isCalledHere(node: Node): boolean {
  let at = node;
  while (at.parent && skipOuterExpressions(at.parent as never) !== at.parent) at = at.parent;
  const invoked = at.parent && isPropertyAccessExpression(at.parent) && /^(?:call|apply)$/.test(at.parent.name.text) ? at.parent : at;
  return invoked.parent !== undefined && isCallExpression(invoked.parent) && invoked.parent.expression === invoked;
}
