import path from 'node:path';

/** The directory and its parents, nearest first. */
export function* ancestors(directory: string): Generator<string> {
  for (let at = directory; ; at = path.dirname(at)) {
    yield at;
    if (path.dirname(at) === at) return;
  }
}

/** A path as the compiler writes it, with `/` on Windows too. */
export function slashed(file: string, separator: string = path.sep): string {
  return separator === '/' ? file : file.split(separator).join('/');
}
