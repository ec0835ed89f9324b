import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Range } from '../../analyzer/diagnostics';
import type { Severity } from '../../analyzer/finding';
import { rules } from '../../analyzer/rules';
import type { Rule } from '../../analyzer/rules/rule';
import { version } from '../version';
import type { CheckReport, ReportedDiagnostic } from './format';

const levels: Record<Severity, 'error' | 'warning' | 'note'> = { error: 'error', warning: 'warning', info: 'note', hint: 'note' };
const root = 'SRCROOT';

/** A SARIF 2.1.0 log with one run; places are relative to the working directory (`SRCROOT`). */
export function sarifReport(report: CheckReport): string {
  const { cwd, diagnostics, errors } = report;
  const list = rules as readonly Rule[];
  const indexes = new Map(list.map((rule, index) => [rule.id, index]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Asyncscope', version, semanticVersion: version, rules: list.map(reportingDescriptor) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [root]: { uri: pathToFileURL(`${cwd}${path.sep}`).href } },
        invocations: [
          {
            executionSuccessful: errors.length === 0,
            toolExecutionNotifications: errors.map(({ file, message }) => ({
              level: 'error',
              message: { text: message },
              locations: [{ physicalLocation: { artifactLocation: artifact(file, cwd) } }],
            })),
          },
        ],
        results: diagnostics.map((one) => result(one, indexes.get(one.rule) ?? -1, cwd)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function reportingDescriptor(rule: Rule): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.description },
    defaultConfiguration: { level: levels[rule.severity], enabled: rule.preset === 'recommended' },
    properties: { tags: ['async', rule.group], preset: rule.preset },
  };
}

function result({ rule, severity, message, file, range, related, fixes }: ReportedDiagnostic, ruleIndex: number, cwd: string): object {
  return {
    ruleId: rule,
    ruleIndex,
    level: levels[severity],
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation: artifact(file, cwd), region: region(range) } }],
    ...(related.length > 0 && {
      relatedLocations: related.map((place, id) => ({
        id,
        message: { text: place.message },
        physicalLocation: { artifactLocation: artifact(place.file, cwd), region: region(place.range) },
      })),
    }),
    ...(fixes.length > 0 && {
      fixes: fixes.map(({ title, edits }) => ({
        description: { text: title },
        artifactChanges: [...new Set(edits.map((edit) => edit.file))].map((changed) => ({
          artifactLocation: artifact(changed, cwd),
          replacements: edits
            .filter((edit) => edit.file === changed)
            .map((edit) => ({ deletedRegion: region(edit.range), insertedContent: { text: edit.newText } })),
        })),
      })),
    }),
  };
}

/** Files below the working directory by relative URI, so that the log means the same elsewhere; others by file URL. */
function artifact(file: string, cwd: string): object {
  if (path.isAbsolute(file) || file.startsWith('../')) return { uri: pathToFileURL(path.resolve(cwd, file)).href };
  return { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: root };
}

function region({ start, end }: Range): object {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}
