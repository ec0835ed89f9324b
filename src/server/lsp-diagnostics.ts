import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DiagnosticSeverity, DiagnosticTag, type Diagnostic, type Range } from 'vscode-languageserver/node';
import type { Finding, Severity, Span } from '../analyzer/finding';

export const diagnosticSource = 'asyncscope';

const severityOf: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** Turns stretches of files, the finding's own and others', into the protocol's places. */
export interface Places {
  range(span: Span): Range;
  uri(file: string): string;
}

export function diagnosticOf(finding: Finding, places: Places): Diagnostic {
  return {
    range: places.range(finding),
    severity: severityOf[finding.severity],
    source: diagnosticSource,
    code: finding.rule,
    codeDescription: { href: documentationUri(finding.rule) },
    message: finding.message,
    ...(finding.unnecessary && { tags: [DiagnosticTag.Unnecessary] }),
    ...(finding.related.length > 0 && {
      relatedInformation: finding.related.map((place) => ({
        location: { uri: places.uri(place.path), range: places.range(place) },
        message: place.message,
      })),
    }),
  };
}

/** The page of a rule, which is installed with the bundles. */
function documentationUri(rule: string): string {
  return pathToFileURL(path.join(__dirname, '..', 'docs', 'rules', `${rule}.md`)).href;
}
