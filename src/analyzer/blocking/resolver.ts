import {
  NodeFlags,
  SymbolFlags,
  SyntaxKind,
  isBindingElement,
  isClassDeclaration,
  isClassExpression,
  isExportAssignment,
  isGetAccessorDeclaration,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isSetAccessorDeclaration,
  isShorthandPropertyAssignment,
  isStringLiteral,
  isVariableDeclaration,
  isBinaryExpression,
  isCallExpression,
  isNumericLiteral,
  isObjectLiteralExpression,
  type Asking,
  type CallExpression,
  type Expression,
  type Node,
  type NodeHandle,
  type Project,
  type Symbol,
} from '../program';
import { accessedNameNode, calleeName, invokedBy, skipOuterExpressions } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { isFunctionNode } from '../syntax/functions';
import { isOfferedByPackage } from '../types/package-entry';
import { catalogueModule, costlyForm, findApi, type BlockingApi } from './catalogue';
import { isWritten } from './accesses';
import { callsParameter, passedRun, runsAtOnce } from './callbacks';
import { nameOf, reflected, unbound } from './callees';
import { fileFacts, type Alias, type FileFacts, type FunctionFacts, type Site } from './facts';
import { implementationsOf, openOwner, type Members, type OpenOwner } from './open-members';
import { originOf, type Origin } from './origin';
import { untypedMember, type AssignedMembers } from './untyped-members';

/** What a site runs: a blocking API, or the function of the user's files with this key. */
export type Target = ({ readonly api: BlockingApi } | { readonly run: string; readonly orRun?: readonly string[] }) & {
  /** `orRun`: a call through an interface runs one of several functions. */
  /** It is handed to something that does not run it here. */
  readonly later?: boolean;
};

export function isSameTarget(a: Target | undefined, b: Target | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.later !== b.later) return false;
  return 'api' in a ? 'api' in b && a.api === b.api : 'run' in b && a.run === b.run;
}

/** What is known of the project whose names are resolved. */
export interface Scope extends Members, AssignedMembers, Pick<Project, 'checker' | 'program'> {
  /** What a file's syntax says; undefined for those that are none of the project's code. */
  factsOf(path: string): FileFacts | undefined;
  /** The function with a key. */
  functionOf(key: string): FunctionFacts | undefined;
}

const maxSteps = 8;

/** What a site calls or hands over; undefined where that is neither a blocking API nor a function that can be followed. */
export function* targetOf(scope: Scope, site: Site): Asking<Target | undefined> {
  const passed = site.passed ?? site.inlined?.passed;
  const run = passed && passedRun(passed);
  if (run && !(yield* runsAtOnce(scope.checker, run))) return undefined;
  if (site.inlined) return run || !passed || (yield* callsParameter(scope.checker, passed)) ? { run: site.inlined.key } : undefined;
  if (site.result) return yield* resultTarget(scope, site.result, site.nameNode, maxSteps);
  const constructs = site.kind === 'call' && isConstruction(site.node);
  const target = yield* targetOfName(scope, site.nameNode, constructs, maxSteps);
  if (target && site.kind === 'reference') return { ...target, later: !run && !(passed && (yield* callsParameter(scope.checker, passed))) };
  if (!target || !('api' in target) || site.kind !== 'call') return target;
  const api = blockingForm(target.api, site);
  return api && { ...target, api };
}

/** `new X`, `super()`, and the base that a class without a constructor of its own constructs. */
function isConstruction(node: Node): boolean {
  if (isCallExpression(node)) return node.expression.kind === SyntaxKind.SuperKeyword;
  return isNewExpression(node) || node.parent.kind === SyntaxKind.ExpressionWithTypeArguments;
}

/** What another name stands for. */
export function* aliasTarget(scope: Scope, { nameNode, result }: Alias): Asking<Target | undefined> {
  if (!result) return (yield* targetOfName(scope, nameNode, false, maxSteps)) ?? (yield* targetOfName(scope, nameNode, true, maxSteps));
  return yield* resultTarget(scope, result, nameNode, maxSteps);
}

/** The function that a call returns: that of an API, one that is written in the called function, or one that the type names. */
function* resultTarget(scope: Scope, call: CallExpression, nameNode: Node, steps: number): Asking<Target | undefined> {
  if (steps === 0) return undefined;
  const origin = yield* originOf(scope.checker, call);
  if (origin) {
    const api = findApi(origin.module, origin.name);
    return api && { api };
  }
  const type = yield* scope.checker.getTypeAtLocation.gen(call);
  const held = yield* type.getSymbol.gen();
  if (held && held.flags & (SymbolFlags.Function | SymbolFlags.Method)) return yield* targetOfSymbol(scope, held, call, false, steps - 1);
  const maker = yield* targetOfName(scope, nameNode, false, steps - 1);
  const makes = maker && 'run' in maker ? scope.functionOf(maker.run) : undefined;
  const returned = makes && fileFacts(makes.node.getSourceFile()).functions.filter(({ parent, names }) => parent === makes && names[0]?.endsWith('()'));
  return returned?.length === 1 && returned[0] ? { run: returned[0].key } : undefined;
}

