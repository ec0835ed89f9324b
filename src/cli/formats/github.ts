import path from 'node:path';
import type { Severity } from '../../analyzer/finding';
import type { CheckReport } from './format';

const commands: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'notice', hint: 'notice' };

/** GitHub Actions' workflow commands: one annotation for each finding. Paths are relative to the checkout, where it is known. */
export function githubReport({ cwd, diagnostics, errors }: CheckReport): string {
  const checkout = process.env.GITHUB_WORKSPACE ?? cwd;
  const inCheckout = (file: string): string => path.relative(checkout, path.resolve(cwd, file)).split(path.sep).join('/');
  const lines = diagnostics.map(({ rule, severity, message, file, range: { start, end }, related }) => {
    // GitHub takes columns only for a stretch within one line; its end column is the last one marked.
    const columns: Record<string, number> = start.line === end.line ? { col: start.column, endColumn: Math.max(start.column, end.column - 1) } : {};
    const place = { file: inCheckout(file), line: start.line, endLine: end.line, ...columns, title: `asyncscope ${rule}` };
    const chain = related.map((one) => `${inCheckout(one.file)}:${one.range.start.line}:${one.range.start.column}: ${one.message}`);
    return annotation(commands[severity], place, [message, ...chain].join('\n'));
  });
  const broken = errors.map(({ file, message }) => annotation('error', { file: inCheckout(file), title: 'asyncscope' }, message));
  return [...lines, ...broken].map((line) => `${line}\n`).join('');
}

function annotation(command: string, properties: Record<string, string | number>, message: string): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${command} ${list.join(',')}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
