import type { Finding } from './finding';
import { SyntaxKind, getTokenAtPosition, type SourceFile } from './program';
import type { Rule } from './rules/rule';

const directive =
  /(asyncscope|eslint|oxlint)-(disable-next-line|disable-line|disable|enable)(?![-\w])[ \t]*([^\r\n]*?)(?:\*\/|$)/gm;

const literals = new Set<SyntaxKind>([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.JsxText,
]);

interface Stretch {
  /** Offsets within which findings are silenced. */
  start: number;
  end: number;
  /** Rule names as written; undefined silences all. */
  names: readonly string[] | undefined;
}

/**
 * The findings that no comment silences: `asyncscope-disable-next-line ID -- reason`, `-disable-line`,
 * `-disable`/`-enable`, and ESLint's of a rule that ours equals.
 */
export function withoutSuppressed(findings: readonly Finding[], sourceFile: SourceFile, rules: ReadonlyMap<string, Rule>): Finding[] {
  if (findings.length === 0) return [];
  const stretches = suppressedStretches(sourceFile);
  if (stretches.length === 0) return [...findings];
  return findings.filter((finding) => {
    const rule = rules.get(finding.rule);
    return !stretches.some(
      (stretch) =>
        stretch.start <= finding.start &&
        finding.start < stretch.end &&
        (stretch.names === undefined || stretch.names.some((name) => name === finding.rule || rule?.equals.includes(name) || rule?.silencedBy?.includes(name))),
    );
  });
}

function suppressedStretches(sourceFile: SourceFile): Stretch[] {
  const { text } = sourceFile;
  if (!text.includes('-disable')) return [];
  const lineStarts = sourceFile.getLineStarts();
  const lineAt = (position: number): number => sourceFile.getLineAndCharacterOfPosition(position).line;
  const stretches: Stretch[] = [];
  let open: Stretch[] = [];
  for (const match of text.matchAll(directive)) {
    if (!isInComment(sourceFile, match.index)) continue;
    const [, , kind, rest = ''] = match;
    const names = ruleNames(rest);
    // A blanket eslint-disable was not written with these rules in mind, but says that no linter should speak here.
    if (kind === 'disable-next-line' || kind === 'disable-line') {
      const line = lineAt(match.index + match[0].length) + (kind === 'disable-next-line' ? 1 : 0);
      stretches.push({ start: lineStarts[line] ?? text.length, end: lineStarts[line + 1] ?? text.length + 1, names });
    } else if (kind === 'disable') {
      open.push({ start: match.index, end: text.length + 1, names });
    } else {
      const closes = (stretch: Stretch): boolean => names === undefined || stretch.names?.some((name) => names.includes(name)) === true;
      for (const stretch of open.filter(closes)) stretches.push({ ...stretch, end: match.index });
      open = open.filter((stretch) => !closes(stretch));
    }
  }
  return [...stretches, ...open];
}

function ruleNames(rest: string): string[] | undefined {
  const list = rest.split(/\s--/)[0]?.trim() ?? '';
  const names = list.split(',').map((name) => name.trim()).filter(Boolean);
  return names.length > 0 ? names : undefined;
}

function isInComment(sourceFile: SourceFile, position: number): boolean {
  const token = getTokenAtPosition(sourceFile, position);
  return !(literals.has(token.kind) && token.getStart(sourceFile) <= position && position < token.end);
}
