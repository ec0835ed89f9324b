import { existsSync, readFileSync, readdirSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import picomatch from 'picomatch';
import type { FileError } from './finding';
import { slashed } from './program/paths';

const sourceFile = /\.[cm]?[jt]sx?$/;
/** Declarations run nothing, and minified code is nobody's to mend: walks leave them out, a path given by name counts. */
const notWorthChecking = /\.d\.[cm]?ts$|\.d\.[^.]+\.ts$|\.min\.[cm]?js$/;

/** Whether a file's name is that of a source file worth checking. */
export function isSource(file: string): boolean {
  return sourceFile.test(file) && !notWorthChecking.test(file);
}

/** The patterns of one .gitignore, relative to its folder. */
interface IgnoreFile {
  readonly directory: string;
  readonly patterns: Ignore;
}

/** What the paths on a command line stand for. */
export interface SourceFiles {
  /** Absolute paths as the compiler writes them, sorted, each once. */
  readonly files: string[];
  readonly errors: FileError[];
}

/**
 * Finds the source files that `paths` name: files as they are; folders with all below them, and globs, less what
 * .gitignore files exclude, node_modules, hidden folders, declarations and minified files. Symbolic links are not
 * followed while walking, so that a loop of them ends nowhere.
 */
export function findSourceFiles(paths: readonly string[], cwd: string): SourceFiles {
  const found = new Set<string>();
  const errors: FileError[] = [];
  for (const given of paths) {
    const absolute = path.resolve(cwd, given);
    const before = found.size;
    const kind = kindOf(absolute);
    if (kind === 'file') {
      if (sourceFile.test(absolute)) found.add(absolute);
      else errors.push({ path: absolute, message: 'not a JavaScript or TypeScript file.' });
    } else if (kind === 'folder') {
      walk(absolute, ignoreFilesAbove(absolute), (file) => found.add(file), errors);
      if (found.size === before && errors.length === 0) errors.push({ path: absolute, message: 'no JavaScript or TypeScript files to check in this folder.' });
    } else if (kind === undefined && picomatch.scan(given).isGlob) {
      const { base, glob } = picomatch.scan(slashed(given));
      const start = path.resolve(cwd, base);
      const matches = picomatch(glob, { dot: true });
      const add = (file: string): void => {
        if (matches(slashed(path.relative(start, file)))) found.add(file);
      };
      if (kindOf(start) === 'folder') walk(start, ignoreFilesAbove(start), add, errors);
      if (found.size === before) errors.push({ path: absolute, message: 'no source file matches this pattern.' });
    } else {
      errors.push({ path: absolute, message: kind ?? 'no such file or folder.' });
    }
  }
  return { files: [...found].map((file) => slashed(file)).sort(), errors };
}

/** The source files below folders, found as {@link findSourceFiles} finds them; a folder may be empty or in another. */
export function sourceFilesBelow(folders: readonly string[]): SourceFiles {
  const found = new Set<string>();
  const errors: FileError[] = [];
  for (const folder of folders) walk(folder, ignoreFilesAbove(folder), (file) => found.add(file), errors);
  return { files: [...found].map((file) => slashed(file)).sort(), errors };
}

/** `file`, `folder`, undefined where there is nothing, or why it cannot be told. */
function kindOf(absolute: string): string | undefined {
  try {
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (!stat) return undefined;
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'neither a file nor a folder.';
  } catch (error) {
    return readProblem(error);
  }
}

function readProblem(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it.';
  if (code === 'ELOOP') return 'its symbolic links go round in a circle.';
  return `cannot be read (${code ?? String(error)}).`;
}

function walk(directory: string, above: readonly IgnoreFile[], add: (file: string) => void, errors: FileError[]): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    errors.push({ path: directory, message: readProblem(error) });
    return;
  }
  const own = entries.some((entry) => entry.name === '.gitignore') ? readIgnoreFile(directory) : undefined;
  const ignores = own ? [...above, own] : above;
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!isIgnored(`${full}/`, ignores)) walk(full, ignores, add, errors);
    } else if (entry.isFile() && isSource(entry.name) && !isIgnored(full, ignores)) {
      add(full);
    }
  }
}

/** Whether git would leave a path out; the nearest .gitignore that has an opinion decides. Folders end with a slash. */
function isIgnored(full: string, ignores: readonly IgnoreFile[]): boolean {
  for (let at = ignores.length - 1; at >= 0; at--) {
    const { directory, patterns } = ignores[at] as IgnoreFile;
    const verdict = patterns.test(slashed(full.slice(directory.length + (directory.endsWith(path.sep) ? 0 : 1))));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

/**
 * The .gitignore files between a folder and the top of its repository, outermost first. None where they exclude the
 * folder itself: who names an ignored folder wants what is in it.
 */
function ignoreFilesAbove(start: string): IgnoreFile[] {
  const found: IgnoreFile[] = [];
  let at = start;
  while (!existsSync(path.join(at, '.git'))) {
    const parent = path.dirname(at);
    if (parent === at) return [];
    at = parent;
    const own = readIgnoreFile(at);
    if (own) found.unshift(own);
  }
  return isIgnored(`${start}/`, found) ? [] : found;
}

function readIgnoreFile(directory: string): IgnoreFile | undefined {
  try {
    return { directory, patterns: ignore().add(readFileSync(path.join(directory, '.gitignore'), 'utf8')) };
  } catch {
    return undefined;
  }
}
