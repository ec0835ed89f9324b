import { readFileSync } from 'node:fs';
import { DiagnosticSeverity, type Connection, type Diagnostic, type Range } from 'vscode-languageserver/node';
import type { Finding, Span } from '../analyzer/finding';
import type { FileReport } from '../analyzer/linter';
import { LineStarts } from './line-starts';
import { diagnosticOf } from './lsp-diagnostics';
import { uriOfPath } from './paths';

/** A document that the editor has open. */
export interface OpenFile {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

/** What the editor shows of one file. */
export interface Shown {
  readonly uri: string;
  /** Of the document that was checked; undefined for a closed one. */
  readonly version: number | undefined;
  /** The snapshot that the findings belong to. */
  readonly snapshot: string;
  readonly report: FileReport;
  /** One for each finding, in order. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Publishes what was found in each file, and knows it afterwards. */
export class ShownFindings {
  private readonly byPath = new Map<string, Shown>();

  constructor(
    private readonly connection: Connection,
    private readonly openFile: (path: string) => OpenFile | undefined,
    private readonly closedText: (path: string) => string | undefined,
  ) {}

  get(path: string): Shown | undefined {
    return this.byPath.get(path);
  }

  /** Paths of files with findings or notes. */
  get paths(): Iterable<string> {
    return this.byPath.keys();
  }

  /** How many problems are shown, how many of them are hints, and in how many files. */
  get counts(): { problems: number; hints: number; files: number } {
    const all = [...this.byPath.values()].map(({ diagnostics }) => diagnostics);
    const hints = all.flat().filter(({ severity }) => severity === DiagnosticSeverity.Hint);
    return { problems: all.flat().length, hints: hints.length, files: all.filter(({ length }) => length > 0).length };
  }

  /** What kept open files from being checked wholly. Syntax errors are the language's own business. */
  get errors(): { path: string; message: string }[] {
    return [...this.byPath.entries()]
      .filter(([path]) => this.openFile(path) !== undefined)
      .flatMap(([, { report }]) => report.errors.filter(({ message }) => !/^\d+:\d+: syntax error/.test(message)));
  }

  /** Shows a report; the editor is told only what it does not know yet. */
  show(report: FileReport, snapshot: string): void {
    const { path } = report;
    const open = this.openFile(path);
    const uri = open?.uri ?? uriOfPath(path);
    const places = this.places(report);
    const diagnostics = report.findings.map((finding) => diagnosticOf(finding, places));
    const before = this.byPath.get(path);
    if (!open && diagnostics.length === 0) this.byPath.delete(path);
    else this.byPath.set(path, { uri, version: open?.version, snapshot, report, diagnostics });
    const known = before?.uri === uri && before.version === open?.version && sameAs(before.diagnostics, diagnostics);
    const nothing = !before && !open && diagnostics.length === 0;
    if (!known && !nothing) this.publish(uri, open?.version, diagnostics);
  }

  /** The file is no longer checked, or is gone: nothing is shown for it. */
  clear(path: string): void {
    const before = this.byPath.get(path);
    if (!before) return;
    this.byPath.delete(path);
    this.publish(before.uri, undefined, []);
  }

  private publish(uri: string, version: number | undefined, diagnostics: readonly Diagnostic[]): void {
    void this.connection.sendDiagnostics({ uri, ...(version !== undefined && { version }), diagnostics: [...diagnostics] });
  }

  private places(report: FileReport): Parameters<typeof diagnosticOf>[1] {
    const lines = new Map<string, LineStarts>();
    return {
      uri: (file) => this.openFile(file)?.uri ?? uriOfPath(file),
      range: (span: Span): Range => {
        let known = lines.get(span.path);
        if (!known) lines.set(span.path, (known = new LineStarts(this.textOf(span.path, report))));
        return known.range(span);
      },
    };
  }

  private textOf(path: string, { unit }: FileReport): string {
    if (unit?.path === path) return unit.text;
    return this.openFile(path)?.text ?? this.closedText(path) ?? readText(path);
  }
}

/** The finding that a diagnostic of the editor stands for. */
export function findingOf(shown: Shown, diagnostic: Diagnostic): Finding | undefined {
  const index = shown.diagnostics.findIndex((one) => one.code === diagnostic.code && sameRange(one.range, diagnostic.range));
  return shown.report.findings[index];
}

function sameRange(a: Range, b: Range): boolean {
  return (
    a.start.line === b.start.line && a.start.character === b.start.character && a.end.line === b.end.line && a.end.character === b.end.character
  );
}

function sameAs(a: readonly Diagnostic[], b: readonly Diagnostic[]): boolean {
  return a.length === b.length && JSON.stringify(a) === JSON.stringify(b);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return '';
  }
}
