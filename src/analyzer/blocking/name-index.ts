import { catalogueModule } from './catalogue';

const word = /[A-Za-z_$][\w$]*/g;
const imported = /\b(?:from|import|require)\b\s*\(?\s*['"`]([^'"`\s]+)['"`]/g;

/**
 * Which files say which names: finds the few files that can call a function without reading the syntax of the others.
 * A file's names stay when its text changes; a file too many costs a look at its syntax, no more.
 */
export class NameIndex {
  private readonly byName = new Map<string, Set<string>>();
  private readonly byModule = new Map<string, Set<string>>();

  /** Reads a file's text. */
  add(path: string, text: string): void {
    for (const name of text.match(word) ?? []) note(this.byName, name, path);
    for (const [, specifier = ''] of text.matchAll(imported)) {
      const module = catalogueModule(specifier);
      if (module !== undefined) note(this.byModule, module, path);
      note(this.byName, lastSegment(specifier), path);
    }
  }

  /** The files that say a name (without `get:`, `#` and `()`), or import a module whose path ends with it. */
  filesWith(name: string): ReadonlySet<string> {
    return this.byName.get(name.replace(/^(?:get:)?#?|\(\)$/g, '')) ?? none;
  }

  /** The files that import one of the catalogue's modules, by its name without `node:`. */
  filesImporting(module: string): ReadonlySet<string> {
    return this.byModule.get(module) ?? none;
  }

  /** The files that may import a file: they name a module whose path ends like its own. */
  filesImportingFile(path: string): ReadonlySet<string> {
    const name = lastSegment(path);
    return this.filesWith(name === 'index' ? lastSegment(path.slice(0, path.lastIndexOf('/'))) : name);
  }
}

const none: ReadonlySet<string> = new Set();

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[cm]?[jt]sx?$/, '');
}

function note(map: Map<string, Set<string>>, name: string, path: string): void {
  const paths = map.get(name);
  if (paths) paths.add(path);
  else map.set(name, new Set([path]));
}
