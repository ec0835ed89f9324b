import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { DiagnosticSeverity, type Connection, type Range } from 'vscode-languageserver/node';
import type { ConfigError } from '../analyzer/config/config';
import { LineStarts } from './line-starts';
import { diagnosticSource } from './lsp-diagnostics';
import { uriOfPath } from './paths';

/** Shows what is wrong with configuration files in these files themselves. */
export class ConfigProblems {
  private shown = new Map<string, string>();

  constructor(private readonly connection: Connection) {}

  show(problems: readonly ConfigError[]): void {
    const now = new Map(problems.map((problem) => [problem.file, problem]));
    for (const file of this.shown.keys()) if (!now.has(file)) void this.connection.sendDiagnostics({ uri: uriOfPath(file), diagnostics: [] });
    for (const [file, problem] of now) {
      if (this.shown.get(file) === problem.message) continue;
      const diagnostic = { range: rangeOf(problem), severity: DiagnosticSeverity.Error, source: diagnosticSource, message: problem.reason };
      void this.connection.sendDiagnostics({ uri: uriOfPath(file), diagnostics: [diagnostic] });
    }
    this.shown = new Map(problems.map((problem) => [problem.file, problem.message]));
  }
}

function rangeOf({ file, place: { line, property } }: ConfigError): Range {
  const first = (line ?? 1) - 1;
  const wholeLine = { start: { line: first, character: 0 }, end: { line: first + 1, character: 0 } };
  if (!property) return wholeLine;
  const text = readText(file);
  const root = parseTree(text, [], { allowTrailingComma: true });
  const inManifest = path.basename(file) === 'package.json' ? ['asyncscope'] : [];
  const value = root && findNodeAtLocation(root, [...inManifest, ...property]);
  const key = value?.parent?.children?.[0];
  return key ? new LineStarts(text).range({ start: key.offset, end: key.offset + key.length }) : wholeLine;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
