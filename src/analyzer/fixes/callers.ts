import {
  NodeFlags,
  SymbolFlags,
  SyntaxKind,
  isArrowFunction,
  isBinaryExpression,
  isCallExpression,
  isClassDeclaration,
  isClassExpression,
  isElementAccessExpression,
  isExportAssignment,
  isExportSpecifier,
  isFunctionDeclaration,
  isFunctionExpression,
  isImportClause,
  isImportSpecifier,
  isMethodDeclaration,
  isObjectLiteralExpression,
  isParenthesizedExpression,
  isPrivateIdentifier,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isShorthandPropertyAssignment,
  isTypeNode,
  isVariableDeclaration,
  type Asking,
  type CallExpression,
  type Node,
  type Project,
  type Symbol,
} from '../program';
import type { Refusal } from '../finding';
import { isJavaScript } from '../syntax/file-names';
import { placeOf } from '../syntax/places';
import type { FunctionNode } from '../syntax/functions';
import { callerTakesPromise } from './accepts-promise';
import { describeFunction, nameOf } from './async-function';
import { isOfferedByPackage, isPackageEntry } from '../types/package-entry';
import { outsideUser } from './outside-callers';
import { exportedKey, requiredCalls } from './required-callers';

/** Every call of a function, or why they cannot all be found. */
export function* callsOf(project: Project, node: FunctionNode): Asking<readonly CallExpression[] | Refusal> {
  const name = nameOf(node);
  const held = isArrowFunction(node) || isFunctionExpression(node);
  const place = outermost(node);
  const key = exportedKey(node);
  if (key !== undefined) return yield* exportedCalls(project, node, key);
  if (held && isCallExpression(place.parent) && place.parent.expression === place) return [place.parent];
  if (!name || (held && (node as { name?: Node }).name === name)) return yield* callbackCalls(project, node);
  const obstacle = yield* holderObstacle(project, node, name);
  if (obstacle === 'awaited') return [];
  if (obstacle) return { refused: obstacle };
  return yield* namedCalls(project, node, name);
}

/** The calls of a function that is written where a CommonJS module exports it, and those by its own name. */
function* exportedCalls(project: Project, node: FunctionNode, key: string): Asking<readonly CallExpression[] | Refusal> {
  const own = isFunctionExpression(node) ? node.name : undefined;
  const inside = own ? yield* namedCalls(project, node, own) : [];
  if ('refused' in inside) return inside;
  const outside = yield* callsOfExport(project, node, key, describeFunction(node));
  return 'refused' in outside ? outside : [...inside, ...outside];
}

/** The calls of what a CommonJS module exports, where nobody outside the program can call it. */
function* callsOfExport(project: Project, value: Node, key: string, title: string): Asking<readonly CallExpression[] | Refusal> {
  const file = value.getSourceFile();
  if (yield* isPackageEntry(project, file.fileName)) return { refused: `${title} is exported from the package: callers outside cannot be seen.` };
  const user = yield* outsideUser(project, file.fileName, key);
  if (user !== undefined) return { refused: `${title} may be used in ${user}, which is not in the same program.` };
  return yield* requiredCalls(project, file, key, title);
}

/** Whether nobody calls a function but whoever it is handed to. */
export function* isOnlyHandedOver(project: Project, node: FunctionNode): Asking<boolean> {
  const name = nameOf(node);
  if (!name) return true;
  for (const reference of yield* referencesTo(project, name)) {
    const used = outermost(isPropertyAccessExpression(reference.parent) ? reference.parent : reference);
    if (isCallExpression(used.parent) && used.parent.expression === used) return false;
  }
  return true;
}

/** A function that is handed to somebody: fine where they wait for what it returns. */
function* callbackCalls(project: Project, node: FunctionNode): Asking<readonly CallExpression[] | Refusal> {
  if (isArrowFunction(node) || isFunctionExpression(node)) {
    if (yield* callerTakesPromise(node, project.checker)) return [];
    if (isExportedByAssignment(node)) return { refused: `it is exported by 'module.exports' at ${placeOf(node)}: its callers cannot all be found.` };
    return { refused: `it is inside the callback at ${placeOf(node)}, whose caller would not wait for a promise.` };
  }
  return { refused: `${describeFunction(node)} has no name to find its callers by.` };
}

