import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Finding, FixProposal, TextEdit } from '../../../src/analyzer/finding';
import { Fixer } from '../../../src/analyzer/fixes';
import { Programs } from '../../../src/analyzer/program';

/** A project in a folder of its own. */
class Workspace {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'asyncscope-fixes-'));
  readonly programs = new Programs(this.folder);

  constructor(private readonly files: Record<string, string>) {
    const config = { compilerOptions: { strict: true, target: 'es2022', module: 'nodenext', allowJs: true, noEmit: true } };
    this.write('tsconfig.json', JSON.stringify(config));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.programs.open(Object.keys(files).map((name) => this.path(name)));
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  /** A finding with one proposal: each `from` is replaced by `to`, in the named file. */
  finding(file: string, ...edits: [name: string, from: string, to: string][]): Finding {
    const changes = edits.map(([name, from, to]): TextEdit => {
      const start = (this.files[name] ?? '').indexOf(from);
      assert.ok(start >= 0, `${from} is not in ${name}`);
      return { path: this.path(name), start, end: start + from.length, newText: to };
    });
    const proposal: FixProposal = {
      title: edits.map(([, , to]) => to).join(),
      kind: 'quickfix',
       
      *edits() {
        return changes;
      },
    };
    const [first] = changes;
    assert.ok(first);
    return { ...first, path: this.path(file), rule: 'test', severity: 'warning', message: '', related: [], unnecessary: false, fixes: [proposal] };
  }

  close(): void {
    this.programs.close();
    rmSync(this.folder, { recursive: true });
  }

  private write(name: string, text: string): void {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }
}

describe('offered fixes', () => {
  let workspace: Workspace;
  afterEach(() => workspace.close());

  function offer(...findings: Finding[]): { titles: string[][]; reasons: string[][] } {
    const offers = new Fixer(workspace.programs).offered(findings);
    return {
      titles: offers.map(({ fixes }) => fixes.map(({ title }) => title)),
      reasons: offers.map(({ refused }) => refused.map(({ reason }) => reason)),
    };
  }

  it('drops those that add a compile error, and keeps the others of the same file', () => {
    workspace = new Workspace({
      'a.ts': 'export const load = async (): Promise<number> => 1;\nexport function use(): void {\n  load();\n  void 0;\n  Number(1);\n}\n',
    });
    const { titles, reasons } = offer(
      workspace.finding('a.ts', ['a.ts', 'load();', 'await load();']),
      workspace.finding('a.ts', ['a.ts', 'void 0;', 'void load();']),
      workspace.finding('a.ts', ['a.ts', 'Number(1)', 'Number({}, 2)']),
    );
    assert.deepEqual(titles, [[], ['void load();'], []]);
    assert.match(reasons[0]?.[0] ?? '', /^it would add a compile error: 'await' expressions are only allowed/);
    assert.match(reasons[2]?.[0] ?? '', /Expected 0-1 arguments/);
  });

  it('drops a change that breaks a file that depends on the changed one, directly or through another', () => {
    workspace = new Workspace({
      'size.ts': 'export function size() {\n  return 3;\n}\nexport function other(): string {\n  return "";\n}\n',
      'double.ts': 'import { size } from "./size.js";\nexport const getSize = () => size();\n',
      'show.ts': 'import { getSize } from "./double.js";\nexport const shown: number = getSize() * 2;\n',
      'unrelated.ts': 'export const six: string = String(6);\n',
    });
    const { titles, reasons } = offer(
      workspace.finding('size.ts', ['size.ts', 'export function size', 'export async function size']),
      workspace.finding('unrelated.ts', ['unrelated.ts', 'String(6)', 'String(7)']),
      workspace.finding('show.ts', ['show.ts', '* 2', '* 3']),
    );
    assert.deepEqual(titles, [[], ['String(7)'], ['* 3']]);
    assert.match(reasons[0]?.[0] ?? '', /arithmetic operation must be of type/);
  });

  it('compiles the edits of several files as one change', () => {
    workspace = new Workspace({
      'size.ts': 'export function size(): number {\n  return 3;\n}\n',
      'show.ts': 'import { size } from "./size.js";\nexport const show = async (): Promise<number> => size() * 2;\n',
    });
    const declaration: [string, string, string] = ['size.ts', 'function size(): number', 'async function size(): Promise<number>'];
    const { titles } = offer(workspace.finding('size.ts', declaration), workspace.finding('size.ts', declaration, ['show.ts', 'size() *', '(await size()) *']));
    assert.deepEqual(titles.map((list) => list.length), [0, 1]);
  });

  it('does not mind errors that were there before, even when they move', () => {
    workspace = new Workspace({ 'a.ts': 'export const load = async (): Promise<number> => 1;\nload();\nexport const wrong: string = 1;\n' });
    assert.deepEqual(offer(workspace.finding('a.ts', ['a.ts', 'load();', 'void load();'])).titles, [['void load();']]);
  });

  it('sees what the compiler says of JavaScript: await outside an async function, names declared twice', () => {
    workspace = new Workspace({ 'a.cjs': 'function use(load) {\n  load();\n  let one = 1;\n  let two = one;\n  return two;\n}\nmodule.exports = { use };\n' });
    const { titles } = offer(
      workspace.finding('a.cjs', ['a.cjs', 'load();', 'await load();']),
      workspace.finding('a.cjs', ['a.cjs', 'let two', 'let one']),
      workspace.finding('a.cjs', ['a.cjs', 'load();', 'void load();']),
    );
    assert.deepEqual(titles, [[], [], ['void load();']]);
  });

  it('gives the reason of a builder that refuses or fails, and offers the rest', () => {
    workspace = new Workspace({ 'a.ts': 'export const one = 1;\n' });
    const finding = workspace.finding('a.ts', ['a.ts', '1', '2']);
    const refusing: FixProposal = {
      title: 'refusing',
      kind: 'refactor',
       
      *edits() {
        return { refused: 'it is exported.' };
      },
    };
    const failing: FixProposal = {
      title: 'failing',
      kind: 'quickfix',
       
      *edits() {
        throw new Error('no such node');
      },
    };
    const { titles, reasons } = offer({ ...finding, fixes: [refusing, failing, ...finding.fixes] });
    assert.deepEqual(titles, [['2']]);
    assert.deepEqual(reasons, [['it is exported.', 'it could not be worked out (no such node).']]);
  });
});
