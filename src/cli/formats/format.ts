import type { DiagnosticJson } from '../../analyzer/diagnostics';

export const formatNames = ['text', 'json', 'sarif', 'github'] as const;
export type FormatName = (typeof formatNames)[number];

/** A finding with its place, and what only people are shown. */
export interface ReportedDiagnostic extends DiagnosticJson {
  /** `--fix` would mend it. */
  readonly fixable: boolean;
}

/** What a check found, for printing. Files are relative to the working directory, with `/`. */
export interface CheckReport {
  readonly cwd: string;
  /** How many files were checked. */
  readonly files: number;
  readonly durationMs: number;
  readonly diagnostics: readonly ReportedDiagnostic[];
  /** What stopped files or configurations from being read. */
  readonly errors: readonly { file: string; message: string }[];
  /** What `--fix` did; undefined without it. */
  readonly fixed: { readonly findings: number; readonly files: number } | undefined;
  /** The text of a file's line, from 1; undefined where it is not known. */
  line(file: string, line: number): string | undefined;
}