/** What it is about the place that holds a function that hides callers from view; 'awaited' where they wait anyway. */
function* holderObstacle(project: Project, node: FunctionNode, name: Node): Asking<string | undefined> {
  const title = describeFunction(node);
  const symbol = yield* project.checker.getSymbolAtLocation.gen(name);
  if (!symbol) return `the callers of ${title} cannot be found.`;
  const holder = isFunctionDeclaration(node) || isMethodDeclaration(node) ? node : (node.parent);
  const owner = holder.parent;
  if (symbol.declarations.length > 1) return `${title} is declared more than once (overloads).`;
  if (isVariableDeclaration(holder)) {
    if (!(holder.parent.flags & NodeFlags.Const)) return `${title} is a variable that may hold another function.`;
  } else if (isMethodDeclaration(holder) || isPropertyDeclaration(holder)) {
    if (isClassDeclaration(owner) || isClassExpression(owner)) return yield* memberObstacle(project, holder, symbol, title);
    if (isObjectLiteralExpression(owner)) return yield* propertyObstacle(project, node, owner);
  } else if (isPropertyAssignment(holder) && isObjectLiteralExpression(owner)) {
    return yield* propertyObstacle(project, node, owner);
  }
  if (yield* isOfferedByPackage(project, node.getSourceFile().fileName, symbol)) {
    return `${title} is exported from the package: callers outside cannot be seen.`;
  }
  return isSeenOutside(holder, name) ? yield* outsideObstacle(project, name, title) : undefined;
}

/** Whether a file's text exports a function or constant of it. */
function isSeenOutside(holder: Node, name: Node): boolean {
  const statement = (isVariableDeclaration(holder) ? holder.parent.parent : holder) as Node & { modifiers?: readonly Node[] };
  if (statement.modifiers?.some((modifier) => modifier.kind === SyntaxKind.ExportKeyword)) return true;
  return new RegExp(`\\bexports?\\b[^;]*?(?<![\\w$])${name.getText().replaceAll('$', '\\$')}(?![\\w$])`).test(name.getSourceFile().text);
}

function* outsideObstacle(project: Project, name: Node, title: string): Asking<string | undefined> {
  const user = yield* outsideUser(project, name.getSourceFile().fileName, name.getText());
  return user && `${title} may be used in ${user}, which is not in the same program.`;
}

function* memberObstacle(project: Project, member: Node, symbol: Symbol, title: string): Asking<string | undefined> {
  const declared = member as Node & { name: Node; modifiers?: readonly Node[] };
  const has = (kind: SyntaxKind): boolean => declared.modifiers?.some((modifier) => modifier.kind === kind) === true;
  const hidden = has(SyntaxKind.PrivateKeyword) || isPrivateIdentifier(declared.name);
  if (hidden) return undefined;
  if (declared.name.kind === SyntaxKind.ComputedPropertyName) return `${title} has a computed name.`;
  if (isJavaScript(member.getSourceFile().fileName)) return `${title} is a public method in JavaScript: its callers cannot all be found.`;
  if (has(SyntaxKind.OverrideKeyword) || has(SyntaxKind.AbstractKeyword)) return `${title} overrides or is overridden by another method.`;
  const owner = member.parent as Node & { name?: Node; heritageClauses?: readonly { types: readonly Node[] }[] };
  for (const base of owner.heritageClauses?.flatMap((clause) => [...clause.types]) ?? []) {
    const type = yield* project.checker.getTypeAtLocation.gen(base);
    if (yield* project.checker.getPropertyOfType.gen(type, symbol.name)) {
      return `${title} implements or overrides a member of ${base.getText()}.`;
    }
  }
  if (!owner.name) return undefined;
  const ownerSymbol = yield* project.checker.getSymbolAtLocation.gen(owner.name);
  if (ownerSymbol && (yield* isOfferedByPackage(project, member.getSourceFile().fileName, ownerSymbol))) {
    return `${title} is a method of a class that the package exports: callers outside cannot be seen.`;
  }
  return yield* outsideObstacle(project, declared.name, title);
}

