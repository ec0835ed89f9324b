import { isBlock, isReturnStatement, type Node, type SourceFile } from '../program';
import { isFunctionNode } from '../syntax/functions';

/**
 * What other files can see of a file: its text without the bodies of functions, but with what functions return where
 * they do not declare it. As long as it stays the same, names in other files mean what they meant.
 */
export function shapeOf(sourceFile: SourceFile): string {
  const { text } = sourceFile;
  const parts: string[] = [];
  let from = 0;
  const visit = (node: Node): void => {
    if (isFunctionNode(node) && node.body && isBlock(node.body)) {
      parts.push(text.slice(from, node.body.pos));
      if (!node.type) visitReturns(node.body);
      from = node.body.end;
    } else node.forEachChild(visit);
  };
  const visitReturns = (node: Node): void => {
    if (isReturnStatement(node)) parts.push(text.slice(node.pos, node.end));
    else if (!isFunctionNode(node)) node.forEachChild(visitReturns);
  };
  sourceFile.forEachChild(visit);
  parts.push(text.slice(from));
  return parts.join('\0');
}
