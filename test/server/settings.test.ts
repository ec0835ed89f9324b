import assert from 'node:assert/strict';
import { DiagnosticSeverity } from 'vscode-languageserver/node';
import { makeFolder, type Folder } from '../folder';
import { Editor, uriOf } from './editor';

const executor = 'export const pending = new Promise(async (resolve) => resolve(1));\n';

const flagged = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 1;
const clean = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 0;

describe('server: settings', () => {
  let folder: Folder;
  let editor: Editor;
  let file: string;

  beforeEach(() => {
    folder = makeFolder({ 'tsconfig.json': '{ "compilerOptions": { "strict": true } }', 'src/main.ts': executor });
    file = folder.file('src/main.ts');
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  it('follows severity, exclusion and switching off', async () => {
    editor = await Editor.start({ folders: [folder.path] });
    editor.open(file);
    await editor.diagnostics(file, flagged);
    editor.changeSettings({ rules: { 'no-async-promise-executor': 'info' } });
    await editor.diagnostics(file, ({ diagnostics }) => diagnostics[0]?.severity === DiagnosticSeverity.Information);
    editor.changeSettings({ exclude: ['src/**'] });
    await editor.diagnostics(file, clean);
    editor.changeSettings({});
    await editor.diagnostics(file, flagged);
    editor.changeSettings({ enable: false });
    await editor.diagnostics(file, clean);
  });

  it('lets them win over the configuration file, whose options still hold', async () => {
    folder.write({ 'asyncscope.json': '{ "rules": { "no-async-promise-executor": "hint" } }' });
    editor = await Editor.start({ folders: [folder.path], settings: { rules: { 'no-async-promise-executor': 'warning' } } });
    editor.open(file);
    const [found] = await editor.diagnostics(file, flagged);
    assert.equal(found?.severity, DiagnosticSeverity.Warning);
  });

  it('takes those that an editor sends by itself', async () => {
    editor = await Editor.start({ folders: [folder.path], answersSettings: false });
    editor.open(file);
    await editor.diagnostics(file, flagged);
    void editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: { asyncscope: { enable: false } } });
    await editor.diagnostics(file, clean);
  });

  it('takes those that an editor has no other way to tell than at the start', async () => {
    editor = await Editor.start({ folders: [folder.path], answersSettings: false, initializationOptions: { settings: { exclude: ['src/**'] } } });
    editor.open(file);
    assert.deepEqual(await editor.diagnostics(file), []);
  });

  it('has those of each folder', async () => {
    const second = makeFolder({ 'main.ts': executor });
    editor = await Editor.start({
      folders: [folder.path, second.path],
      settingsOf: (scope) => (scope === uriOf(second.path) ? { enable: false } : {}),
    });
    editor.open(second.file('main.ts'));
    editor.open(file);
    await editor.diagnostics(file, flagged);
    await editor.diagnostics(second.file('main.ts'), clean);
    second.remove();
  });

  it('follows folders that are added and removed', async () => {
    const second = makeFolder({ 'main.ts': executor });
    editor = await Editor.start({ folders: [folder.path], settingsOf: (scope) => (scope === uriOf(second.path) ? { exclude: ['main.ts'] } : {}) });
    editor.open(second.file('main.ts'));
    await editor.diagnostics(second.file('main.ts'), flagged);
    const event = { added: [{ uri: uriOf(second.path), name: 'second' }], removed: [] as object[] };
    void editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    await editor.diagnostics(second.file('main.ts'), clean);
    void editor.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event: { added: [], removed: event.added } });
    await editor.diagnostics(second.file('main.ts'), flagged);
    second.remove();
  });

  it('tells how much it shows', async () => {
    editor = await Editor.start({ folders: [folder.path] });
    folder.write({ 'src/other.ts': executor + executor.replace('pending', 'second') });
    editor.open(file);
    editor.open(folder.file('src/other.ts'));
    await editor.until(() => editor.statuses.at(-1)?.problems === 3);
    assert.deepEqual(editor.statuses.at(-1), { busy: false, problems: 3, hints: 0, files: 2, notes: [] });
  });

  it('tells how many of them are hints, which no list of problems has', async () => {
    editor = await Editor.start({ folders: [folder.path], settingsOf: () => ({ rules: { 'no-async-promise-executor': 'hint' } }) });
    editor.open(file);
    await editor.until(() => editor.statuses.at(-1)?.problems === 1);
    assert.deepEqual(editor.statuses.at(-1), { busy: false, problems: 1, hints: 1, files: 1, notes: [] });
  });
});