function* targetOfName(scope: Scope, nameNode: Node, constructs: boolean, steps: number): Asking<Target | undefined> {
  if (steps === 0) return undefined;
  const parent = nameNode.parent;
  const expression = (accessedNameNode(parent as Expression) === nameNode ? parent : nameNode) as Expression;
  const origin = yield* originOf(scope.checker, expression);
  if (origin) {
    const api = apiOfOrigin(origin, constructs);
    return api && { api };
  }
  const symbol = yield* scope.checker.getSymbolAtLocation.gen(nameNode);
  if (symbol) return yield* targetOfSymbol(scope, symbol, nameNode, constructs, steps);
  const member = constructs ? undefined : yield* untypedMember(scope, scope.checker, nameNode as Node & { text: string });
  return member && { run: member.key };
}

function apiOfOrigin({ module, name }: Origin, constructs: boolean): BlockingApi | undefined {
  const called = name || 'default';
  return findApi(module, constructs ? `new ${called}` : called);
}

function* targetOfSymbol(scope: Scope, found: Symbol, at: Node, constructs: boolean, steps: number): Asking<Target | undefined> {
  const symbol = found.flags & SymbolFlags.Alias ? yield* scope.checker.getAliasedSymbol.gen(found) : found;
  const own: NodeHandle[] = [];
  for (const handle of symbol.declarations) {
    if (isDeclarationFile(handle.path)) {
      const api = yield* apiOfDeclaration(symbol, handle, constructs);
      if (api) return { api };
      const run = implementedBeside(scope, handle.path, symbol.name);
      if (run) return { run: run.key };
    } else if (!handle.path.includes('/node_modules/')) own.push(handle);
  }
  for (const handle of own) {
    const node = yield* handle.resolve.gen();
    if (node && isOtherAccessor(node, at)) continue;
    const target = node && (yield* targetOfDeclaration(scope, node, constructs, steps));
    if (target) return target;
  }
  const [declared] = own;
  if (declared && own.length === symbol.declarations.length && !constructs) {
    const node = yield* declared.resolve.gen();
    const owner = node && openOwner(node);
    if (owner) return yield* implementedBy(scope, symbol, owner);
  }
  if (own.length === 0 || !(symbol.flags & (SymbolFlags.Variable | SymbolFlags.Property))) return undefined;
  // A variable or property that holds a function: the function's own symbol, if the type leads to one.
  const type = yield* scope.checker.getTypeAtLocation.gen(at);
  const held = yield* type.getSymbol.gen();
  if (!held || held.id === symbol.id || !(held.flags & (SymbolFlags.Function | SymbolFlags.Method))) return undefined;
  return yield* targetOfSymbol(scope, held, at, constructs, steps - 1);
}

/** A property's getter where it is written, or its setter where it is read. */
function isOtherAccessor(node: Node, name: Node): boolean {
  return isWritten(name.parent) ? isGetAccessorDeclaration(node) : isSetAccessorDeclaration(node);
}

/** What a declaration file declares of the JavaScript file beside it. */
function implementedBeside(scope: Scope, declaration: string, name: string): FunctionFacts | undefined {
  if (declaration.includes('/node_modules/')) return undefined;
  const found = scope.factsOf(declaration.replace(/\.d\.([cm]?)ts$/, '.$1js'))?.functions.filter(({ names }) => names.includes(name));
  return found?.length === 1 ? found[0] : undefined;
}

/** The function that a declaration in the user's files is or holds. */
function* targetOfDeclaration(scope: Scope, node: Node, constructs: boolean, steps: number): Asking<Target | undefined> {
  if (isFunctionNode(node) || isClassDeclaration(node) || isClassExpression(node)) {
    const run = fileFacts(node.getSourceFile()).byNode.get(node);
    return run && { run: run.key };
  }
  if (isShorthandPropertyAssignment(node)) {
    const value = yield* scope.checker.getShorthandAssignmentValueSymbol.gen(node);
    return value && (yield* targetOfSymbol(scope, value, node.name, constructs, steps - 1));
  }
  if (isBindingElement(node)) return undefined;
  const value = heldValue(node);
  if (!value) return undefined;
  const held = unbound(value);
  if (isFunctionNode(held) || isClassExpression(held)) return yield* targetOfDeclaration(scope, held, constructs, steps - 1);
  const name = isIdentifier(held) ? held : isPropertyAccessExpression(held) ? held.name : undefined;
  const maker = isCallExpression(held) ? nameOf(held.expression) : undefined;
  if (isCallExpression(held)) return maker && (yield* resultTarget(scope, held, maker, steps - 1));
  return name && (yield* targetOfName(scope, name, constructs, steps - 1));
}

