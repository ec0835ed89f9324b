import type { CheckReport, ReportedDiagnostic } from '../../../src/cli/formats/format';

const source: Record<string, string[]> = {
  'src/server.ts': ['export async function handle(request: Request) {', '\tconst page = render(request.url); // 100%, done: yes', '}'],
};

/** A finding of severity error with a chain of two calls. */
export const blocking: ReportedDiagnostic = {
  rule: 'no-blocking-call',
  severity: 'error',
  message: '`readFileSync` blocks the event loop.',
  file: 'src/server.ts',
  range: { start: { line: 2, column: 15 }, end: { line: 2, column: 34 } },
  related: [
    { file: 'src/render.ts', range: range(8, 10, 8, 20), message: 'render calls template' },
    { file: '../lib/template.ts', range: range(3, 3, 3, 15), message: 'template calls readFileSync' },
  ],
  fixes: [],
  fixable: false,
};

export function range(line: number, column: number, endLine: number, endColumn: number): ReportedDiagnostic['range'] {
  return { start: { line, column }, end: { line: endLine, column: endColumn } };
}

/** A report of these findings, in a working directory `/home/me/app`. */
export function reportOf(diagnostics: readonly ReportedDiagnostic[], more: Partial<CheckReport> = {}): CheckReport {
  return {
    cwd: '/home/me/app',
    files: 12,
    durationMs: 1234,
    diagnostics,
    errors: [],
    fixed: undefined,
    line: (file, line) => source[file]?.[line - 1],
    ...more,
  };
}
