import type { Refusal, TextEdit } from '../finding';
import {
  isArrowFunction,
  isBinaryExpression,
  isConstructorDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isSetAccessorDeclaration,
  isTypePredicateNode,
  isTypeReferenceNode,
  isVariableDeclaration,
  type Node,
  type TypeNode,
} from '../program';
import { isModuleExports } from '../blocking/declared-names';
import type { FunctionNode } from '../syntax/functions';
import type { EditedFile } from './await-edits';
import { insert } from './edits';

/** What a function is called in a sentence. */
export function describeFunction(node: FunctionNode): string {
  const name = nameOf(node) ?? assignedName(node);
  if (name) return `'${name.getText()}'`;
  return isArrowFunction(node) || isFunctionExpression(node) ? 'this callback' : 'this function';
}

/** `load` of `exports.load = …` */
function assignedName({ parent }: Node): Node | undefined {
  return isBinaryExpression(parent) && isPropertyAccessExpression(parent.left) && !isModuleExports(parent.left) ? parent.left.name : undefined;
}

/** The name that a function is called by: its own, or that of the variable or property that holds it. */
export function nameOf(node: FunctionNode): Node | undefined {
  const own = (node as { name?: Node }).name;
  if (own && !(isFunctionExpression(node) || isArrowFunction(node))) return own;
  const { parent } = node;
  if ((isVariableDeclaration(parent) || isPropertyAssignment(parent) || isPropertyDeclaration(parent)) && parent.initializer === node) {
    return parent.name;
  }
  return own;
}

/** Why a function cannot be async whoever calls it; undefined where it can. */
export function cannotBeAsync(node: FunctionNode): string | undefined {
  if (isConstructorDeclaration(node)) return 'a constructor cannot be async.';
  if (isGetAccessorDeclaration(node)) return 'a getter cannot be async.';
  if (isSetAccessorDeclaration(node)) return 'a setter cannot be async.';
  if ((node as { asteriskToken?: Node }).asteriskToken) return `${describeFunction(node)} is a generator: its callers iterate it at once.`;
  if (node.type && isTypePredicateNode(node.type)) return `${describeFunction(node)} is a type guard.`;
  if (isRendered(node)) return `React calls ${describeFunction(node)} while it renders and does not wait: such work belongs in an effect or a handler.`;
  return undefined;
}

/** Whether a function is a hook, or a component that uses hooks, which one of a server's does not. */
function isRendered(node: FunctionNode): boolean {
  const name = nameOf(node)?.getText() ?? '';
  const { fileName } = node.getSourceFile();
  if (/^use[A-Z]/.test(name)) return usesHooks(node);
  return /^[A-Z]/.test(name) && /\.[jt]sx$/.test(fileName) && usesHooks(node);
}

function usesHooks({ body }: FunctionNode): boolean {
  return body !== undefined && /(?<![\w$])(?:React\.)?use[A-Z]\w*\s*[(<]/.test(body.getText());
}

/** Makes a function async, and its declared return type (in JavaScript that of its `@returns`) a promise. */
export function makeAsync(file: EditedFile, node: FunctionNode): TextEdit[] | Refusal {
  const reason = cannotBeAsync(node);
  if (reason) return { refused: reason };
  const edits = [insert(file.path, asyncPosition(file, node), 'async ')];
  if (node.type && !isPromiseType(node.type)) {
    edits.push(insert(file.path, node.type.getStart(file.sourceFile), 'Promise<'), insert(file.path, node.type.end, '>'));
  }
  return edits;
}

/** After `export default public static override`, before `function`, the name or the parameters. */
function asyncPosition({ sourceFile }: EditedFile, node: FunctionNode): number {
  const after = node.modifiers?.[node.modifiers.length - 1]?.end;
  if (after === undefined) return node.getStart(sourceFile);
  const rest = /^(?:\s|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)*/.exec(sourceFile.text.slice(after));
  return after + (rest?.[0].length ?? 0);
}

/** A return type that an async function may declare. */
export function isPromiseType(type: TypeNode): boolean {
  return isTypeReferenceNode(type) && isIdentifier(type.typeName) && type.typeName.text === 'Promise';
}
