import path from 'node:path';
import type { Finding, Severity, Span, TextEdit } from './finding';

/** A place as editors count: lines and columns from 1, columns in UTF-16 units. */
export interface Position {
  line: number;
  column: number;
}

export interface Range {
  start: Position;
  end: Position;
}

/** A fix with its edits worked out, known to compile. */
export interface CodeFix {
  title: string;
  kind: 'quickfix' | 'refactor';
  preferred: boolean;
  /** Each once, by file and from first to last; at one place what is inserted comes before what is replaced, as LSP wants it. */
  edits: TextEdit[];
}

/** A finding as `check --format json` prints it. */
export interface DiagnosticJson {
  rule: string;
  severity: Severity;
  message: string;
  file: string;
  range: Range;
  related: { file: string; range: Range; message: string }[];
  fixes: { title: string; kind: 'quickfix' | 'refactor'; preferred: boolean; edits: { file: string; range: Range; newText: string }[] }[];
}

/** Turns offsets into lines and columns; the text of each file comes from `textOf`. */
export class Positions {
  private readonly starts = new Map<string, number[]>();

  constructor(
    private readonly textOf: (path: string) => string,
    private readonly cwd: string,
  ) {}

  range(span: Span): Range {
    return { start: this.position(span.path, span.start), end: this.position(span.path, span.end) };
  }

  /** Relative to the working directory, with `/`. */
  file(absolute: string): string {
    return path.relative(this.cwd, absolute).split(path.sep).join('/') || absolute;
  }

  diagnostic(finding: Finding, fixes: readonly CodeFix[]): DiagnosticJson {
    return {
      rule: finding.rule,
      severity: finding.severity,
      message: finding.message,
      file: this.file(finding.path),
      range: this.range(finding),
      related: finding.related.map((place) => ({ file: this.file(place.path), range: this.range(place), message: place.message })),
      fixes: fixes.map(({ title, kind, preferred, edits }) => ({
        title,
        kind,
        preferred,
        edits: edits.map((edit) => ({ file: this.file(edit.path), range: this.range(edit), newText: edit.newText })),
      })),
    };
  }

  private position(file: string, offset: number): Position {
    let starts = this.starts.get(file);
    if (!starts) this.starts.set(file, (starts = lineStarts(this.textOf(file))));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(match.index + match[0].length);
  return starts;
}
