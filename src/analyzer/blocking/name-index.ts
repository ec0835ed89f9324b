import { catalogueModule } from './catalogue';

/** A quoted import specifier, or an identifier. */
const token = /(['"`])((?:node:)?@?[\w.-]+(?:\/[\w.-]+)*)\1|[A-Za-z_$][\w$]*/g;

/**
 * Which files say which names: finds the few files that can call a function without reading the syntax of the others.
 * A file's names stay when its text changes; a file too many costs a look at its syntax, no more.
 */
export class NameIndex {
  private readonly byName = new Map<string, Set<string>>();
  private readonly byModule = new Map<string, Set<string>>();

  /** Reads a file's text. */
  add(path: string, text: string): void {
    for (const match of text.matchAll(token)) {
      const [word, , specifier] = match;
      if (specifier === undefined) note(this.byName, word, path);
      else {
        const module = catalogueModule(specifier);
        if (module !== undefined) note(this.byModule, module, path);
        note(this.byName, specifier.slice(specifier.lastIndexOf('/') + 1).replace(/\.[cm]?[jt]sx?$/, ''), path);
      }
    }
  }

  /** The files that say a name, or import a module whose path ends with it. */
  filesWith(name: string): ReadonlySet<string> {
    return this.byName.get(name) ?? none;
  }

  /** The files that import one of the catalogue's modules, by its name without `node:`. */
  filesImporting(module: string): ReadonlySet<string> {
    return this.byModule.get(module) ?? none;
  }

  /** The files that may import a file: they name a module whose path ends like its own. */
  filesImportingFile(path: string): ReadonlySet<string> {
    const [folder = '', base = ''] = path.split('/').slice(-2);
    const name = base.replace(/\.[cm]?[jt]sx?$/, '');
    return this.filesWith(name === 'index' ? folder : name);
  }
}

const none: ReadonlySet<string> = new Set();

function note(map: Map<string, Set<string>>, name: string, path: string): void {
  const paths = map.get(name);
  if (paths) paths.add(path);
  else map.set(name, new Set([path]));
}
