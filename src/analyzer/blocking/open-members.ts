import {
  SyntaxKind,
  identifiersNamed,
  isBinaryExpression,
  isClassDeclaration,
  isClassExpression,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isShorthandPropertyAssignment,
  isVariableDeclaration,
  type ClassDeclaration,
  type InterfaceDeclaration,
  type Node,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isFunctionNode } from '../syntax/functions';
import type { FileFacts, FunctionFacts } from './facts';

/** What declares a member without saying what it does. */
export type OpenOwner = InterfaceDeclaration | ClassDeclaration;

/** Which functions of a project a member may be. */
export interface Members {
  /** All functions of that name; undefined where something else may go by it too, so that they cannot all be told. */
  membersNamed(name: string): readonly FunctionFacts[] | undefined;
}

/** The interface or abstract class of a member that has no body. */
export function openOwner(node: Node): OpenOwner | undefined {
  const { parent } = node;
  if (isMethodSignatureDeclaration(node) || isPropertySignatureDeclaration(node)) return isInterfaceDeclaration(parent) ? parent : undefined;
  const isAbstract = isMethodDeclaration(node) && !node.body && node.modifiers?.some(({ kind }) => kind === SyntaxKind.AbstractKeyword);
  return isAbstract && isClassDeclaration(parent) ? parent : undefined;
}

/**
 * The functions that a call of a member may run. Types are a matter of shape: not only those of the classes that name the
 * owner, but all of the member's name. None where no class names the owner, or where they cannot all be told.
 */
export function implementationsOf(members: Members, name: string, owner: string | undefined): readonly FunctionFacts[] {
  const found = members.membersNamed(name) ?? [];
  const named = owner === undefined ? [] : found.filter(({ parent }) => parent !== undefined && namesBase(parent.node, owner));
  return named.length > 0 ? [...named, ...found.filter((one) => !named.includes(one))] : [];
}

function namesBase(node: Node, owner: string): boolean {
  if (!isClassDeclaration(node) && !isClassExpression(node)) return false;
  return (node.heritageClauses ?? []).some(({ types }) => types.some((type) => type.getText().replace(/<.*/s, '') === owner));
}

/** All functions of some files that are members of that name; undefined where something else may go by it too. */
export function allMembers(files: readonly FileFacts[], name: string): readonly FunctionFacts[] | undefined {
  return files.some((facts) => mayNameMember(facts, name)) ? undefined : files.flatMap((facts) => membersIn(facts, name));
}

/** The functions of a file that are members of that name: of a class, an object literal, or what is assigned to a property. */
function membersIn({ functions }: FileFacts, name: string): FunctionFacts[] {
  return functions.filter(({ names, node }) => names.includes(name) && !isFunctionDeclaration(node) && !isVariableDeclaration(node.parent));
}

/** Whether a file gives something that is no function written there a name as a member: `{ name }`, `name: load`, `x.name = load`. */
function mayNameMember({ sourceFile }: FileFacts, name: string): boolean {
  return new RegExp(`['"]${name.replaceAll('$', '\\$')}['"]`).test(sourceFile.text) || identifiersNamed(name, sourceFile).some(givesOther);
}

function givesOther(name: Node): boolean {
  const { parent } = name;
  if (isShorthandPropertyAssignment(parent)) return true;
  if (isPropertyAssignment(parent) || isPropertyDeclaration(parent)) return parent.name === name && !(parent.initializer && isFunctionNode(skipOuterExpressions(parent.initializer)));
  const assigned = isPropertyAccessExpression(parent) && parent.name === name && isBinaryExpression(parent.parent) && parent.parent.left === parent ? parent.parent : undefined;
  return assigned?.operatorToken.kind === SyntaxKind.EqualsToken && !isFunctionNode(skipOuterExpressions(assigned.right));
}
