import {
  SymbolFlags,
  SyntaxKind,
  isAwaitExpression,
  isBindingElement,
  isCallExpression,
  isExportDeclaration,
  isExportSpecifier,
  isExternalModuleReference,
  isIdentifier,
  isImportClause,
  isImportDeclaration,
  isImportEqualsDeclaration,
  isImportSpecifier,
  isNamespaceImport,
  isNewExpression,
  isObjectBindingPattern,
  isParameterDeclaration,
  isPropertyDeclaration,
  isStringLiteral,
  isTypeReferenceNode,
  isVariableDeclaration,
  type Asking,
  type Checker,
  type ElementAccessExpression,
  type Expression,
  type Node,
  type PropertyAccessExpression,
  type Symbol,
  type TypeNode,
} from '../program';
import { accessedNameNode, calleeName, skipOuterExpressions } from '../syntax/expressions';
import { isDeclarationFile } from '../syntax/file-names';
import { catalogueModule, returnedClass } from './catalogue';
import { nameText } from './declared-names';
import { unbound } from './callees';

/**
 * What a module-rooted expression stands for, named as in {@link BlockingApi.export}: `` the module itself, `readFileSync`,
 * `Dir.prototype` an instance of Dir, `createSyncFn()` what a call returned.
 */
export interface Origin {
  readonly module: string;
  readonly name: string;
}

/** Modules that are there without an import. */
const globals: Readonly<Record<string, Origin>> = {
  process: { module: 'process', name: '' },
  Atomics: { module: 'global', name: 'Atomics' },
  WebAssembly: { module: 'global', name: 'WebAssembly' },
};

/** How many constants and re-exports are followed before giving up. */
const maxSteps = 12;

/**
 * Follows an expression back to the catalogue's module it comes from, through imports, `require`, re-exports, constants,
 * destructuring, parameters and fields. Works by bindings alone, so also where the package has no types or is not installed.
 */
export function* originOf(checker: Checker, expression: Expression, steps = maxSteps): Asking<Origin | undefined> {
  if (steps === 0) return undefined;
  const node = skipOuterExpressions(expression);
  if (isIdentifier(node)) {
    const symbol = yield* checker.getSymbolAtLocation.gen(node);
    const global = globals[node.text];
    if (global && (symbol?.declarations ?? []).every((declaration) => isDeclarationFile(declaration.path))) return global;
    return symbol && (yield* originOfSymbol(checker, symbol, steps - 1));
  }
  const accessed = accessedNameNode(node);
  if (accessed) {
    const base = yield* originOf(checker, (node as PropertyAccessExpression | ElementAccessExpression).expression, steps - 1);
    if (base) return memberOf(base, accessed.text);
    // A field: what it was initialized with, or its type.
    const symbol = yield* checker.getSymbolAtLocation.gen(accessed);
    return symbol && (yield* originOfSymbol(checker, symbol, steps - 1));
  }
  if (isAwaitExpression(node)) return yield* originOf(checker, node.expression, steps - 1);
  if (isNewExpression(node)) {
    const made = yield* originOf(checker, node.expression, steps - 1);
    return made && { module: made.module, name: instanceOf(made) };
  }
  if (isCallExpression(node)) {
    const target = unbound(node);
    if (target !== node) return yield* originOf(checker, target, steps - 1);
    const specifier = importedSpecifier(node);
    if (specifier !== undefined) return moduleOrigin(specifier);
    const called = yield* originOf(checker, node.expression, steps - 1);
    if (!called) return undefined;
    const name = called.name || 'default';
    const returned = returnedClass(called.module, name);
    return { module: called.module, name: returned === undefined ? `${name}()` : `${returned}.prototype` };
  }
  return undefined;
}

