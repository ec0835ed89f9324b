import assert from 'node:assert/strict';
import { chmodSync, cpSync, symlinkSync } from 'node:fs';
import { makeFolder, type Folder } from '../folder';
import { asyncscope, checkJson, compilerFolder, copyCli, type CheckJson, type Outcome } from './command';

/** A file with one finding: that it is found shows that the others were still checked. */
const flagged = 'export const ready = new Promise<void>(async (resolve) => {\n  resolve();\n});\n';

describe('check on bad input', () => {
  let folder: Folder | undefined;
  afterEach(() => folder?.remove());

  /** Runs a check of the whole folder, and holds it to having found what is in `good.ts`. */
  async function checked(files: Record<string, string | Buffer>, args: string[] = []): Promise<Outcome & { report: CheckJson }> {
    folder?.remove();
    folder = makeFolder({ ...files, 'good.ts': flagged });
    const outcome = await checkJson(args, { cwd: folder.path });
    assert.ok(outcome.report.diagnostics.some((one) => one.file === 'good.ts'), `good.ts was not checked: ${outcome.stderr}`);
    return outcome;
  }

  /** Holds a run to one message on stderr, and the same in the report. */
  function says({ code, stderr, report }: Outcome & { report: CheckJson }, file: string, message: RegExp): void {
    const [error] = report.errors;
    assert.deepEqual(report.errors.map((one) => one.file), [file], stderr);
    assert.match(error?.message ?? '', message);
    assert.equal(stderr, `${file}: ${error?.message}\n`);
    assert.equal(code, 2);
  }

  describe('source files', () => {
    it('with syntax errors: what parses is checked', async () => {
      const outcome = await checked({ 'bad.ts': `${flagged}export const = ;\n` });
      says(outcome, 'bad.ts', /^4:14: syntax error: .+ Only what parses around it was checked\.$/);
      assert.deepEqual(outcome.report.diagnostics.map((one) => one.file), ['bad.ts', 'good.ts']);
    });

    it("with what TypeScript's grammar refuses and its parser understands: Flow's types, octal numbers, import assertions", async () => {
      const { code, stderr, report } = await checked({
        'flow.js': `// @flow\nexport const wait = (ms: number): Promise<void> => new Promise(async (resolve) => setTimeout(resolve, ms));\n`,
        'old.js': 'const mode = 0755;\nmodule.exports = new Promise(async (resolve) => resolve(mode));\n',
        'asserted.js': "import data from './data.json' assert { type: 'json' };\nexport const ready = new Promise(async (resolve) => resolve(data));\n",
        'data.json': '{}',
      });
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
      assert.deepEqual(report.diagnostics.map((one) => one.file), ['asserted.js', 'flow.js', 'good.ts', 'old.js']);
    });

    it('of 5 MB', async () => {
      const line = 'export const padding = "................................................................";\n';
      says(await checked({ 'big.ts': line.repeat(5e6 / line.length) }), 'big.ts', /^5\.0 MB is over the limit of 2 MB for one file; it was skipped\. /);
    });

    // What is done again for each finding takes minutes here.
    it('with twenty thousand findings, in CommonJS', async () => {
      const text = `async function fails(n) { throw n; }\n${'fails(1);\n'.repeat(20_000)}`;
      folder?.remove();
      folder = makeFolder({ 'generated.js': text });
      const { stdout, code } = await asyncscope(['check'], { cwd: folder.path });
      assert.match(stdout, /^20000 errors in 1 file; /m);
      assert.equal(code, 1);
    });

    it('with binary content', async () => {
      says(await checked({ 'data.ts': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe, 0]) }), 'data.ts', /^binary content; the file was skipped\.$/);
    });

    it('with binary content, in very many of them: what they share is counted', async () => {
      const names = Array.from({ length: 13 }, (_, index) => `data${index + 10}.ts`);
      const { code, stderr, report } = await checked(Object.fromEntries(names.map((name) => [name, '\0'])));
      const message = 'binary content; the file was skipped.';
      const listed = names.slice(0, 10).map((name) => `${name}: ${message}\n`);
      assert.equal(stderr, `${listed.join('')}3 more files: ${message}\n`);
      assert.deepEqual(report.errors, names.map((file) => ({ file, message })));
      assert.equal(code, 2);
    });

    it('that are not UTF-8: bytes that mean nothing are no reason to stop', async () => {
      const { code, report, stderr } = await checked({ 'latin1.ts': Buffer.from(`// caf\u00e9\n${flagged}`, 'latin1') });
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
      assert.deepEqual(report.diagnostics.map((one) => [one.file, one.range.start]), [
        ['good.ts', { line: 1, column: 40 }],
        ['latin1.ts', { line: 2, column: 40 }],
      ]);
    });

    it('with a byte order mark, with CRLF, in UTF-16, empty', async () => {
      const { code, report, stderr } = await checked({
        'bom.ts': `\uFEFF${flagged}`,
        'crlf.ts': `// first\r\n${flagged.replace(/\n/g, '\r\n')}`,
        'empty.ts': '',
        'utf16.ts': Buffer.from(`\uFEFF// first\n${flagged}`, 'utf16le'),
      });
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
      assert.equal(report.files, 5);
      assert.deepEqual(report.diagnostics.map((one) => [one.file, one.range.start]), [
        ['bom.ts', { line: 1, column: 40 }],
        ['crlf.ts', { line: 2, column: 40 }],
        ['good.ts', { line: 1, column: 40 }],
        ['utf16.ts', { line: 2, column: 40 }],
      ]);
    });

    it('that import each other in a circle', async () => {
      const { code, stderr, report } = await checked({
        'a.ts': "import { b } from './b';\nexport const a = (): Promise<void> => b();\n",
        'b.ts': "import { c } from './c';\nexport const b = (): Promise<void> => c();\n",
        'c.ts': "import { a } from './a';\nimport * as self from './c';\nexport const c = async (): Promise<void> => { await a(); await self.c(); };\n",
      });
      assert.deepEqual({ code, stderr, files: report.files }, { code: 1, stderr: '', files: 4 });
    });

    it('that nobody may read', async function () {
      folder = makeFolder({ 'secret.ts': flagged, 'good.ts': flagged, 'closed/a.ts': flagged });
      // A copy with its compiler beside it, since another user may not be able to read the project's own folder.
      const tool = makeFolder();
      try {
        copyCli(tool);
        cpSync(compilerFolder(), tool.file('typescript'), { recursive: true });
        chmodSync(tool.path, 0o755);
        chmodSync(folder.path, 0o755);
        chmodSync(folder.file('secret.ts'), 0o000);
        chmodSync(folder.file('closed'), 0o000);
        const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
        const { code, stderr, stdout } = await asyncscope(['check', '--format', 'json'], { cwd: folder.path, cli: tool.file('cli.js'), ...uid });
        const { diagnostics } = JSON.parse(stdout) as CheckJson;
        assert.equal(stderr, 'closed: no permission to read it.\nsecret.ts: no permission to read it.\n');
        assert.deepEqual(diagnostics.map((one) => one.file), ['good.ts']);
        assert.equal(code, 2);
      } finally {
        chmodSync(folder.file('closed'), 0o755);
        tool.remove();
      }
    });

    it('in a folder named like one', async () => {
      const { code, report, stderr } = await checked({ 'folder.ts/inner.ts': flagged });
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
      assert.deepEqual(report.diagnostics.map((one) => one.file), ['folder.ts/inner.ts', 'good.ts']);
    });
  });

  describe('tsconfig files', () => {
    const notes = async (config: string, expected: RegExp[], more: Record<string, string> = {}): Promise<void> => {
      const { code, stderr, report } = await checked({ 'tsconfig.json': config, ...more });
      const lines = stderr.split('\n').slice(0, -1);
      assert.equal(lines.length, expected.length, stderr);
      lines.forEach((line, index) => assert.match(line, expected[index] ?? /^$/));
      assert.deepEqual({ code, errors: report.errors }, { code: 1, errors: [] });
    };

    it('that extend a file that is not there', async () => {
      const outcome = await checked({ 'tsconfig.json': '{"extends": "./base.json"}' });
      says(outcome, 'tsconfig.json', /^Cannot read file 'base\.json'\. Only its own options were used\.$/);
    });

    it('that extend a package that is not installed', async () => {
      const outcome = await checked({ 'tsconfig.json': '{"extends": "@tsconfig/node20/tsconfig.json"}' });
      says(outcome, 'tsconfig.json', /^File '@tsconfig\/node20\/tsconfig\.json' not found\. Only its own options were used\.$/);
    });

    it('that extend each other', async () => {
      const outcome = await checked({ 'tsconfig.json': '{"extends": "./base.json"}', 'base.json': '{"extends": "./tsconfig.json"}' });
      says(outcome, 'tsconfig.json', /^It extends itself in a circle\. Only its own options were used\.$/);
    });

    it('that are no JSON', async () => {
      const outcome = await checked({ 'tsconfig.json': '{\n  "compilerOptions": {"strict": tru\n' });
      says(outcome, 'tsconfig.json', /^Line \d: not valid JSON \(.+\)\. Only what parses of it was used\.$/);
    });

    it('that are no object', async () => {
      says(await checked({ 'tsconfig.json': '[]' }), 'tsconfig.json', /^The root value of a 'tsconfig\.json' file must be an object\.$/);
    });

    it('that refer to a project that is not there', async () => {
      const outcome = await checked({ 'tsconfig.json': '{"references": [{"path": "./gone"}]}' });
      says(outcome, 'gone/tsconfig.json', /^There is no such file, though another configuration refers to it\.$/);
    });

    it('that are folders', async () => {
      const outcome = await checked({ 'tsconfig.json/inner.txt': '' });
      says(outcome, 'tsconfig.json', /^It cannot be read\. Check that it is a file, and its permissions\.$/);
    });

    it('with unknown options: a note', () => notes('{"compilerOptions": {"noSuch": true}}', [/^note: tsconfig\.json: Unknown compiler option 'noSuch'\.$/]));

    it('with wrong values: a note, but no list of all that is allowed', () =>
      notes('{"compilerOptions": {"strict": "yes", "lib": ["es2099"]}}', [
        /^note: tsconfig\.json: Compiler option 'strict' requires a value of type boolean\.$/,
        /^note: tsconfig\.json: Argument for '--lib' has a value that TypeScript 7 does not know\.$/,
      ]));

    it('with removed options: a note', () =>
      notes('{"compilerOptions": {"moduleResolution": "node10", "outFile": "all.js"}}', [
        /^note: tsconfig\.json: Option 'outFile' has been removed in TypeScript 7; the files were checked all the same\.$/,
        /^note: tsconfig\.json: Option 'moduleResolution=node10' has been removed in TypeScript 7; the files were checked all the same\.$/,
      ]));

    it('that name types that are not installed: a note', () =>
      notes('{"compilerOptions": {"types": ["no-such-types"]}}', [/^note: tsconfig\.json: Cannot find type definition file for 'no-such-types'\.$/]));

    it('without inputs, empty, or listing files that are gone', async () => {
      await notes('{"include": ["nothing/**/*"]}', []);
      await notes('', []);
      await notes('{"files": ["gone.ts"]}', []);
    });
  });

  describe('paths', () => {
    it('that do not exist', async () => {
      says(await checked({}, ['.', 'nope/here.ts']), 'nope/here.ts', /^no such file or folder\.$/);
    });

    it('that match nothing', async () => {
      says(await checked({}, ['.', 'lib/**/*.ts']), 'lib/**/*.ts', /^no source file matches this pattern\.$/);
    });

    it('of a folder without sources', async () => {
      says(await checked({ 'docs/readme.md': '# Docs\n' }, ['.', 'docs']), 'docs', /^no JavaScript or TypeScript files to check in this folder\.$/);
    });

    it('of something else than source', async () => {
      says(await checked({ 'readme.md': '# Docs\n' }, ['.', 'readme.md']), 'readme.md', /^not a JavaScript or TypeScript file\.$/);
    });

    it('with a loop of symbolic links', async () => {
      folder = makeFolder({ 'src/good.ts': flagged });
      symlinkSync('..', folder.file('src/up'));
      symlinkSync('b', folder.file('a'));
      symlinkSync('a', folder.file('b'));
      const walked = await checkJson(['src'], { cwd: folder.path });
      assert.deepEqual([walked.code, walked.stderr, walked.report.files], [1, '', 1]);
      const named = await checkJson(['src', 'a'], { cwd: folder.path });
      says(named, 'a', /^its symbolic links go round in a circle\.$/);
      assert.equal(named.report.diagnostics.length, 1);
    });
  });

  describe('the compiler', () => {
    it('missing', async () => {
      folder = makeFolder({ 'good.ts': flagged });
      const tool = makeFolder();
      try {
        copyCli(tool);
        const { code, stdout, stderr } = await asyncscope(['check'], { cwd: folder.path, cli: tool.file('cli.js') });
        assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
        assert.match(stderr, /^asyncscope: The TypeScript compiler for this platform is missing\. Install @typescript\/typescript-\S+, .+\.\n$/);
      } finally {
        tool.remove();
      }
    });
  });

  describe('the command line', () => {
    const usage = async (args: string[], message: RegExp): Promise<void> => {
      folder = makeFolder({ 'good.ts': flagged });
      const { code, stdout, stderr } = await asyncscope(['check', ...args], { cwd: folder.path });
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr.split('\n')[0] ?? '', message);
      assert.equal(stderr.split('\n').length, 3, stderr);
    };

    it('with an unknown option', () => usage(['--colour'], /^error: unknown option '--colour'/));
    it('with an unknown format', () => usage(['--format', 'xml'], /^error: option '--format <format>' argument 'xml' is invalid\. Allowed choices are text, json, sarif, github\.$/));
    it('with an unknown rule', () => usage(['--rule', 'no-such=error'], /There is no rule "no-such"\. "asyncscope rules" lists them\.$/));
    it('with a wrong severity', () => usage(['--rule', 'no-late-await=fatal'], /Write no-late-await=SEVERITY with off, hint, info, warning, error\.$/));
    it('with a rule and no severity', () => usage(['--rule', 'no-late-await'], /Write no-late-await=SEVERITY with off, hint, info, warning, error\.$/));
    it('with an unknown preset', () => usage(['--preset', 'pedantic'], /Allowed choices are recommended, strict, all\.$/));
    it('with a wrong number', () => usage(['--max-warnings', '-1'], /Give a whole number\.$/));
  });

  describe('configuration', () => {
    it('that is no JSON costs the files below it only', async () => {
      const outcome = await checked({ 'app/asyncscope.json': '{\n  "preset": \n}\n', 'app/a.ts': flagged, 'app/deep/b.ts': flagged });
      says(outcome, 'app/asyncscope.json', /^line 3: not valid JSON \(ValueExpected\)\. Correct it and run again\.$/);
      assert.deepEqual(outcome.report.diagnostics.map((one) => one.file), ['good.ts']);
    });

    it('with an unknown rule', async () => {
      const outcome = await checked({ 'app/asyncscope.json': '{"rules": {"no-such-rule": "error"}}', 'app/a.ts': flagged });
      says(outcome, 'app/asyncscope.json', /^there is no rule "no-such-rule"\. "asyncscope rules" lists them\.$/);
    });

    it('with a wrong severity', async () => {
      const outcome = await checked({ 'app/asyncscope.json': '{"rules": {"no-late-await": "fatal"}}', 'app/a.ts': flagged });
      says(outcome, 'app/asyncscope.json', /^rule "no-late-await" must be off, hint, info, warning, error, or \[severity, options\]\.$/);
    });

    it('in package.json with an unknown property', async () => {
      const outcome = await checked({ 'app/package.json': '{"asyncscope": {"rule": {}}}', 'app/a.ts': flagged });
      says(outcome, 'app/package.json', /^unknown property "rule"\. Known: preset, rules, exclude\.$/);
    });

    it('given and missing', async () => {
      folder = makeFolder({ 'good.ts': flagged });
      const { code, stderr, report } = await checkJson(['--config', 'none.json'], { cwd: folder.path });
      assert.equal(stderr, 'none.json: the configuration file cannot be read. Check its path and permissions.\n');
      assert.deepEqual([code, report.diagnostics], [2, []]);
    });

    it('a package.json that is no JSON configures nothing', async () => {
      const { code, stderr } = await checked({ 'package.json': '{"name": ' });
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
    });
  });
});
