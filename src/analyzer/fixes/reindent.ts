import type { TextEdit } from '../finding';
import { SyntaxKind, type Node } from '../program';
import type { EditedFile } from './await-edits';
import { replace } from './edits';

/** The edits that move every line of a node but its first in by one step; lines inside a template stay as they are. */
export function indents({ path, text, sourceFile }: EditedFile, node: Node, step: string): TextEdit[] {
  const templates = templateSpans(node);
  const start = node.getStart(sourceFile);
  const edits: TextEdit[] = [];
  for (const match of text.slice(start, node.end).matchAll(/\r?\n/g)) {
    const lineStart = start + match.index + match[0].length;
    const isBlank = /^[ \t]*(?:\r?\n|$)/.test(text.slice(lineStart));
    const isInside = templates.some((span) => span.start < lineStart && lineStart <= span.end);
    if (!isBlank && !isInside) edits.push({ path, start: lineStart, end: lineStart, newText: step });
  }
  return edits;
}

function templateSpans(root: Node): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  const visit = (node: Node): void => {
    const kinds = [SyntaxKind.NoSubstitutionTemplateLiteral, SyntaxKind.TemplateHead, SyntaxKind.TemplateMiddle, SyntaxKind.TemplateTail, SyntaxKind.JsxText];
    if (kinds.includes(node.kind)) spans.push({ start: node.getStart(), end: node.end });
    node.forEachChild(visit);
  };
  visit(root);
  return spans;
}

/** The edits that move the lines of a node out, from one depth of indentation to another. */
export function outdents({ path, text, sourceFile }: EditedFile, node: Node, wanted: string, actual: string): TextEdit[] {
  if (!actual.startsWith(wanted) || actual === wanted) return [];
  const templates = templateSpans(node);
  const edits: TextEdit[] = [];
  const start = node.getStart(sourceFile);
  for (const match of text.slice(start, node.end).matchAll(/\r?\n/g)) {
    const lineStart = start + match.index + match[0].length;
    if (templates.some((span) => span.start < lineStart && lineStart <= span.end)) continue;
    if (text.startsWith(actual, lineStart)) edits.push(replace(path, { start: lineStart + wanted.length, end: lineStart + actual.length }, ''));
  }
  return edits;
}
