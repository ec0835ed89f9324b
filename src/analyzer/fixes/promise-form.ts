import type { BlockingApi } from '../blocking/catalogue';
import {
  isCallExpression,
  isExpressionStatement,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
  isStringLiteral,
  type CallExpression,
  type Expression,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';

/** How a blocking call is written without blocking. */
export interface PromiseForm {
  /** The module and export that is called in its place. */
  readonly module: string;
  readonly name: string;
  /** The export takes a callback: `promisify` gives its promise form. */
  readonly promisify?: boolean;
  /** The types that `promisify` gives it are of no use: those of this blocking form are written out, in TypeScript. */
  readonly typedLike?: string;
  /** A method of the same object. */
  readonly method?: boolean;
  /** Put before and after the call, inside the `await`. */
  readonly before?: string;
  readonly after?: string;
  /** What of the result the blocking form returned. */
  readonly pick?: string;
  /** Said in the title: what else changes. */
  readonly note?: string;
}

/** What Node's types have no promisified form of: their result would be unknown. */
const untyped = new Set(['scrypt', 'checkPrime', 'generatePrime', 'diffieHellman']);

/** The promise form of a call of a blocking API, or why there is none that does the same. */
export function promiseForm(api: BlockingApi, call: CallExpression): PromiseForm | { refused: string } | undefined {
  const name = calledName(api);
  const plain = name.replace(/_?[Ss]ync$/, '');
  switch (api.fix) {
    case 'simple':
      if (api.export.includes('.prototype.')) return { module: api.module, name: plain, method: true };
      if (api.module !== 'fs') return undefined;
      if (hasOption(call, 'throwIfNoEntry')) return { refused: "the promise form knows 'throwIfNoEntry' only in newer versions of Node." };
      return { module: 'fs/promises', name: plain };
    case 'twin':
      return api.replacement === undefined ? undefined : { module: api.module, name: api.replacement };
    case 'promisify':
      return { module: api.module, name: plain, promisify: true, ...(untyped.has(plain) ? { typedLike: name } : {}) };
    case 'dataflow':
      return api.module === 'fs' ? descriptorForm(plain, call) : undefined;
    case 'custom':
      return customForm(api.module, name, plain, call);
    default:
      return undefined;
  }
}

/** Calls with a numeric file descriptor: the callback forms keep the number, the promise API has none. */
function descriptorForm(name: string, call: CallExpression): PromiseForm {
  const results: Record<string, string> = { read: 'bytesRead', readv: 'bytesRead', write: 'bytesWritten', writev: 'bytesWritten' };
  const pick = results[name];
  const form = { module: 'fs', name, promisify: true };
  return pick && !isExpressionStatement(call.parent) ? { ...form, pick } : form;
}

function customForm(module: string, name: string, plain: string, call: CallExpression): PromiseForm | { refused: string } | undefined {
  if (module === 'fs' && name === 'existsSync') {
    return { module: 'fs/promises', name: 'access', after: '.then(() => true, () => false)' };
  }
  if (module === 'fs' && name === 'globSync') return { module: 'fs/promises', name: 'glob', before: 'Array.fromAsync(', after: ')' };
  if (module === 'child_process') return commandForm(plain, call);
  return undefined;
}

/** `execSync` returns what the command printed; of its options some have no counterpart. */
function commandForm(plain: string, call: CallExpression): PromiseForm | { refused: string } {
  const options = call.arguments.map(skipOuterExpressions).find(isObjectLiteralExpression);
  const last = call.arguments[call.arguments.length - 1];
  const limit = plain === 'exec' ? 1 : 2;
  if (!options && last && call.arguments.length > limit) return { refused: 'its options are not to be seen.' };
  if (options && hasOption(call, 'input')) return { refused: `'${plain}' takes no 'input'.` };
  const stdio = options && optionValue(options, 'stdio');
  const piped = stdio !== undefined && isStringLiteral(stdio) && stdio.text === 'pipe';
  if (options && hasOption(call, 'stdio') && !piped) return { refused: `'${plain}' always pipes: use 'spawn' to keep 'stdio'.` };
  const unused = isExpressionStatement(call.parent);
  const encoding = options && optionValue(options, 'encoding');
  const asText = encoding !== undefined && isStringLiteral(encoding) && encoding.text !== 'buffer';
  if (!unused && !asText && !isTurnedToText(call)) {
    return { refused: `the blocking form returns a Buffer here, and '${plain}' gives text: set an encoding first.` };
  }
  const form = { module: 'child_process', name: plain, promisify: true, ...(piped ? {} : { note: 'its error output is no longer shown' }) };
  return unused ? form : { ...form, pick: 'stdout' };
}

/** `execSync(…).toString()` with UTF-8, which a string has too. */
function isTurnedToText(call: CallExpression): boolean {
  const access = call.parent;
  if (!isPropertyAccessExpression(access) || access.name.text !== 'toString') return false;
  return isCallExpression(access.parent) && access.parent.arguments.length === 0;
}

function hasOption(call: CallExpression, name: string): boolean {
  return call.arguments.map(skipOuterExpressions).some((argument) => isObjectLiteralExpression(argument) && mayHave(argument, name));
}

function mayHave(object: Expression, name: string): boolean {
  if (!isObjectLiteralExpression(object)) return false;
  return object.properties.some((property) => {
    if (isPropertyAssignment(property) || isShorthandPropertyAssignment(property)) return property.name.getText().replace(/['"]/g, '') === name;
    return true;
  });
}

function optionValue(object: Expression, name: string): Expression | undefined {
  if (!isObjectLiteralExpression(object)) return undefined;
  for (const property of object.properties) {
    if (isPropertyAssignment(property) && property.name.getText().replace(/['"]/g, '') === name) return property.initializer;
  }
  return undefined;
}

function calledName(api: BlockingApi): string {
  return api.export.replace(/^new |\(\)$/g, '').replace(/^.*\./, '');
}
