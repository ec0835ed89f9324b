import { statSync } from 'node:fs';
import path from 'node:path';
import { Option, type Command } from 'commander';
import picocolors from 'picocolors';
import { glob } from 'tinyglobby';
import { ConfigFinder } from '../analyzer/config/config';
import { Positions, type DiagnosticJson } from '../analyzer/diagnostics';
import type { FileError } from '../analyzer/finding';
import { Linter } from '../analyzer/linter';
import { Programs } from '../analyzer/program';

const sourceGlob = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}';
const neverChecked = ['**/node_modules/**', '**/.git/**', '**/*.d.ts', '**/*.d.mts', '**/*.d.cts', '**/*.min.js'];

interface CheckOptions {
  format: 'text' | 'json';
  config?: string;
}

/** Registers `check`. */
export function addCheck(program: Command): void {
  program
    .command('check')
    .description('find what is wrong with async code')
    .argument('[paths...]', 'files, folders or globs', ['.'])
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--config <file>', 'use this configuration for every file')
    .action(async (paths: string[], options: CheckOptions) => {
      process.exitCode = await check(paths, options);
    });
}

async function check(paths: string[], options: CheckOptions): Promise<number> {
  const started = performance.now();
  const cwd = process.cwd();
  const errors: FileError[] = [];
  const files = await expand(paths, cwd, errors);
  const programs = new Programs(cwd);
  const diagnostics: DiagnosticJson[] = [];
  let count = 0;
  try {
    const linter = new Linter(programs, new ConfigFinder({}, options.config && path.resolve(options.config)));
    const positions = new Positions((file) => programs.unit(file)?.text ?? '', cwd);
    for (const report of linter.check(files)) {
      count++;
      errors.push(...report.errors);
      for (const finding of report.findings) diagnostics.push(positions.diagnostic(finding, []));
    }
  } finally {
    programs.close();
  }
  const durationMs = Math.round(performance.now() - started);
  if (options.format === 'json') {
    process.stdout.write(`${JSON.stringify({ version: 1, files: count, durationMs, diagnostics, errors }, null, 2)}\n`);
  } else {
    for (const one of diagnostics) {
      const { line, column } = one.range.start;
      process.stdout.write(`${one.file}:${line}:${column} ${one.severity} ${one.message} ${picocolors.dim(one.rule)}\n`);
    }
    process.stdout.write(`${diagnostics.length} findings in ${count} files (${durationMs} ms)\n`);
  }
  for (const error of errors) process.stderr.write(`${path.relative(cwd, error.path)}: ${error.message}\n`);
  if (errors.length > 0) return 2;
  return diagnostics.some((one) => one.severity === 'error') ? 1 : 0;
}

/** Absolute paths of the source files that the arguments name. */
async function expand(paths: string[], cwd: string, errors: FileError[]): Promise<string[]> {
  const files = new Set<string>();
  for (const given of paths) {
    const absolute = path.resolve(cwd, given);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat?.isFile()) files.add(absolute);
    else if (stat?.isDirectory()) {
      for (const file of await glob(sourceGlob, { cwd: absolute, absolute: true, ignore: neverChecked, dot: false })) files.add(file);
    } else {
      const matches = await glob(given, { cwd, absolute: true, ignore: neverChecked });
      if (matches.length === 0) errors.push({ path: absolute, message: 'no such file or folder.' });
      for (const file of matches) files.add(file);
    }
  }
  return [...files].sort();
}
