import assert from 'node:assert/strict';
import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { InitializationOptions, Settings } from '../../src/server/protocol';
import { makeFolder, type Folder } from '../folder';
import { Editor } from './editor';

const floating = 'export function main(): void {\n  fetch("https://example.org");\n}\n';
const executor = 'export const pending = new Promise(async (resolve) => resolve(1));\n';

/** ESLint with one rule of ours on, under a prefix of its own, for some files. */
const eslintConfig = `
import { writeFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

writeFileSync(new URL('executed.txt', import.meta.url), '');
export default [
  { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
  { files: ['src/**/*.ts'], plugins: { ts: tseslint.plugin }, rules: { 'ts/no-floating-promises': 'error', 'no-async-promise-executor': 'off' } },
];
`;

const codes = (diagnostics: readonly { code?: unknown }[]): unknown[] => diagnostics.map(({ code }) => code);

describe("server: rules that the workspace's ESLint has", () => {
  let folder: Folder;
  let editor: Editor;

  beforeEach(() => {
    folder = makeFolder({
      'tsconfig.json': '{ "compilerOptions": { "strict": true } }',
      'eslint.config.mjs': eslintConfig,
      'src/main.ts': `${floating}${executor}`,
      'scripts/tool.ts': floating,
    });
    symlinkSync(path.resolve('node_modules'), folder.file('node_modules'));
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  async function start(initializationOptions: InitializationOptions, settings: Partial<Settings> = {}): Promise<void> {
    editor = await Editor.start({ folders: [folder.path], initializationOptions, settings });
  }

  const main = (): string => folder.file('src/main.ts');
  const both = ['no-floating-promises', 'no-async-promise-executor'];
  const steppedBack = (): Promise<void> =>
    editor.until(() => editor.statuses.at(-1)?.notes.includes("Left to the workspace's ESLint: no-floating-promises.") === true);

  it('leaves out those that are on for a file, says so, and shows none before it knows', async () => {
    await start({ trusted: true });
    editor.open(main());
    assert.deepEqual(codes(await editor.diagnostics(main(), ({ diagnostics }) => diagnostics.length > 0)), ['no-async-promise-executor']);
    await steppedBack();
    const tool = folder.file('scripts/tool.ts');
    editor.open(tool);
    assert.deepEqual(codes(await editor.diagnostics(tool, ({ diagnostics }) => diagnostics.length > 0)), ['no-floating-promises']);
    assert.ok(editor.published.every(({ uri, diagnostics }) => uri.endsWith('tool.ts') || !codes(diagnostics).includes('no-floating-promises')));
  });

  it('follows the configuration of ESLint', async () => {
    await start({ trusted: true });
    editor.open(main());
    await steppedBack();
    folder.write({ 'eslint.config.mjs': eslintConfig.replace("'error'", "'off'") });
    editor.onDisk({ [folder.file('eslint.config.mjs')]: 2 });
    assert.deepEqual(codes(await editor.diagnostics(main(), ({ diagnostics }) => diagnostics.length === 2)), both);
    await editor.until(() => editor.statuses.at(-1)?.notes.length === 0);
  });

  it('executes nothing of a workspace that is not trusted', async () => {
    await start({ trusted: false });
    editor.open(main());
    assert.deepEqual(codes(await editor.diagnostics(main())), both);
    await editor.connection.sendRequest('asyncscope/checkWorkspace', {});
    await editor.stop();
    assert.ok(!existsSync(folder.file('executed.txt')));
  });

  it('executes nothing where the editor says nothing of trust, or the setting is off', async () => {
    await start({});
    editor.open(main());
    assert.deepEqual(codes(await editor.diagnostics(main())), both);
    await editor.stop();
    await start({ trusted: true }, { eslint: false });
    editor.open(main());
    assert.deepEqual(codes(await editor.diagnostics(main())), both);
    await editor.stop();
    assert.ok(!existsSync(folder.file('executed.txt')));
  });

  it('has all its own rules on, with a note, where ESLint fails', async () => {
    folder.write({ 'eslint.config.mjs': 'throw new Error("no such plugin");\n' });
    await start({ trusted: true });
    editor.open(main());
    assert.deepEqual(codes(await editor.diagnostics(main(), ({ diagnostics }) => diagnostics.length === 2)), both);
    await editor.until(() => editor.statuses.at(-1)?.notes.some((note) => note.includes('no such plugin')) === true);
  });

  it('leaves them out of a check of the whole workspace', async () => {
    await start({ trusted: true });
    await editor.connection.sendRequest('asyncscope/checkWorkspace', {});
    assert.deepEqual(codes(await editor.diagnostics(main())), ['no-async-promise-executor']);
    assert.deepEqual(codes(await editor.diagnostics(folder.file('scripts/tool.ts'))), ['no-floating-promises']);
  });
});
