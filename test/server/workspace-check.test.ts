import assert from 'node:assert/strict';
import { CancellationTokenSource, LSPErrorCodes, ResponseError, WorkDoneProgress, type WorkDoneProgressReport } from 'vscode-languageserver/node';
import { checkWorkspaceMethod, type CheckWorkspaceResult } from '../../src/server/protocol';
import { makeFolder, type Folder } from '../folder';
import { Editor, uriOf } from './editor';

const store = "export async function save(): Promise<void> {\n  await fetch('https://example.org');\n}\n";
const caller = "import { save } from './store.js';\n\nexport function main(): void {\n  save();\n}\n";
const config = '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "include": ["src"] }';

const floats = ({ diagnostics }: { diagnostics: { code?: unknown }[] }): boolean => diagnostics.some(({ code }) => code === 'no-floating-promises');
const clean = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 0;

describe('server: check of the whole workspace', () => {
  let folder: Folder;
  let editor: Editor;

  beforeEach(async () => {
    folder = makeFolder({ 'tsconfig.json': config, 'src/store.ts': store, 'src/main.ts': caller, 'src/unread.ts': 'export {};\n' });
    editor = await Editor.start({ folders: [folder.path] });
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  const request = (): Promise<CheckWorkspaceResult> => editor.connection.sendRequest(checkWorkspaceMethod, {});

  it('shows the findings of closed files, with progress, and counts them', async () => {
    const progress: WorkDoneProgressReport[] = [];
    editor.connection.onProgress(WorkDoneProgress.type, 'token', (value) => void progress.push(value as WorkDoneProgressReport));
    const result = await editor.connection.sendRequest<CheckWorkspaceResult>(checkWorkspaceMethod, { workDoneToken: 'token' });
    assert.deepEqual(result, { files: 3, problems: 1, errors: [] });
    await editor.diagnostics(folder.file('src/main.ts'), floats);
    assert.deepEqual([...new Set(editor.published.map(({ uri }) => uri))], [uriOf(folder.file('src/main.ts'))]);
    assert.deepEqual([progress[0]?.kind, progress.at(-1)?.kind], ['begin', 'end']);
    const percentages = progress.flatMap(({ percentage }) => percentage ?? []);
    assert.deepEqual(percentages, [...percentages].sort((a, b) => a - b));
    assert.equal(percentages.at(-1), 100);
    await editor.until(() => editor.statuses.at(-1)?.busy === false);
    assert.deepEqual([editor.statuses.at(-1)?.problems, editor.statuses.at(-1)?.files], [1, 1]);
  });

  it('renews the findings of closed files when an open one is edited or a closed one changes on disk', async () => {
    await request();
    const main = folder.file('src/main.ts');
    const other = folder.file('src/store.ts');
    await editor.diagnostics(main, floats);
    editor.open(other);
    editor.change(other, 'export function save(): void {}\n');
    await editor.diagnostics(main, clean);
    editor.close(other);
    folder.write({ 'src/main.ts': `${caller}// changed\n` });
    editor.onDisk({ [main]: 2 });
    await editor.diagnostics(main, floats);
  });

  it('shows a closed file as it is on disk after its unsaved changes were dropped', async () => {
    await request();
    const main = folder.file('src/main.ts');
    editor.open(main);
    const version = editor.change(main, 'export {};\n');
    await editor.diagnostics(main, (shown) => shown.version === version && clean(shown));
    editor.close(main);
    await editor.diagnostics(main, (shown) => shown.version === undefined && floats(shown));
  });

  it('reports a file that cannot be checked and goes on', async () => {
    folder.write({ 'src/binary.ts': Buffer.from([0, 1, 2, 0, 255]) });
    const result = await request();
    assert.equal(result.problems, 1);
    assert.deepEqual(result.errors.map(({ file }) => file), [folder.file('src/binary.ts')]);
  });

  it('answers edits meanwhile and stops when it is cancelled', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1500 }, (_, index) => [`src/part${index}.ts`, `${caller}\nexport const values = [${Array.from({ length: 300 }, (_, at) => `"v${at}"`).join()}];\n`]),
    );
    folder.write(many);
    const main = folder.file('src/main.ts');
    const source = new CancellationTokenSource();
    let running = true;
    const result = editor.connection.sendRequest<CheckWorkspaceResult>(checkWorkspaceMethod, { workDoneToken: 'long' }, source.token);
    const progressed = new Promise<void>((resolve) => {
      editor.connection.onProgress(WorkDoneProgress.type, 'long', (value) => void (value.kind === 'report' && resolve()));
    });
    const settled = result.finally(() => (running = false)).catch((error: unknown) => error);
    await progressed;
    editor.open(main);
    await editor.diagnostics(main, (shown) => shown.version === 1 && floats(shown));
    const version = editor.change(main, 'export {};\n');
    await editor.diagnostics(main, (shown) => shown.version === version && clean(shown));
    assert.ok(running, 'the edit was answered while the check ran');
    source.cancel();
    const error = await settled;
    assert.ok(error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled, String(error));
    await editor.until(() => editor.statuses.at(-1)?.busy === false);
  });

  it('checks every folder of a workspace once, nested ones too', async () => {
    const second = makeFolder({ 'tsconfig.json': config, 'src/store.ts': store, 'src/main.ts': caller });
    await editor.stop();
    editor = await Editor.start({ folders: [folder.path, folder.file('src'), second.path] });
    assert.deepEqual(await request(), { files: 5, problems: 2, errors: [] });
    second.remove();
  });
});
