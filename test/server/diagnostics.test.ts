import assert from 'node:assert/strict';
import { DiagnosticSeverity } from 'vscode-languageserver/node';
import { makeFolder, type Folder } from '../folder';
import { Editor, uriOf } from './editor';

const executor = 'export const pending = new Promise(async (resolve) => {\n  resolve(await fetch("https://example.org"));\n});\n';
const sound = 'export const pending = new Promise((resolve) => {\n  resolve(1);\n});\n';

describe('server: diagnostics', () => {
  let folder: Folder;
  let editor: Editor;

  beforeEach(async () => {
    folder = makeFolder({
      'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "include": ["src"] }',
      'src/executor.ts': executor,
      'src/sound.ts': sound,
    });
    editor = await Editor.start({ folders: [folder.path] });
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  it('shows what is wrong with a file that is opened, linked to the documentation', async () => {
    const file = folder.file('src/executor.ts');
    editor.open(file);
    const [found, ...others] = await editor.diagnostics(file);
    assert.deepEqual(others, []);
    assert.equal(found?.source, 'asyncscope');
    assert.equal(found.code, 'no-async-promise-executor');
    assert.equal(found.severity, DiagnosticSeverity.Error);
    assert.deepEqual(found.range, { start: { line: 0, character: 35 }, end: { line: 0, character: 40 } });
    assert.match(found.codeDescription?.href ?? '', /^file:.*\/docs\/rules\/no-async-promise-executor\.md$/);
  });

  it('answers each version of unsaved text with that version', async () => {
    const file = folder.file('src/sound.ts');
    editor.open(file);
    assert.deepEqual(await editor.diagnostics(file, ({ version }) => version === 1), []);
    const second = editor.change(file, executor);
    assert.equal((await editor.diagnostics(file, ({ version }) => version === second)).length, 1);
    const third = editor.change(file, sound);
    assert.deepEqual(await editor.diagnostics(file, ({ version }) => version === third), []);
  });

  it('never shows anything for a version that is already superseded', async () => {
    const file = folder.file('src/sound.ts');
    editor.open(file);
    let last = 0;
    for (let round = 0; round < 50; round++) last = editor.change(file, round % 2 ? sound : executor);
    await editor.diagnostics(file, ({ version }) => version === last);
    const versions = editor.published.filter(({ uri }) => uri === uriOf(file)).map(({ version }) => version ?? 0);
    assert.deepEqual(versions, [...versions].sort((a, b) => a - b));
    for (const { version, diagnostics } of editor.published) assert.equal(diagnostics.length, version === 1 || (version ?? 0) % 2 ? 0 : 1);
  });

  it('shows nothing any more for a closed document', async () => {
    const file = folder.file('src/executor.ts');
    editor.open(file);
    await editor.diagnostics(file, ({ diagnostics }) => diagnostics.length === 1);
    editor.close(file);
    await editor.diagnostics(file, ({ diagnostics }) => diagnostics.length === 0);
  });
});
