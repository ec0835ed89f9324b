import path from 'node:path';
import type { Node } from '../program';

/** `file.ts:12`, for a sentence. */
export function placeOf(node: Node): string {
  const sourceFile = node.getSourceFile();
  const { line } = sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile));
  return `${path.basename(sourceFile.fileName)}:${line + 1}`;
}
