import assert from 'node:assert/strict';
import picocolors from 'picocolors';
import { textReport } from '../../../src/cli/formats/text';
import { makeFolder } from '../../folder';
import { asyncscope } from '../command';
import { blocking, range, reportOf } from './report';

const plain = picocolors.createColors(false);

describe('text format', () => {
  it('shows the line, what is marked, and the chain that leads there', () => {
    assert.equal(
      textReport(reportOf([blocking]), plain),
      [
        'src/server.ts:2:15 error `readFileSync` blocks the event loop. no-blocking-call',
        '  2 | const page = render(request.url); // 100%, done: yes',
        '    |              ^^^^^^^^^^^^^^^^^^^',
        '    src/render.ts:8:10 render calls template',
        '    ../lib/template.ts:3:3 template calls readFileSync',
        '',
        '1 error in 1 file; 12 files checked in 1.2 s.',
        '',
      ].join('\n'),
    );
  });

  it('gives a hint one line, and says what --fix can mend', () => {
    const hint = { ...blocking, severity: 'hint' as const, fixable: true };
    assert.equal(
      textReport(reportOf([hint, { ...hint, file: 'src/other.ts', severity: 'info', related: [] }]), plain),
      [
        'src/server.ts:2:15 hint `readFileSync` blocks the event loop. no-blocking-call (--fix mends it)',
        'src/other.ts:2:15 info `readFileSync` blocks the event loop. no-blocking-call (--fix mends it)',
        '',
        '1 info, 1 hint in 2 files; 12 files checked in 1.2 s. --fix can mend 2 of them.',
        '',
      ].join('\n'),
    );
  });

  it('marks a stretch of several lines up to the end of its first', () => {
    const several = { ...blocking, related: [], range: range(1, 8, 3, 2) };
    assert.match(textReport(reportOf([several]), plain), /\n {4}\| {8}\^{41}\n/);
  });

  it('cuts a long line around what is marked', () => {
    const line = `${'x'.repeat(5000)}AWAIT${'y'.repeat(5000)}`;
    const long = { ...blocking, related: [], range: range(1, 5001, 1, 5006) };
    const [, text = '', carets = ''] = textReport(reportOf([long], { line: () => line }), plain).split('\n');
    assert.ok(text.length < 140, `${text.length} columns`);
    assert.equal(text.indexOf('AWAIT'), carets.indexOf('^^^^^'));
    assert.equal(carets.trimEnd().length, carets.indexOf('^^^^^') + 5);
  });

  it('lets nothing in a source line or a name reach the terminal as a control sequence', () => {
    const evil = { ...blocking, file: 'a\u001b[2J.ts', message: 'calls \u001b]0;x\u0007' };
    const text = textReport(reportOf([evil], { line: () => 'x("\u001b[31m\u0007\u009b2J", render(request.url))' }), plain);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('says what was mended', () => {
    const fixed = { findings: 3, files: 1 };
    assert.equal(textReport(reportOf([], { fixed }), plain), '3 findings mended in 1 file. Nothing remains; 12 files checked in 1.2 s.\n');
    assert.match(textReport(reportOf([blocking], { fixed }), plain), /\n3 findings mended in 1 file\. 1 error in 1 file; /);
  });

  it('has colours only where they are wanted', async () => {
    const folder = makeFolder({ 'a.ts': 'export const ready = new Promise<void>(async (resolve) => resolve());\n' });
    try {
      const piped = await asyncscope(['check'], { cwd: folder.path, env: { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: 'true' } });
      assert.equal(piped.code, 1);
      assert.ok(!piped.stdout.includes('\u001b'), piped.stdout);
      const forced = await asyncscope(['check'], { cwd: folder.path, env: { NO_COLOR: undefined, FORCE_COLOR: '1' } });
      assert.ok(forced.stdout.includes('\u001b[31merror'), forced.stdout);
    } finally {
      folder.remove();
    }
  });
});