/** A property of an object: its callers are known where the object itself stays in a constant, used by its properties only. */
function* propertyObstacle(project: Project, node: FunctionNode, object: Node): Asking<string | undefined> {
  const value = isArrowFunction(node) || isFunctionExpression(node) ? yield* callerTakesPromise(node, project.checker) : false;
  if (value) return 'awaited';
  const title = describeFunction(node);
  const unknown = `${title} is a property of an object whose uses cannot all be followed.`;
  const declaration = outermost(object).parent;
  if (!isVariableDeclaration(declaration) || declaration.type || !(declaration.parent.flags & NodeFlags.Const)) return unknown;
  const symbol = yield* project.checker.getSymbolAtLocation.gen(declaration.name);
  if (!symbol || symbol.flags & SymbolFlags.Alias) return unknown;
  if (yield* isOfferedByPackage(project, node.getSourceFile().fileName, symbol)) {
    return `${title} is a property of an object that the package exports: callers outside cannot be seen.`;
  }
  for (const reference of yield* referencesTo(project, declaration.name)) {
    const parent = reference.parent;
    const read = isPropertyAccessExpression(parent) && parent.expression === reference;
    if (!read && reference !== declaration.name && !isDeclarationOfAlias(reference)) return unknown;
  }
  const name = nameOf(node);
  return name && (yield* outsideObstacle(project, name, title));
}

/** The calls among the references to a name; anything else that is done with the function stands in the way. */
function* namedCalls(project: Project, node: FunctionNode, name: Node): Asking<readonly CallExpression[] | Refusal> {
  const calls: CallExpression[] = [];
  const title = describeFunction(node);
  const references = yield* referencesTo(project, name);
  const isRequired = references.some((reference) => exportedKey(reference) !== undefined);
  for (const reference of references) {
    if (sameNode(reference, name) || isDeclarationOfAlias(reference)) continue;
    // Of a CommonJS module's exports not all are found: other files are looked through for what requires it.
    if (isRequired && reference.getSourceFile().fileName !== name.getSourceFile().fileName) continue;
    let used = reference;
    if (isPropertyAccessExpression(used.parent) && used.parent.name === used) used = used.parent;
    else if (isElementAccessExpression(used.parent) && used.parent.argumentExpression === used) used = used.parent;
    used = outermost(used);
    const { parent } = used;
    const key = exportedKey(used);
    if (key !== undefined) {
      const required = yield* callsOfExport(project, used, key, title);
      if ('refused' in required) return required;
      calls.push(...required);
    } else if (isCallExpression(parent) && parent.expression === used) calls.push(parent);
    else if (isExportedByAssignment(used)) return { refused: `${title} is exported by 'module.exports' at ${placeOf(reference)}: its callers cannot all be found.` };
    else if (!isTypeUse(used)) return { refused: `${title} is used as a value at ${placeOf(reference)}.` };
  }
  return calls;
}

/** All references to a name in the program, its declaration included. */
export function* referencesTo(project: Project, name: Node): Asking<readonly Node[]> {
  const found: Node[] = [];
  const entries = yield* project.languageService.getReferencedSymbolsForNode.gen(name, name.getStart());
  for (const handle of entries.flatMap(({ references }) => references)) {
    const reference = (yield* handle.resolve.gen(project));
    if (reference && !isInComment(reference)) found.push(reference);
  }
  return found;
}

function sameNode(a: Node, b: Node): boolean {
  return a === b || (a.pos === b.pos && a.getSourceFile().fileName === b.getSourceFile().fileName);
}

function isDeclarationOfAlias(reference: Node): boolean {
  const { parent } = reference;
  return isImportSpecifier(parent) || isImportClause(parent) || isExportSpecifier(parent) || isExportAssignment(parent);
}

/** `module.exports = { f }`, `exports.f = f` */
function isExportedByAssignment(node: Node): boolean {
  let at = node.parent;
  while (isShorthandPropertyAssignment(at) || isPropertyAssignment(at) || isObjectLiteralExpression(at)) at = at.parent;
  return isBinaryExpression(at) && at.operatorToken.kind === SyntaxKind.EqualsToken && /^(?:module\.)?exports\b/.test(at.left.getText());
}

function isTypeUse(node: Node): boolean {
  for (let at = node.parent as Node | undefined; at; at = at.parent as Node | undefined) {
    if (isTypeNode(at)) return true;
    if (isCallExpression(at) || at.kind === SyntaxKind.Block) return false;
  }
  return false;
}

function isInComment(node: Node): boolean {
  for (let at = node.parent as Node | undefined; at; at = at.parent as Node | undefined) {
    if (at.kind >= SyntaxKind.FirstJSDocNode && at.kind <= SyntaxKind.LastJSDocNode) return true;
  }
  return false;
}

function outermost(node: Node): Node {
  let at = node;
  while (isParenthesizedExpression(at.parent) || at.parent.kind === SyntaxKind.NonNullExpression) at = at.parent;
  return at;
}
