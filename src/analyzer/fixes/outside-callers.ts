import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageDirectories } from '../blocking/file-role';
import { readText, type Asking, type Project } from '../program';
import { sourceFilesBelow } from '../source-files';

/** A source file that is not in a program, with the last parts of what it imports. */
interface Outside {
  readonly file: string;
  readonly imports: ReadonlySet<string>;
}

const imported = /\b(?:from|import|require|mock)\b\s*\(?\s*['"`]([^'"`\s]+)['"`]/g;

/** By the package or workspace that is looked through. A program is of one snapshot, and so is what is known of the rest. */
const known = new WeakMap<Project, Map<string, readonly Outside[]>>();

/**
 * A file of the same package or workspace that is not in the program and may use what a file of the program calls
 * `name`, as it says the name and imports something that is called like the file or its package. Relative to the package.
 */
export function* outsideUser(project: Project, file: string, name: string): Asking<string | undefined> {
  const packages = packageDirectories(path.dirname(file));
  const root = packages.find(isWorkspace) ?? packages[0];
  if (root === undefined) return undefined;
  let byRoot = known.get(project);
  if (!byRoot) known.set(project, (byRoot = new Map<string, readonly Outside[]>()));
  let outside = byRoot.get(root);
  if (!outside) byRoot.set(root, (outside = outsideOf(new Set<string>(yield* project.program.getSourceFileNames.gen()), root)));
  const stem = lastPart(file);
  const called = [stem === 'index' ? path.basename(path.dirname(file)) : stem, packageName(packages[0] ?? root)];
  const word = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`);
  const user = outside.find(({ file: other, imports }) => called.some((one) => imports.has(one)) && word.test((readText(other) ?? '').replace(imported, '')));
  return user && path.relative(root, user.file);
}

function outsideOf(inside: ReadonlySet<string>, root: string): Outside[] {
  const files = sourceFilesBelow([root]).files.filter((file) => !inside.has(file));
  return files.map((file) => ({ file, imports: new Set([...(readText(file) ?? '').matchAll(imported)].map(([, specifier = '']) => lastPart(specifier))) }));
}

function lastPart(specifier: string): string {
  return path.basename(specifier).replace(/\.[cm]?[jt]sx?$/, '');
}

function isWorkspace(folder: string): boolean {
  return existsSync(path.join(folder, 'pnpm-workspace.yaml')) || manifest(folder).workspaces !== undefined;
}

/** The last part of a package's name. */
function packageName(folder: string): string {
  const { name } = manifest(folder);
  return typeof name === 'string' ? path.basename(name) : '';
}

function manifest(folder: string): { name?: unknown; workspaces?: unknown } {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: unknown; workspaces?: unknown };
  } catch {
    return {};
  }
}
