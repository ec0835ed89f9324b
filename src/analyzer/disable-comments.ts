import type { Finding, TextEdit } from './finding';
import { SyntaxKind, getTokenAtPosition, type SourceFile } from './program';

/** Comments that mean the line below them: nothing may come in between. */
const meansNextLine = /(-disable-next-line|-ignore(-next-line)?|@ts-expect-error)\b/;

const ownNextLine = /asyncscope-disable-next-line[ \t]+[\w@/-]+([ \t]*,[ \t]*[\w@/-]+)*/;

const textTokens = new Set<SyntaxKind>([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
]);

/** A change that silences a finding by a comment. */
export interface Silencing {
  readonly title: string;
  readonly edit: TextEdit;
}

/** The comments that silence a finding: for its line, where one can stand there, and for the whole file. */
export function silencings(finding: Finding, sourceFile: SourceFile): Silencing[] {
  const line = disableLine(finding, sourceFile);
  return [
    ...(line ? [{ title: `Disable ${finding.rule} for this line`, edit: line }] : []),
    { title: `Disable ${finding.rule} for the whole file`, edit: disableFile(finding, sourceFile) },
  ];
}

function disableLine({ rule, path, start }: Finding, sourceFile: SourceFile): TextEdit | undefined {
  const { text } = sourceFile;
  const lineStart = lineStartAt(text, start);
  const around = lineStart === 0 ? 'code' : surroundings(sourceFile, lineStart - 1);
  if (around !== 'text') {
    const aboveStart = lineStartAt(text, lineStart - 1);
    const above = text.slice(aboveStart, lineStart);
    const own = ownNextLine.exec(above);
    if (own) return insertion(path, aboveStart + own.index + own[0].length, `, ${rule}`);
    if (!meansNextLine.test(above)) {
      const indent = /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
      const directive = `asyncscope-disable-next-line ${rule}`;
      return insertion(path, lineStart, `${indent}${around === 'jsx' ? `{/* ${directive} */}` : `// ${directive}`}${lineEnd(text)}`);
    }
  }
  const token = getTokenAtPosition(sourceFile, start);
  // Before an element a comment would be a text to show.
  const inCode = token.kind !== SyntaxKind.LessThanToken && token.kind !== SyntaxKind.JsxText;
  return inCode ? insertion(path, start, `/* asyncscope-disable-line ${rule} */ `) : undefined;
}

function disableFile({ rule, path }: Finding, { text }: SourceFile): TextEdit {
  const shebang = /^#!.*(\r\n|\n|\r|$)/.exec(text)?.[0] ?? '';
  return insertion(path, shebang.length, `/* asyncscope-disable ${rule} */${lineEnd(text)}`);
}

function insertion(path: string, at: number, newText: string): TextEdit {
  return { path, start: at, end: at, newText };
}

/** What a line end is part of: code, what is shown between the tags of a JSX element, or a string or template. */
function surroundings(sourceFile: SourceFile, position: number): 'code' | 'jsx' | 'text' {
  const token = getTokenAtPosition(sourceFile, position);
  if (token.kind === SyntaxKind.JsxText) return 'jsx';
  return textTokens.has(token.kind) && token.getStart(sourceFile) <= position && position < token.end ? 'text' : 'code';
}

function lineStartAt(text: string, position: number): number {
  return Math.max(text.lastIndexOf('\n', position - 1), text.lastIndexOf('\r', position - 1)) + 1;
}

/** The line ends that a file is written with. */
function lineEnd(text: string): string {
  return /\r\n|\n/.exec(text)?.[0] ?? '\n';
}