/** What a call of a member of an interface or an abstract class runs, where nobody outside can implement it. */
function* implementedBy(scope: Scope, member: Symbol, owner: OpenOwner): Asking<Target | undefined> {
  const [run, ...orRun] = implementationsOf(scope, member.name, owner.name?.text);
  if (!run || !owner.name) return undefined;
  const symbol = yield* scope.checker.getSymbolAtLocation.gen(owner.name);
  const offered = symbol === undefined || (yield* isOfferedByPackage(scope, owner.getSourceFile().fileName, symbol));
  return offered ? undefined : { run: run.key, orRun: orRun.map(({ key }) => key) };
}

function heldValue(node: Node): Expression | undefined {
  if (isVariableDeclaration(node)) return isConstant(node) ? node.initializer : undefined;
  if (isPropertyAssignment(node) || isPropertyDeclaration(node)) return node.initializer;
  if (isExportAssignment(node)) return node.expression;
  if (isBinaryExpression(node)) return node.right;
  // In JavaScript files the left side of `exports.f = …` is the declaration.
  return isPropertyAccessExpression(node) && isBinaryExpression(node.parent) ? node.parent.right : undefined;
}

function isConstant(node: Node): boolean {
  // `let` may hold something else by the time it is called.
  return (node.parent.flags & NodeFlags.Const) !== 0 || node.getSourceFile().fileName.endsWith('js');
}

/** The API that a symbol declared in a declaration file is: Node's own by the file's name, a package's by its folder. */
function* apiOfDeclaration(symbol: Symbol, handle: NodeHandle, constructs: boolean): Asking<BlockingApi | undefined> {
  const module = declaredModule(handle.path);
  if (module === undefined) return undefined;
  if (constructs) return findApi(module, `new ${symbol.name}`);
  if (handle.kind === SyntaxKind.FunctionDeclaration || handle.kind === SyntaxKind.VariableDeclaration) return findApi(module, symbol.name);
  const parent = yield* symbol.getParent.gen();
  return parent && findApi(module, `${parent.name}.prototype.${symbol.name}`);
}

const nodeTypes = /\/node\/(?:ts[\d.]+\/)?(\w+)(?:\.generated)?\.d\.[cm]?ts$/;
const packageTypes = /.*\/node_modules\/(?:@types\/)?((?:@[^/]+\/)?[^/]+)\//;

function declaredModule(path: string): string | undefined {
  const node = nodeTypes.exec(path);
  if (node) return catalogueModule(node[1] ?? '');
  const name = packageTypes.exec(path)?.[1];
  return name === undefined ? undefined : catalogueModule(name.includes('__') ? `@${name.replace('__', '/')}` : name);
}

/** What a call of an API blocks with: the API, at the cost of this form of it; undefined where this is another form. */
function blockingForm(api: BlockingApi, { node, nameNode }: Site): BlockingApi | undefined {
  if (!isCallExpression(node) && !isNewExpression(node)) return api;
  // `f.call(…)` has `this` before the arguments, `Reflect.apply(f, …)` the function, too; the list of `apply` is not looked into.
  const invokes = calleeName(node.expression) !== nameNode && invokedBy(node.expression) !== undefined;
  const isReflected = isCallExpression(node) && reflected(node) !== undefined;
  const given = (node.arguments ?? []).slice(isReflected ? 2 : invokes ? 1 : 0).map(skipOuterExpressions);
  if (!blocksWith(api, given)) return undefined;
  return api.costly && setsOption(given, api.costly.option) ? costlyForm(api) : api;
}

function blocksWith(api: BlockingApi, given: readonly Expression[]): boolean {
  const first = given[0];
  const last = given.at(-1);
  if (api.smallUpTo !== undefined && first && isNumericLiteral(first) && Number(first.text) <= api.smallUpTo) return false;
  if (api.syncWhenArgsAtMost !== undefined && given.length > api.syncWhenArgsAtMost) return false;
  if (api.syncUnlessCallback && last && (isFunctionNode(last) || (given.length > 2 && !isObjectLiteralExpression(last) && !isStringLiteral(last)))) return false;
  if (api.syncUnlessOption && (setsOption(given, api.syncUnlessOption) || mayBeCallback(given))) return false;
  if (api.syncWhenOption && !setsOption(given, api.syncWhenOption)) return false;
  if (api.whenNumber !== undefined && !(given[api.whenNumber] && isNumericLiteral(given[api.whenNumber] as Node))) return false;
  return true;
}

/** Whether an object literal among the arguments sets an option to true. */
function setsOption(given: readonly Expression[], option: string): boolean {
  return given.some(
    (argument) =>
      isObjectLiteralExpression(argument) &&
      argument.properties.some(
        (property) => isPropertyAssignment(property) && isIdentifier(property.name) && property.name.text === option && property.initializer.kind === SyntaxKind.TrueKeyword,
      ),
  );
}

/** Whether the last argument is a callback, or a name that may hold one. */
function mayBeCallback(given: readonly Expression[]): boolean {
  const last = given.at(-1);
  return last !== undefined && (isFunctionNode(last) || (given.length > 1 && !isObjectLiteralExpression(last) && !isStringLiteral(last)));
}
