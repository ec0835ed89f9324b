import { isBlock, isReturnStatement, SyntaxKind, type Node, type SourceFile } from '../program';
import { isJavaScript } from '../syntax/file-names';
import { isFunctionNode } from '../syntax/functions';

/** What holds statements or members. */
const listing: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.SourceFile,
  SyntaxKind.ModuleBlock,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.ClassExpression,
  SyntaxKind.InterfaceDeclaration,
]);

/**
 * What other files can see of a file: its text without the bodies of functions, but with what functions return where
 * they do not declare it, and without the comments between statements and members, which say something of types in
 * JavaScript only. As long as it stays the same, names in other files mean what they meant.
 */
export function shapeOf(sourceFile: SourceFile): string {
  const { text } = sourceFile;
  const parts: string[] = [];
  let from = 0;
  const hasTypesInComments = isJavaScript(sourceFile.fileName);
  const visit = (node: Node): void => {
    // What stands before all else may refer to other files.
    if (!hasTypesInComments && node.pos > 0 && listing.has(node.parent.kind)) {
      parts.push(text.slice(from, node.pos));
      from = node.getStart(sourceFile);
    }
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
