import {
  SymbolFlags,
  SyntaxKind,
  isBinaryExpression,
  isFunctionDeclaration,
  isIdentifier,
  isNewExpression,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isVariableDeclaration,
  type Asking,
  type Checker,
  type Expression,
  type Identifier,
  type Node,
  type Symbol,
} from '../program';
import { skipOuterExpressions } from '../syntax/expressions';
import { isFunctionNode } from '../syntax/functions';
import type { FileFacts, FunctionFacts } from './facts';

// JavaScript gives objects their functions by assignment: `Store.prototype.load = function …`, `cache.load = …`. Where
// the object has no type, the compiler knows nothing of them.

/** What a function is assigned to be a member of. */
interface Owner {
  readonly name: Identifier;
  /** Of all that `new` makes of it. */
  readonly isPrototype: boolean;
}

/** The functions of a project that are made members by an assignment. */
export interface AssignedMembers {
  assignedNamed(name: string): readonly FunctionFacts[];
}

export function assignedIn({ functions }: FileFacts, name: string): FunctionFacts[] {
  return functions.filter(({ names, node }) => names[0] === name && ownerOf(node) !== undefined);
}

/** The function that a member without a type is: the only one that is assigned to what it is a member of. */
export function* untypedMember(members: AssignedMembers, checker: Checker, nameNode: Node & { text: string }): Asking<FunctionFacts | undefined> {
  const access = nameNode.parent;
  if (!isPropertyAccessExpression(access) || access.name !== nameNode) return undefined;
  const candidates = members.assignedNamed(nameNode.text);
  if (candidates.length === 0) return undefined;
  const object = yield* objectOf(checker, access.expression);
  if (!object) return undefined;
  const found: FunctionFacts[] = [];
  for (const candidate of candidates) {
    const owner = ownerOf(candidate.node);
    if (owner?.isPrototype !== object.isPrototype || owner.name.text !== object.symbol.name) continue;
    if ((yield* named(checker, owner.name))?.id === object.symbol.id) found.push(candidate);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** What an expression is: an object that has a name, or an instance of a function that has one. */
function* objectOf(checker: Checker, expression: Expression): Asking<{ symbol: Symbol; isPrototype: boolean } | undefined> {
  const node = skipOuterExpressions(expression);
  if (node.kind === SyntaxKind.ThisKeyword) {
    const owner = ownerOfThis(node);
    const symbol = owner && (yield* named(checker, owner.name));
    return owner && symbol && { symbol, isPrototype: owner.isPrototype };
  }
  if (!isIdentifier(node)) return undefined;
  const symbol = yield* named(checker, node);
  const [handle, ...others] = symbol?.declarations ?? [];
  if (!symbol || !handle || others.length > 0) return undefined;
  const declared = (yield* handle.resolve.gen()) as Node | undefined;
  const made = declared && isVariableDeclaration(declared) && declared.initializer ? skipOuterExpressions(declared.initializer) : undefined;
  if (!made || !isNewExpression(made)) return { symbol, isPrototype: false };
  const constructed = isIdentifier(made.expression) ? yield* named(checker, made.expression) : undefined;
  return constructed && { symbol: constructed, isPrototype: true };
}

/** The symbol of a name, imports followed. */
function* named(checker: Checker, name: Identifier): Asking<Symbol | undefined> {
  const symbol = yield* checker.getSymbolAtLocation.gen(name);
  return symbol && symbol.flags & SymbolFlags.Alias ? yield* checker.getAliasedSymbol.gen(symbol) : symbol;
}

function ownerOfThis(node: Node): Owner | undefined {
  let at = node.parent;
  while (at.parent && (!isFunctionNode(at) || at.kind === SyntaxKind.ArrowFunction)) at = at.parent;
  if (isFunctionDeclaration(at) && at.name && isIdentifier(at.name)) return { name: at.name, isPrototype: true };
  return isFunctionNode(at) ? ownerOf(at) : undefined; // at the top level of a file it is nobody's
}

/** `X` of `X.f = function …`, `X.prototype.f = function …` and `X.prototype = { f() … }`. */
function ownerOf(fn: Node): Owner | undefined {
  const { parent } = fn;
  const object = isPropertyAssignment(parent) ? parent.parent : parent;
  const inLiteral = object && isObjectLiteralExpression(object);
  const assignment = inLiteral ? object.parent : parent;
  if (!assignment || !isBinaryExpression(assignment) || assignment.operatorToken.kind !== SyntaxKind.EqualsToken) return undefined;
  const { left } = assignment;
  const holder = inLiteral ? left : isPropertyAccessExpression(left) ? left.expression : undefined;
  if (!holder) return undefined;
  if (isIdentifier(holder)) return inLiteral ? undefined : { name: holder, isPrototype: false };
  const isPrototype = isPropertyAccessExpression(holder) && holder.name.text === 'prototype' && isIdentifier(holder.expression);
  return isPrototype ? { name: holder.expression, isPrototype } : undefined;
}