function* originOfSymbol(checker: Checker, symbol: Symbol, steps: number): Asking<Origin | undefined> {
  const handle = symbol.valueDeclaration ?? symbol.declarations[0];
  if (steps <= 0 || !handle || isDeclarationFile(handle.path) || handle.path.includes('/node_modules/')) return undefined;
  const node: Node | undefined = yield* handle.resolve.gen();
  if (!node) return undefined;
  const imported = importOrigin(node);
  if (imported) return imported;
  if (isImportSpecifier(node) || isImportClause(node) || isExportSpecifier(node)) {
    // A member that several modules have, of one or the other of them, is no alias: the compiler panics when it is asked.
    if (!(symbol.flags & SymbolFlags.Alias)) return undefined;
    const next = yield* checker.getImmediateAliasedSymbol.gen(symbol);
    return next && (yield* originOfSymbol(checker, next, steps - 1));
  }
  if (isBindingElement(node) && isObjectBindingPattern(node.parent) && !node.dotDotDotToken) {
    const source = node.parent.parent;
    const key = node.propertyName ?? node.name;
    const name = key && nameText(key);
    if (name === undefined || !isVariableDeclaration(source) || !source.initializer) return undefined;
    const base = yield* originOf(checker, source.initializer, steps - 1);
    return base && memberOf(base, name);
  }
  if (isVariableDeclaration(node) || isPropertyDeclaration(node) || isParameterDeclaration(node)) {
    if (node.type) return yield* originOfType(checker, node.type, steps - 1);
    if (node.initializer && !isParameterDeclaration(node)) return yield* originOf(checker, node.initializer, steps - 1);
  }
  return undefined;
}

/** An instance of the class that a type names. */
function* originOfType(checker: Checker, type: TypeNode, steps: number): Asking<Origin | undefined> {
  if (!isTypeReferenceNode(type)) return undefined;
  const { typeName } = type;
  if (isIdentifier(typeName)) {
    const symbol = yield* checker.getSymbolAtLocation.gen(typeName);
    const named = symbol && (yield* originOfSymbol(checker, symbol, steps - 1));
    return named && { module: named.module, name: instanceOf(named) };
  }
  const left = typeName.left;
  if (!isIdentifier(left)) return undefined;
  const symbol = yield* checker.getSymbolAtLocation.gen(left);
  const namespace = symbol && (yield* originOfSymbol(checker, symbol, steps - 1));
  return namespace && { module: namespace.module, name: `${memberOf(namespace, typeName.right.text).name}.prototype` };
}

/** What an import of a catalogue's module binds; undefined for other declarations and other modules. */
function importOrigin(node: Node): Origin | undefined {
  if (isImportSpecifier(node)) {
    const declaration = node.parent.parent.parent;
    return isImportDeclaration(declaration) ? member(declaration.moduleSpecifier, (node.propertyName ?? node.name).text) : undefined;
  }
  if (isExportSpecifier(node)) {
    const declaration = node.parent.parent;
    if (!isExportDeclaration(declaration) || !declaration.moduleSpecifier) return undefined;
    return member(declaration.moduleSpecifier, (node.propertyName ?? node.name).text);
  }
  if (isImportClause(node) && isImportDeclaration(node.parent)) return member(node.parent.moduleSpecifier, 'default');
  if (isNamespaceImport(node) && isImportDeclaration(node.parent.parent)) return member(node.parent.parent.moduleSpecifier, undefined);
  if (node.kind === SyntaxKind.NamespaceExport && isExportDeclaration(node.parent) && node.parent.moduleSpecifier) {
    return member(node.parent.moduleSpecifier, undefined);
  }
  if (isImportEqualsDeclaration(node) && isExternalModuleReference(node.moduleReference)) return member(node.moduleReference.expression, undefined);
  return undefined;
}

function member(specifier: Expression, name: string | undefined): Origin | undefined {
  const module = isStringLiteral(specifier) ? moduleOrigin(specifier.text) : undefined;
  return module && name !== undefined ? memberOf(module, name) : module;
}

function moduleOrigin(specifier: string): Origin | undefined {
  const module = catalogueModule(specifier);
  return module === undefined ? undefined : { module, name: '' };
}

/** `x` of `require('x')`, `import('x')`, `process.getBuiltinModule('x')` and `createRequire(…)('x')`. */
function importedSpecifier(node: Expression): string | undefined {
  if (!isCallExpression(node)) return undefined;
  const callee = node.expression;
  const argument = node.arguments[0];
  const name = calleeName(isCallExpression(callee) ? callee.expression : callee)?.getText() ?? '';
  const requires = isCallExpression(callee) ? name === 'createRequire' : isIdentifier(callee) ? /[rR]equire$/.test(name) : name === 'getBuiltinModule';
  return (requires || callee.kind === SyntaxKind.ImportKeyword) && argument && isStringLiteral(argument) ? argument.text : undefined;
}

/** A member of a module, of its default export (the same for CommonJS), or of what they hold. */
function memberOf(base: Origin, name: string): Origin {
  const whole = base.name === '' || (base.name === 'default' && name !== 'default');
  return { module: base.module, name: whole ? name : `${base.name}.${name}` };
}

function instanceOf(made: Origin): string {
  return `${returnedClass(made.module, `new ${made.name || 'default'}`) ?? (made.name || 'default')}.prototype`;
}
