import type picocolors from 'picocolors';
import type { Position, Range } from '../../analyzer/diagnostics';
import { severities, type Severity } from '../../analyzer/finding';
import type { CheckReport, ReportedDiagnostic } from './format';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Columns of source shown of a long line, around what is marked. */
const excerptWidth = 120;

/** For people: each finding with its line, what leads to it, and a summary at the end. */
export function textReport(report: CheckReport, colors: Colors): string {
  const blocks = report.diagnostics.map((diagnostic) => finding(diagnostic, report, colors));
  return `${blocks.map((block) => `${block}\n`).join('')}${summary(report, colors)}\n`;
}

function finding(one: ReportedDiagnostic, report: CheckReport, colors: Colors): string {
  const fixable = one.fixable ? colors.dim(' (--fix mends it)') : '';
  const head = `${place(one.file, one.range.start, colors)} ${tint(one.severity, colors)(one.severity)} ${visible(one.message)} ${colors.dim(one.rule)}${fixable}`;
  // Hints are many and weigh little: one line each.
  if (one.severity === 'hint') return head;
  const related = one.related.map((step) => `    ${place(step.file, step.range.start, colors)} ${visible(step.message)}`);
  return [head, ...excerpt(one.file, one.range, report, tint(one.severity, colors), colors), ...related, ''].join('\n');
}

function place(file: string, { line, column }: Position, colors: Colors): string {
  return `${colors.bold(visible(file))}:${line}:${column}`;
}

/** The first line of what is marked, with carets below. */
function excerpt(file: string, { start, end }: Range, report: CheckReport, mark: (text: string) => string, colors: Colors): string[] {
  const source = report.line(file, start.line);
  if (source === undefined || source.trim() === '') return [];
  const last = end.line === start.line ? end.column - 1 : source.trimEnd().length;
  const from = start.column - 1 <= excerptWidth - 20 ? 0 : start.column - 21;
  const text = source.slice(from, from + excerptWidth).trimEnd();
  const indent = from === 0 ? (/^\s*/.exec(text)?.[0].length ?? 0) : 0;
  const lead = visible(text.slice(indent, start.column - 1 - from)).length;
  const length = Math.max(1, visible(text.slice(start.column - 1 - from, last - from)).length);
  const number = String(start.line);
  const gutter = (content: string): string => colors.dim(`  ${content.padStart(number.length)} | `);
  return [`${gutter(number)}${visible(text.slice(indent))}`, `${gutter('')}${' '.repeat(lead)}${mark('^'.repeat(length))}`];
}

/** Text that cannot move the cursor or change colours: control characters show as dots, tabs as spaces. */
function visible(text: string): string {
  return text.replace(/\t/g, '  ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}

function tint(severity: Severity, colors: Colors): (text: string) => string {
  return { error: colors.red, warning: colors.yellow, info: colors.blue, hint: colors.dim }[severity];
}

function summary({ diagnostics, files, durationMs, fixed }: CheckReport, colors: Colors): string {
  if (files === 0) return 'Nothing was checked.';
  const time = durationMs < 1000 ? `${durationMs} ms` : `${(durationMs / 1000).toFixed(1)} s`;
  const checked = `${count(files, 'file')} checked in ${time}`;
  const mended = fixed && fixed.findings > 0 ? `${count(fixed.findings, 'finding')} mended in ${count(fixed.files, 'file')}. ` : '';
  if (diagnostics.length === 0) return `${mended}${colors.green(fixed && mended ? 'Nothing remains' : 'No findings')}; ${checked}.`;
  const counts = [...severities]
    .reverse()
    .map((severity) => ({ severity, number: diagnostics.filter((one) => one.severity === severity).length }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => tint(severity, colors)(severity === 'info' ? `${number} info` : count(number, severity)));
  const inFiles = count(new Set(diagnostics.map((one) => one.file)).size, 'file');
  const fixable = diagnostics.filter((one) => one.fixable).length;
  const hint = fixable > 0 && !fixed ? ` --fix can mend ${fixable} of them.` : '';
  return `${mended}${counts.join(', ')} in ${inFiles}; ${checked}.${hint}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
