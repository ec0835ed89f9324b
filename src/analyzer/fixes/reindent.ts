import type { TextEdit } from '../finding';
import { SyntaxKind, type Node, type SourceFile } from '../program';
import type { EditedFile } from './await-edits';
import { replace } from './edits';

/** The text of a stretch with each further line indented more; lines inside a template keep their blanks. */
export function indented(sourceFile: SourceFile, node: Node, start: number, end: number, unit: string): string {
  const templates = templateSpans(node);
  let result = '';
  let at = start;
  for (const match of sourceFile.text.slice(start, end).matchAll(/\r?\n/g)) {
    const lineStart = start + match.index + match[0].length;
    const isBlank = /^[ \t]*(?:\r?\n|$)/.test(sourceFile.text.slice(lineStart, end));
    const isInside = templates.some((span) => span.start < lineStart && lineStart <= span.end);
    if (isBlank || isInside) continue;
    result += sourceFile.text.slice(at, lineStart) + unit;
    at = lineStart;
  }
  return result + sourceFile.text.slice(at, end);
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
