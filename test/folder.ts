import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A temporary folder of files. */
export interface Folder {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Absolute path of a file in it. */
  file(name: string): string;
  /** Writes files by their relative path. */
  write(files: Record<string, string | Buffer>): void;
  remove(): void;
}

/** Makes a temporary folder with these files in it. */
export function makeFolder(files: Record<string, string | Buffer> = {}): Folder {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'asyncscope-test-')));
  const folder: Folder = {
    path: root,
    file: (name) => path.join(root, name),
    write(more) {
      for (const [name, content] of Object.entries(more)) {
        mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
        writeFileSync(path.join(root, name), content);
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  folder.write(files);
  return folder;
}
