import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  SymbolFlags,
  isIdentifier,
  isIntersectionType,
  isModuleDeclaration,
  isStringLiteral,
  isUnionType,
  type Asking,
  type Expression,
  type Node,
  type Project,
  type Symbol,
  type Type,
} from '../program';
import { inDefaultLibrary } from './structure';

/**
 * Names a type or function in a rule's options, as typescript-eslint does: a bare name, or where it is declared as
 * well: in a file of the project (`path` relative to its folder), in the language's library, or in an npm package.
 */
export type TypeSpecifier =
  | string
  | { readonly from: 'file'; readonly name: string | readonly string[]; readonly path?: string }
  | { readonly from: 'lib'; readonly name: string | readonly string[] }
  | { readonly from: 'package'; readonly name: string | readonly string[]; readonly package: string };

const names = { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true }] };

/** JSON schema of a list of specifiers. */
export const specifiersSchema = {
  type: 'array',
  items: {
    oneOf: [
      { type: 'string' },
      {
        type: 'object',
        additionalProperties: false,
        properties: { from: { const: 'file' }, name: names, path: { type: 'string' } },
        required: ['from', 'name'],
      },
      { type: 'object', additionalProperties: false, properties: { from: { const: 'lib' }, name: names }, required: ['from', 'name'] },
      {
        type: 'object',
        additionalProperties: false,
        properties: { from: { const: 'package' }, name: names, package: { type: 'string' } },
        required: ['from', 'name', 'package'],
      },
    ],
  },
} as const;

/** Whether one of the specifiers names the type; of a union each member must be named. */
export function* typeMatches(project: Project, type: Type, specifiers: readonly TypeSpecifier[]): Asking<boolean> {
  for (const specifier of specifiers) if (yield* typeMatchesOne(project, type, specifier)) return true;
  return false;
}

function* typeMatchesOne(project: Project, type: Type, specifier: TypeSpecifier): Asking<boolean> {
  if (isUnionType(type)) {
    for (const part of yield* type.getTypes.gen()) if (!(yield* typeMatchesOne(project, part, specifier))) return false;
    return true;
  }
  const symbol = yield* type.getSymbol.gen();
  const alias = yield* type.getAliasSymbol.gen();
  if (!type.isErrorType() && isNamed(specifier, [(alias ?? symbol)?.escapedName, intrinsicName(type)])) {
    if (yield* declaredThere(project, symbol ?? alias, specifier)) return true;
  }
  if (!isIntersectionType(type)) return false;
  for (const part of yield* type.getTypes.gen()) if (yield* typeMatchesOne(project, part, specifier)) return true;
  return false;
}

/** Whether one of the specifiers names the function that an expression of that type refers to by name. */
export function* valueMatches(project: Project, node: Expression, type: Type, specifiers: readonly TypeSpecifier[]): Asking<boolean> {
  const name = isIdentifier(node) ? node.text : isStringLiteral(node) ? node.text : undefined;
  if (name === undefined) return false;
  for (const specifier of specifiers) {
    if (!isNamed(specifier, [name])) continue;
    if (typeof specifier === 'string' || specifier.from !== 'package') return true;
    const symbol = (yield* type.getSymbol.gen()) ?? (yield* type.getAliasSymbol.gen());
    if (symbol && (yield* declaredThere(project, symbol, specifier))) return true;
  }
  return false;
}

function isNamed(specifier: TypeSpecifier, candidates: readonly (string | undefined)[]): boolean {
  const wanted = typeof specifier === 'string' ? specifier : specifier.name;
  return (typeof wanted === 'string' ? [wanted] : wanted).some((name) => candidates.includes(name));
}

function intrinsicName(type: Type): string | undefined {
  return type.isIntrinsicType() ? type.intrinsicName : undefined;
}

function* declaredThere(project: Project, symbol: Symbol | undefined, specifier: TypeSpecifier): Asking<boolean> {
  if (typeof specifier === 'string') return true;
  const paths = symbol?.declarations.map((declaration): string => declaration.path) ?? [];
  switch (specifier.from) {
    case 'lib':
      return symbol === undefined || paths.length === 0 || (yield* inDefaultLibrary(project.program, symbol));
    case 'file': {
      const root = project.currentDirectory;
      if (specifier.path === undefined) return paths.some((file) => isInside(file, root));
      const wanted = path.posix.join(root, specifier.path);
      return paths.some((file) => isSame(file, wanted));
    }
    case 'package':
      return (
        (yield* inPackageFile(project, symbol, specifier.package)) ||
        (yield* inModuleDeclaration(symbol, specifier.package)) ||
        (yield* exportedByModule(project, symbol, specifier.package))
      );
  }
}

/** The compiler's paths are lower-case where the file system does not tell cases apart. */
function isSame(file: string, wanted: string): boolean {
  return file === wanted || file === wanted.toLowerCase();
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(folder) || file.startsWith(folder.toLowerCase());
}

function* inPackageFile(project: Project, symbol: Symbol | undefined, wanted: string): Asking<boolean> {
  const typesName = wanted.replace(/^@([^/]+)\//, '$1__');
  for (const declaration of symbol?.declarations ?? []) {
    const metadata = yield* project.program.getSourceFileMetadataByPath.gen(declaration.path);
    if (!metadata?.isFromExternalLibrary) continue;
    const name = packageName(metadata.packageJsonDirectory || path.dirname(declaration.path));
    if (name === wanted || name === `@types/${typesName}`) return true;
  }
  return false;
}

const packageNames = new Map<string, string | undefined>();

/** The name in the nearest package.json that has one. */
function packageName(directory: string): string | undefined {
  if (!packageNames.has(directory)) {
    const parent = path.dirname(directory);
    packageNames.set(directory, ownName(directory) ?? (parent === directory ? undefined : packageName(parent)));
  }
  return packageNames.get(directory);
}

function ownName(directory: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof manifest.name === 'string' ? manifest.name : undefined;
  } catch {
    return undefined;
  }
}

/** Declared in a `declare module 'package'`. */
function* inModuleDeclaration(symbol: Symbol | undefined, wanted: string): Asking<boolean> {
  for (const handle of symbol?.declarations ?? []) {
    for (let at: Node | undefined = yield* handle.resolve.gen(); at; at = at.parent as Node | undefined) {
      if (isModuleDeclaration(at) && isStringLiteral(at.name) && at.name.text === wanted) return true;
    }
  }
  return false;
}

/** Declared elsewhere, and exported by a `declare module 'package'`. */
function* exportedByModule(project: Project, symbol: Symbol | undefined, wanted: string): Asking<boolean> {
  const { checker } = project;
  const module = symbol && (yield* checker.resolveName.gen(`"${wanted}"`, SymbolFlags.ValueModule));
  if (!module) return false;
  for (const exported of yield* checker.getExportsOfModule.gen(module)) {
    const target = (exported.flags & SymbolFlags.Alias) !== 0 ? yield* checker.getAliasedSymbol.gen(exported) : exported;
    if (target === symbol) return true;
  }
  return false;
}
