import { readFileSync } from 'node:fs';

/** Changes on disk, as a file watcher reports them; absolute paths. */
export interface DiskChanges {
  changed?: readonly string[];
  created?: readonly string[];
  deleted?: readonly string[];
}

/** To collect changes in. */
export function noChanges(): Record<keyof DiskChanges, string[]> {
  return { changed: [], created: [], deleted: [] };
}

/** A file's text; undefined where it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
