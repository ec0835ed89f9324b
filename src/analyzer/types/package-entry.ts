import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SymbolFlags, type Asking, type Checker, type NodeHandle, type Project, type Symbol } from '../program';
import { Memo } from './memo';

/** What a package offers: everything, or what is declared at some places (`path#index`). */
type Offered = 'everything' | ReadonlySet<string>;

/** By the checker, which a snapshot has its own of. */
const offeredBy = new WeakMap<Checker, Memo<string, Offered>>();

/**
 * Whether something that a file exports is part of what its npm package offers, so that callers outside can't be seen.
 * Where the entry points that it names are not to be found among the sources, every export counts.
 */
export function* isOfferedByPackage(project: Pick<Project, 'checker' | 'program'>, file: string, symbol: Symbol): Asking<boolean> {
  const folder = packageFolder(file);
  if (folder === undefined) return false;
  let known = offeredBy.get(project.checker);
  if (!known) offeredBy.set(project.checker, (known = new Memo((of) => offeredIn(project, of))));
  const offered = yield* known.get(folder);
  return offered === 'everything' || symbol.declarations.some((declaration) => offered.has(declarationKey(declaration)));
}

function* offeredIn(project: Pick<Project, 'checker' | 'program'>, folder: string): Asking<Offered> {
  const entries = yield* entriesOf(project, folder);
  if (entries === 'unknown') return 'everything';
  const places = new Set<string>();
  for (const entry of entries) {
    const moduleSymbol = yield* project.checker.getSymbolOfSourceFile.gen(entry);
    if (!moduleSymbol) continue;
    for (const exported of yield* project.checker.getExportsOfModule.gen(moduleSymbol)) {
      const target = exported.flags & SymbolFlags.Alias ? yield* project.checker.getAliasedSymbol.gen(exported) : exported;
      for (const declaration of target.declarations) places.add(declarationKey(declaration));
    }
  }
  return places;
}

/** Whether a file is what its npm package offers. */
export function* isPackageEntry(project: Pick<Project, 'program'>, file: string): Asking<boolean> {
  const folder = packageFolder(file);
  const entries = folder === undefined ? [] : yield* entriesOf(project, folder);
  return entries === 'unknown' || entries.includes(file);
}

/** The files of the program that a package's manifest names as what it offers. */
function* entriesOf({ program }: Pick<Project, 'program'>, folder: string): Asking<readonly string[] | 'unknown'> {
  const manifest = readManifest(folder);
  const named = entryTargets(manifest);
  const targets = named.length > 0 || manifest.private === true ? named : ['index.js'];
  if (targets.some((target) => target.includes('*'))) return 'unknown';
  const found: string[] = [];
  for (const entry of new Set(targets.flatMap((target) => sourcesOf(folder, target)))) if (yield* program.getSourceFile.gen(entry)) found.push(entry);
  return named.length > 0 && found.length === 0 ? 'unknown' : found;
}

function declarationKey({ path: file, index }: NodeHandle): string {
  return `${file}#${index}`;
}

interface Manifest {
  private?: boolean;
  [field: string]: unknown;
}

function packageFolder(file: string): string | undefined {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
}

function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return {};
  }
}

/** The files that `main`, `exports` and the like name, relative to the package. */
function entryTargets(content: Manifest): string[] {
  const targets: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') targets.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  for (const field of ['main', 'module', 'types', 'typings', 'browser', 'exports']) visit(content[field]);
  return targets.filter((target) => !target.endsWith('package.json'));
}

/** The sources that a built file may come from: `dist/esm/index.js` from `src/index.ts`. */
function sourcesOf(folder: string, target: string): string[] {
  const relative = path.posix.normalize(target).replace(/(\.d)?\.[cm]?[jt]sx?$/, '');
  const stems = new Set([relative]);
  const parts = relative.split('/');
  for (let count = 1; count < parts.length; count++) {
    const rest = parts.slice(count).join('/');
    stems.add(rest).add(`src/${rest}`).add(`lib/${rest}`);
  }
  if (parts.length === 1) stems.add(`src/${relative}`);
  return [...stems].flatMap((stem) =>
    ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '/index.ts', '/index.js'].map((end) => path.join(folder, stem + end)),
  );
}
