import type { SourceFile } from 'typescript7/ast';
import { depthOf } from './tree-scan';

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
  return sourceFile.text.length >= deepest && depthOf(sourceFile, deepest + 1) > deepest;
}
