import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Log, Result } from 'sarif';
import { rules } from '../../../src/analyzer/rules';
import { sarifReport } from '../../../src/cli/formats/sarif';
import { makeFolder } from '../../folder';
import { asyncscope } from '../command';
import { blocking, range, reportOf } from './report';

const rewrite = {
  title: 'Use readFile',
  kind: 'quickfix' as const,
  preferred: true,
  edits: [
    { file: 'src/server.ts', range: range(1, 1, 1, 1), newText: "import { readFile } from 'node:fs/promises';\n" },
    { file: 'src/server.ts', range: range(2, 15, 2, 34), newText: 'await render(request.url)' },
    { file: 'src/render.ts', range: range(8, 1, 8, 1), newText: 'async ' },
  ],
};

describe('sarif format', () => {
  let validate: ValidateFunction;
  before(() => {
    // The published schema says draft 4, of which it uses nothing that draft 7 reads otherwise but the name of its id.
    const published = JSON.parse(readFileSync('node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>;
    const { id: _id, $schema: _schema, ...schema } = published;
    // Its pattern for languages is no valid expression in Unicode mode.
    const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
    addFormats(ajv);
    validate = ajv.compile(schema);
  });

  const parsed = (text: string): { log: Log; results: readonly Result[] } => {
    const log = JSON.parse(text) as Log;
    validate(log);
    assert.deepEqual(validate.errors ?? [], []);
    return { log, results: log.runs[0]?.results ?? [] };
  };

  it('is held to the schema', () => {
    const { log } = parsed(sarifReport(reportOf([blocking])));
    assert.equal(validate({ ...log, version: '2.0.0' }), false);
    assert.equal(validate({ ...log, runs: [{ ...log.runs[0], columnKind: 'bytes' }] }), false);
  });

  it('has the rules, and each result points at its own', () => {
    const finding = { ...blocking, rule: 'no-async-promise-executor' };
    const { log, results } = parsed(sarifReport(reportOf([finding])));
    const listed = log.runs[0]?.tool.driver.rules ?? [];
    assert.deepEqual(listed.map((rule) => rule.id), rules.map((rule) => rule.id));
    assert.equal(listed[results[0]?.ruleIndex ?? -1]?.id, 'no-async-promise-executor');
    assert.equal(log.runs[0]?.columnKind, 'utf16CodeUnits');
  });

  it('has the region, the chain and the fixes, by file', () => {
    const [result] = parsed(sarifReport(reportOf([{ ...blocking, fixes: [rewrite] }]))).results;
    assert.deepEqual(result?.locations?.[0]?.physicalLocation, {
      artifactLocation: { uri: 'src/server.ts', uriBaseId: 'SRCROOT' },
      region: { startLine: 2, startColumn: 15, endLine: 2, endColumn: 34 },
    });
    assert.deepEqual(result.relatedLocations?.map((place) => place.physicalLocation?.artifactLocation), [
      { uri: 'src/render.ts', uriBaseId: 'SRCROOT' },
      { uri: 'file:///home/me/lib/template.ts' },
    ]);
    const changes = result.fixes?.[0]?.artifactChanges ?? [];
    assert.deepEqual(changes.map((change) => [change.artifactLocation.uri, change.replacements.length]), [
      ['src/server.ts', 2],
      ['src/render.ts', 1],
    ]);
    assert.deepEqual(changes[1]?.replacements[0], {
      deletedRegion: { startLine: 8, startColumn: 1, endLine: 8, endColumn: 1 },
      insertedContent: { text: 'async ' },
    });
  });

  it('maps severities to levels', () => {
    const severities = ['error', 'warning', 'info', 'hint'] as const;
    const { results } = parsed(sarifReport(reportOf(severities.map((severity) => ({ ...blocking, severity })))));
    assert.deepEqual(results.map((result) => result.level), ['error', 'warning', 'note', 'note']);
  });

  it('encodes odd file names', () => {
    const { results } = parsed(sarifReport(reportOf([{ ...blocking, file: 'src/[id]/50% of é#1.ts', related: [] }])));
    assert.equal(results[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri, 'src/%5Bid%5D/50%25%20of%20%C3%A9%231.ts');
  });

  it('is what check prints, silenced findings left out, errors as notifications', async () => {
    const folder = makeFolder({
      'a b.ts': [
        '// asyncscope-disable-next-line no-async-promise-executor -- resolved at once',
        'export const one = new Promise<void>(async (resolve) => resolve());',
        'export const two = new Promise<void>(async (resolve) => resolve());',
        '',
      ].join('\n'),
      'broken.ts': 'export const = 1;\n',
    });
    try {
      const { code, stdout } = await asyncscope(['check', '--format', 'sarif'], { cwd: folder.path });
      assert.equal(code, 2);
      const { log, results } = parsed(stdout);
      assert.deepEqual(results.map((result) => result.locations?.[0]?.physicalLocation?.region?.startLine), [3]);
      const run = log.runs[0];
      assert.equal(fileURLToPath(run?.originalUriBaseIds?.SRCROOT?.uri ?? ''), `${folder.path}/`);
      assert.equal(run?.invocations?.[0]?.executionSuccessful, false);
      const [notification] = run.invocations[0].toolExecutionNotifications ?? [];
      assert.match(notification?.message.text ?? '', /^1:14: syntax error: /);
      assert.equal(notification?.locations?.[0]?.physicalLocation?.artifactLocation?.uri, 'broken.ts');
    } finally {
      folder.remove();
    }
  });
});
