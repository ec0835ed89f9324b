import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SymbolFlags, type Asking, type Project, type Symbol } from '../program';

/**
 * Whether something that a file exports is part of what its npm package offers, so that callers outside can't be seen.
 * Where the entry points that it names are not to be found among the sources, every export counts.
 */
export function* isOfferedByPackage(project: Pick<Project, 'checker' | 'program'>, file: string, symbol: Symbol): Asking<boolean> {
  const entries = yield* entriesOf(project, file);
  if (entries === 'unknown') return true;
  for (const entry of entries) {
    const moduleSymbol = yield* project.checker.getSymbolOfSourceFile.gen(entry);
    if (!moduleSymbol) continue;
    for (const exported of yield* project.checker.getExportsOfModule.gen(moduleSymbol)) {
      const target = exported.flags & SymbolFlags.Alias ? yield* project.checker.getAliasedSymbol.gen(exported) : exported;
      if (sameDeclaration(target, symbol)) return true;
    }
  }
  return false;
}

/** Whether a file is what its npm package offers. */
export function* isPackageEntry(project: Pick<Project, 'program'>, file: string): Asking<boolean> {
  const entries = yield* entriesOf(project, file);
  return entries === 'unknown' || entries.includes(file);
}

/** The files of the program that the nearest package.json names as what the package offers. */
function* entriesOf({ program }: Pick<Project, 'program'>, file: string): Asking<readonly string[] | 'unknown'> {
  const manifest = nearestManifest(file);
  if (!manifest) return [];
  const named = entryTargets(manifest.content);
  const targets = named.length > 0 || manifest.content.private === true ? named : ['index.js'];
  if (targets.some((target) => target.includes('*'))) return 'unknown';
  const found: string[] = [];
  for (const entry of new Set(targets.flatMap((target) => sourcesOf(manifest.folder, target)))) if (yield* program.getSourceFile.gen(entry)) found.push(entry);
  return named.length > 0 && found.length === 0 ? 'unknown' : found;
}

function sameDeclaration(a: Symbol, b: Symbol): boolean {
  return a.declarations.some((one) => b.declarations.some((other) => one.path === other.path && one.index === other.index));
}

interface Manifest {
  private?: boolean;
  [field: string]: unknown;
}

function nearestManifest(file: string): { folder: string; content: Manifest } | undefined {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      try {
        return { folder, content: JSON.parse(readFileSync(manifest, 'utf8')) as Manifest };
      } catch {
        return { folder, content: {} };
      }
    }
    if (path.dirname(folder) === folder) return undefined;
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
