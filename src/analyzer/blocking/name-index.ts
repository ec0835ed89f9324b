import path from 'node:path';
import { catalogueModule } from './catalogue';
import { packageDirectories } from './file-role';

const word = /[A-Za-z_$][\w$]*/g;
/** `new Worker('x.js')`, `new Worker(new URL('x.js', …))`, `new Worker(script` and what `script` may be set to. */
const worker = /\bnew Worker\(\s*(?:([A-Za-z_$][\w$]*)\s*[,)]|([^'"`;]*['"`][^'"`\n]+['"`]))/g;
const quoted = /['"`](?:\$\{[^}]*\})?([^'"`]+)['"`]/;
const imported = /\b(?:from|import|getBuiltinModule|\w*[rR]equire)\b\s*\(?\s*['"`]([^'"`\s]+)['"`]/g;

/**
 * Which files say which names: finds the few files that can call a function without reading the syntax of the others.
 * A file's names stay when its text changes; a file too many costs a look at its syntax, no more.
 */
export class NameIndex {
  private readonly byName = new Map<string, Set<string>>();
  private readonly byModule = new Map<string, Set<string>>();
  private readonly workers = new Set<string>();
  /** The text of files that were read more than once: those that are edited. */
  private readonly texts = new Map<string, string | undefined>();

  /** Reads a file's text. */
  add(file: string, text: string): void {
    const before = this.texts.get(file);
    this.texts.set(file, this.texts.has(file) ? text : undefined);
    this.read(file, before === undefined ? text : changedPart(before, text));
  }

  private read(file: string, text: string): void {
    for (const name of text.match(word) ?? []) note(this.byName, name, file);
    for (const [, specifier = ''] of text.matchAll(imported)) {
      const module = catalogueModule(specifier);
      if (module !== undefined) note(this.byModule, module, file);
      note(this.byName, lastSegment(specifier), file);
    }
    for (const script of workerScripts(text)) {
      // Node takes such a path from where the program is started; most write what is beside the file.
      for (const from of [path.dirname(file), ...packageDirectories(path.dirname(file))]) this.workers.add(withoutExtension(path.join(from, script)));
    }
  }

  /** The files that say a name (without `get:`, `set:`, `#` and `()`), or import a module whose path ends with it. */
  filesWith(name: string): ReadonlySet<string> {
    return this.byName.get(name.replace(/^(?:[gs]et:)?#?|\(\)$/g, '')) ?? none;
  }

  /** The files that import one of the catalogue's modules, by its name without `node:`. */
  filesImporting(module: string): ReadonlySet<string> {
    return this.byModule.get(module) ?? none;
  }

  /** Whether a worker thread is started with a file. */
  isWorkerFile(file: string): boolean {
    return this.workers.has(withoutExtension(file));
  }

  /** The files that may import a file: they name a module whose path ends like its own. */
  filesImportingFile(file: string): ReadonlySet<string> {
    const name = lastSegment(file);
    return this.filesWith(name === 'index' ? lastSegment(path.dirname(file)) : name);
  }
}

const none: ReadonlySet<string> = new Set();

/** The scripts that worker threads are started with, as the text names them. */
function* workerScripts(text: string): Generator<string> {
  for (const [, name, written] of text.matchAll(worker)) {
    const set = name === undefined ? written : new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*=\\s*([^;]*?\\.[cm]?[jt]s['"\`])`).exec(text)?.[1];
    const [, script] = quoted.exec(set ?? '') ?? [];
    if (script !== undefined) yield script;
  }
}

/** Longer than what stands between an `import` and its string. */
const around = 1000;

/** What an edit has changed of a text, with what stands around it. */
function changedPart(before: string, text: string): string {
  const shorter = Math.min(before.length, text.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === text.charCodeAt(start)) start++;
  let end = 0;
  while (end < shorter - start && before.charCodeAt(before.length - 1 - end) === text.charCodeAt(text.length - 1 - end)) end++;
  return text.slice(Math.max(0, start - around), text.length - end + around);
}

function lastSegment(file: string): string {
  return withoutExtension(file.slice(file.lastIndexOf('/') + 1));
}

function withoutExtension(file: string): string {
  return file.replace(/\.[cm]?[jt]sx?$/, '');
}

function note(map: Map<string, Set<string>>, name: string, file: string): void {
  const files = map.get(name);
  if (files) files.add(file);
  else map.set(name, new Set([file]));
}
