/**
 * A file's path as the editor writes it: on Windows with a small drive letter. A program has the letter that whoever
 * started it gave.
 */
export function editorPath(file: string): string {
  return file.replace(/^[A-Z](?=:[\\/])/, (drive) => drive.toLowerCase());
}
