import type { Node, SourceFile } from 'typescript7/ast';

/**
 * Levels of a syntax tree that recursive code may go down safely: far from the end of the stack, where V8 cannot even
 * compile a regular expression and ends the process. Written code stays below 200; generated sums reach hundreds.
 */
const deepest = 1_500;

const known = new WeakMap<SourceFile, boolean>();

/** Whether a file's code is nested so deeply that it must not be walked recursively. */
export function isTooDeep(sourceFile: SourceFile): boolean {
  let deep = known.get(sourceFile);
  if (deep === undefined) known.set(sourceFile, (deep = exceeds(sourceFile)));
  return deep;
}

function exceeds(sourceFile: SourceFile): boolean {
  // A level takes a character at least.
  if (sourceFile.text.length < deepest) return false;
  let level: Node[] = [sourceFile];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    const next: Node[] = [];
    for (const node of level) node.forEachChild((child) => void next.push(child));
    level = next;
  }
  return false;
}
