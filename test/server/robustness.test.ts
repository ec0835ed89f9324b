import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { makeFolder, type Folder } from '../folder';
import { Editor, uriOf } from './editor';

const executor = 'export const pending = new Promise(async (resolve) => resolve(1));\n';

const flagged = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 1;
const clean = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 0;

describe('server: unusual input', () => {
  let folder: Folder;
  let editor: Editor;

  beforeEach(async () => {
    folder = makeFolder({ 'tsconfig.json': '{ "compilerOptions": { "strict": true } }', 'main.ts': executor });
    editor = await Editor.start({ folders: [folder.path] });
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  /** The server still does its work. */
  async function works(): Promise<void> {
    const file = folder.file('main.ts');
    editor.open(file);
    await editor.diagnostics(file, flagged);
  }

  it('checks a document outside of every workspace folder', async () => {
    const outside = makeFolder({ 'loose.mjs': executor });
    editor.open(outside.file('loose.mjs'));
    await editor.diagnostics(outside.file('loose.mjs'), flagged);
    outside.remove();
  });

  it('checks documents without any workspace', async () => {
    await editor.stop();
    editor = await Editor.start();
    await works();
  });

  it('checks documents that were never saved', async () => {
    const uri = 'untitled:Untitled-1';
    editor.openUri(uri, executor, 'typescript');
    await editor.diagnosticsOf(uri, flagged);
    const version = editor.changeUri(uri, 'export {};\n');
    await editor.diagnosticsOf(uri, (shown) => shown.version === version && clean(shown));
  });

  it('leaves documents alone that are no source or not in the file system', async () => {
    editor.openUri(uriOf(folder.file('notes.md')), executor, 'markdown');
    editor.openUri('git:/somewhere/main.ts?HEAD', executor, 'typescript');
    editor.open(folder.file('types.d.ts'), 'declare const pending: Promise<void>;\n');
    folder.write({ 'node_modules/lib/index.ts': executor });
    editor.open(folder.file('node_modules/lib/index.ts'));
    await works();
    const shown = editor.published.filter(({ diagnostics }) => diagnostics.length > 0);
    assert.deepEqual(shown.map(({ uri }) => uri), [uriOf(folder.file('main.ts'))]);
  });

  it('says that a document is too large, and checks it once it is not', async () => {
    const file = folder.file('large.ts');
    editor.open(file, `${executor}// ${'x'.repeat(3_000_000)}\n`);
    await editor.until(() => editor.statuses.at(-1)?.notes.some((note) => note.includes('large.ts')) === true);
    const version = editor.change(file, executor);
    await editor.diagnostics(file, (shown) => shown.version === version && flagged(shown));
    await editor.until(() => editor.statuses.at(-1)?.notes.length === 0);
  });

  // What is done again for each finding takes minutes here.
  it('shows twenty thousand findings of a file, and the actions for one of them', async () => {
    const file = folder.file('generated.js');
    editor.open(file, `async function fails(n) { throw n; }\n${'fails(1);\n'.repeat(20_000)}fails(2);\n`);
    const shown = await editor.diagnostics(file, ({ diagnostics }) => diagnostics.length > 0);
    assert.equal(shown.length, 20_001);
    assert.ok((await editor.codeActions(file, 'fails(2)')).length > 0);
  });

  it('skips binary content', async () => {
    const file = folder.file('binary.ts');
    editor.open(file, `${executor}\0\0\0`);
    await editor.diagnostics(file, clean);
    await works();
  });

  it('counts columns in UTF-16 units, and lines by every line end', async () => {
    const file = folder.file('lines.ts');
    editor.open(file, `const a = '𝒳';\r\nconst b = 1;\rexport const c = [a, b, '𝒳𝒳', new Promise(async (resolve) => resolve(1))];\n`);
    const [found] = await editor.diagnostics(file, flagged);
    assert.deepEqual(found?.range.start, { line: 2, character: 'export const c = [a, b, "𝒳𝒳", new Promise('.length });
  });

  it('counts a byte order mark as nothing', async () => {
    writeFileSync(folder.file('marked.ts'), `\uFEFF${executor}`);
    const text = readFileSync(folder.file('marked.ts'), 'utf8').slice(1);
    editor.open(folder.file('marked.ts'), text);
    const [found] = await editor.diagnostics(folder.file('marked.ts'), flagged);
    assert.deepEqual(found?.range.start, { line: 0, character: 35 });
  });

  it('checks what parses around a syntax error, and leaves the error to the language', async () => {
    const file = folder.file('broken.ts');
    editor.open(file, `${executor}\nfunction broken( {\n`);
    await editor.diagnostics(file, flagged);
    assert.ok(editor.statuses.every(({ notes }) => notes.length === 0));
  });

  it('takes no harm from messages that make no sense', async () => {
    const uri = uriOf(folder.file('main.ts'));
    const notify = (method: string, params: unknown): void => void editor.connection.sendNotification(method, params);
    notify('textDocument/didChange', { textDocument: { uri: 'file:///nowhere.ts', version: 7 }, contentChanges: [{ text: 'x' }] });
    notify('textDocument/didClose', { textDocument: { uri: 'file:///nowhere.ts' } });
    notify('textDocument/didOpen', {});
    notify('workspace/didChangeWatchedFiles', { changes: [{ uri: '::', type: 9 }, { uri, type: 42 }] });
    notify('workspace/didChangeConfiguration', { settings: 12 });
    notify('no/such/notification', [1, 2, 3]);
    editor.process.stdin?.write('Content-Length: 9\r\n\r\nnot{json}');
    await assert.rejects(editor.connection.sendRequest('no/such/request', {}));
    await assert.rejects(editor.connection.sendRequest('codeAction/resolve', { title: 'nothing' }));
    await assert.rejects(editor.connection.sendRequest('textDocument/codeAction', {}));
    assert.deepEqual(await editor.connection.sendRequest('textDocument/codeAction', { textDocument: { uri }, range: {}, context: {} }), []);
    await works();
  });

  it('takes wrong settings for no settings, and says so', async () => {
    editor.changeSettings({ enable: 'yes', rules: { 'no-such-rule': 'error', 'no-async-promise-executor': 'loud' }, preset: 'strictest', exclude: 3 } as never);
    await editor.until(() => editor.statuses.at(-1)?.notes.length === 5);
    await works();
  });
});
