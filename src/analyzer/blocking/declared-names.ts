import {
  isArrayLiteralExpression,
  isBinaryExpression,
  isCallExpression,
  isClassDeclaration,
  isExportAssignment,
  isFunctionDeclaration,
  isIdentifier,
  isNewExpression,
  isNumericLiteral,
  isObjectLiteralExpression,
  isPrivateIdentifier,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isStringLiteral,
  isVariableDeclaration,
  SyntaxKind,
  type CallExpression,
  type ClassDeclaration,
  type ClassExpression,
  type Expression,
  type NewExpression,
  type Node,
} from '../program';
import type { FunctionNode } from '../syntax/functions';

/** That a function is an argument of a call, or a property of an object that is. */
export interface Passed {
  readonly call: CallExpression | NewExpression;
  readonly index: number;
  /** The property's name, where the argument is an object literal that holds the function; {@link listed} for a list. */
  readonly property: string | undefined;
}

/** Stands for the property where the argument is an array literal that holds the function. */
export const listed = '[]';

/** The names by which a function or class can be called: its own, or that of what holds it; `default` where it is a module's default. */
export function declaredNames(node: FunctionNode | ClassDeclaration | ClassExpression): string[] {
  const names: string[] = [];
  if ('name' in node && node.name) {
    const text = nameText(node.name);
    if (text !== undefined) names.push(text);
  }
  if ((isFunctionDeclaration(node) || isClassDeclaration(node)) && node.modifiers?.some((modifier) => modifier.kind === SyntaxKind.DefaultKeyword)) {
    names.push('default');
  }
  const holder = holderOf(node);
  if (isVariableDeclaration(holder) || isPropertyAssignment(holder) || isPropertyDeclaration(holder)) {
    const text = nameText(holder.name);
    if (text !== undefined) names.unshift(text);
  } else if (isExportAssignment(holder)) names.push('default');
  else if (isBinaryExpression(holder) && holder.operatorToken.kind === SyntaxKind.EqualsToken) {
    const { left } = holder;
    if (isIdentifier(left)) names.unshift(left.text);
    else if (isPropertyAccessExpression(left)) names.unshift(isModuleExports(left) ? 'default' : left.name.text);
  }
  return names;
}

/** The call that a function is handed to. */
export function passedTo(node: Node): Passed | undefined {
  const holder = holderOf(node);
  if (isCallExpression(holder) || isNewExpression(holder)) return argumentOf(holder, node, undefined);
  if (isArrayLiteralExpression(holder)) {
    const call = holderOf(holder);
    return isCallExpression(call) ? argumentOf(call, holder, listed) : undefined;
  }
  if (!(isPropertyAssignment(holder) || holder.kind === SyntaxKind.ObjectLiteralExpression)) return undefined;
  const property = isPropertyAssignment(holder) ? nameText(holder.name) : 'name' in node ? nameText(node.name as Node) : undefined;
  const literal = isPropertyAssignment(holder) ? holder.parent : holder;
  const call = holderOf(literal);
  return isObjectLiteralExpression(literal) && (isCallExpression(call) || isNewExpression(call)) ? argumentOf(call, literal, property) : undefined;
}

function argumentOf(call: CallExpression | NewExpression, node: Node, property: string | undefined): Passed | undefined {
  const index = call.arguments?.findIndex((argument) => argument.pos <= node.pos && node.end <= argument.end) ?? -1;
  return index < 0 ? undefined : { call, index, property };
}

/** What an expression stands in, past parentheses and type assertions. */
function holderOf(node: Node): Node {
  let at = node.parent;
  while (
    at.kind === SyntaxKind.ParenthesizedExpression ||
    at.kind === SyntaxKind.AsExpression ||
    at.kind === SyntaxKind.SatisfiesExpression ||
    at.kind === SyntaxKind.NonNullExpression
  ) {
    at = at.parent;
  }
  return at;
}

/** `module.exports` */
export function isModuleExports(node: Expression): boolean {
  return isPropertyAccessExpression(node) && isIdentifier(node.expression) && node.expression.text === 'module' && node.name.text === 'exports';
}

export function nameText(name: Node): string | undefined {
  return isIdentifier(name) || isPrivateIdentifier(name) || isStringLiteral(name) || isNumericLiteral(name) ? name.text : undefined;
}
