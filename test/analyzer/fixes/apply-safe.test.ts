import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer } from '../../../src/analyzer/fixes';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';

describe('applying safe fixes unseen', () => {
  let folder: string;
  let programs: Programs;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'asyncscope-apply-'));
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, target: 'es2022', module: 'nodenext', noEmit: true } }));
    programs = new Programs(folder);
  });
  afterEach(() => {
    programs.close();
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string | Buffer): string {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  const fix = (...files: string[]) => new Fixer(programs).applySafe(new Linter(programs, new ConfigFinder()), files);

  const useless = `declare function load(): Promise<string>;
export async function show(): Promise<string> {
  const text = await load();
  const length = await text.length;
  return await load() + length;
}
`;

  it('removes what does nothing, keeps what other code can notice, and leaves the programs as they were', () => {
    const file = write('a.ts', useless);
    const { texts, counts } = fix(file);
    assert.equal(texts.get(file), useless.replace('await text.length', 'text.length'));
    assert.deepEqual(counts, new Map([[file, 1]]));
    assert.equal(programs.unsavedText(file), undefined);
    assert.equal(programs.unit(file)?.text, useless);
  });

  it('leaves the first await of a function, which lets its caller go on', () => {
    const file = write('a.ts', 'export async function size(text: string): Promise<number> {\n  const length = await text.length;\n  return length;\n}\n');
    assert.deepEqual(fix(file), { texts: new Map(), counts: new Map() });
  });

  it('goes on until nothing is left', () => {
    const file = write('a.ts', useless.replace('await text.length', 'await (await (await text.length))'));
    const { texts } = fix(file);
    assert.ok(!/await \(?\(?.*text/.test(texts.get(file) ?? 'await text'), texts.get(file));
    writeFileSync(file, texts.get(file) ?? '');
    programs.notify({ changed: [file] });
    programs.refresh();
    assert.deepEqual(fix(file), { texts: new Map(), counts: new Map() });
  });

  it('keeps line endings and the byte order mark', () => {
    const text = `\uFEFF${useless.replace(/\n/g, '\r\n')}`;
    const file = write('a.ts', text);
    assert.equal(fix(file).texts.get(file), text.replace('await text.length', 'text.length'));
  });

  it('does not touch a file that is not UTF-8', () => {
    const file = write('a.ts', Buffer.concat([Buffer.from(useless), Buffer.from([0x2f, 0x2f, 0xe4, 0x0a])]));
    const other = write('b.ts', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(useless, 'utf16le')]));
    const bytes = readFileSync(file);
    assert.deepEqual(fix(file, other).texts, new Map());
    assert.deepEqual(readFileSync(file), bytes);
  });

  it('mends unsaved text, and puts it back', () => {
    const file = write('a.ts', 'export {};\n');
    programs.open([file]);
    programs.setText(file, useless);
    programs.refresh();
    assert.equal(fix(file).texts.get(file), useless.replace('await text.length', 'text.length'));
    assert.equal(programs.unsavedText(file), useless);
  });
});
