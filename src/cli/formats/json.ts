import type { CheckReport } from './format';

/** The machine-readable form that docs/cli.md describes. */
export function jsonReport({ files, durationMs, diagnostics, errors }: CheckReport): string {
  const plain = diagnostics.map(({ fixable: _fixable, ...diagnostic }) => diagnostic);
  return `${JSON.stringify({ version: 1, files, durationMs, diagnostics: plain, errors }, null, 2)}\n`;
}
