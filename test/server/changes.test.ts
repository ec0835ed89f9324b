import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { makeFolder, type Folder } from '../folder';
import { Editor } from './editor';

const store = "export async function save(): Promise<void> {\n  await fetch('https://example.org');\n}\n";
const storeSync = 'export function save(): void {}\n';
const caller = "import { save } from './store.js';\n\nexport function main(): void {\n  save();\n}\n";
const executor = 'export const pending = new Promise(async (resolve) => resolve(1));\n';

const floats = ({ diagnostics }: { diagnostics: { code?: unknown }[] }): boolean => diagnostics.some(({ code }) => code === 'no-floating-promises');
const clean = ({ diagnostics }: { diagnostics: unknown[] }): boolean => diagnostics.length === 0;

describe('server: changes elsewhere', () => {
  let folder: Folder;
  let editor: Editor;
  let main: string;
  let other: string;

  beforeEach(async () => {
    folder = makeFolder({
      'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "include": ["src"] }',
      'src/store.ts': store,
      'src/main.ts': caller,
    });
    main = folder.file('src/main.ts');
    other = folder.file('src/store.ts');
    editor = await Editor.start({ folders: [folder.path] });
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  it('renews what is shown of a file when another open one is edited, and when that is closed unsaved', async () => {
    editor.open(main);
    editor.open(other);
    await editor.diagnostics(main, floats);
    editor.change(other, storeSync);
    await editor.diagnostics(main, clean);
    editor.change(other, store);
    await editor.diagnostics(main, floats);
    editor.change(other, storeSync);
    await editor.diagnostics(main, clean);
    editor.close(other);
    await editor.diagnostics(main, floats);
  });

  it('counts text of a file that was opened with other text than it has on disk', async () => {
    editor.open(main);
    await editor.diagnostics(main, floats);
    editor.open(other, storeSync);
    await editor.diagnostics(main, clean);
  });

  it('follows files that are changed, deleted and created on disk', async () => {
    editor.open(main);
    await editor.diagnostics(main, floats);
    folder.write({ 'src/store.ts': storeSync });
    editor.onDisk({ [other]: 2 });
    await editor.diagnostics(main, clean);
    folder.write({ 'src/store.ts': store });
    editor.onDisk({ [other]: 2 });
    await editor.diagnostics(main, floats);
    rmSync(other);
    editor.onDisk({ [other]: 3 });
    await editor.diagnostics(main, clean);
    folder.write({ 'src/store.ts': store });
    editor.onDisk({ [other]: 1 });
    await editor.diagnostics(main, floats);
  });

  it('follows a file that was open, closed and then changed on disk', async () => {
    editor.open(main);
    editor.open(other, storeSync);
    await editor.diagnostics(main, clean);
    editor.close(other);
    await editor.diagnostics(main, floats);
    folder.write({ 'src/store.ts': storeSync });
    editor.onDisk({ [other]: 2 });
    await editor.diagnostics(main, clean);
  });

  it('follows a new file that is not saved yet, and then is', async () => {
    const fresh = folder.file('src/fresh.ts');
    folder.write({ 'src/main.ts': caller.replace('./store.js', './fresh.js') });
    editor.open(main);
    await editor.diagnostics(main, clean);
    editor.open(fresh, store);
    await editor.diagnostics(main, floats);
    folder.write({ 'src/fresh.ts': store });
    editor.onDisk({ [fresh]: 1 });
    editor.close(fresh);
    editor.change(main, `${caller.replace('./store.js', './fresh.js')}\n`);
    await editor.diagnostics(main, (shown) => shown.version === 2 && floats(shown));
  });

  it('follows an import that is typed, of a file that no configuration lists', async () => {
    folder.write({ 'lib/read.ts': "import { execSync } from 'node:child_process';\n\nexport function version(): string {\n  return execSync('git --version').toString();\n}\n" });
    const text = 'export async function main(): Promise<void> {\n  await null;\n  console.log(version());\n}\n';
    const blocks = ({ diagnostics }: { diagnostics: { code?: unknown }[] }): boolean => diagnostics.some(({ code }) => code === 'no-blocking-call');
    editor.open(main, text);
    await editor.diagnostics(main, clean);
    let version = editor.change(main, `${text}\n`);
    await editor.diagnostics(main, (shown) => shown.version === version);
    for (let round = 0; round < 2; round++) {
      version = editor.change(main, `import { version } from '../lib/read.js';\n${text}`);
      await editor.diagnostics(main, (shown) => shown.version === version && blocks(shown));
      version = editor.change(main, `// import { version } from '../lib/read.js';\n${text}`);
      await editor.diagnostics(main, (shown) => shown.version === version && clean(shown));
    }
  });

  it('follows the tsconfig', async () => {
    folder.write({ 'src/ambient.d.ts': '', 'types/save.d.ts': 'declare function save(): Promise<void>;\n' });
    editor.open(main, 'export function main(): void {\n  save();\n}\n');
    await editor.diagnostics(main, clean);
    folder.write({ 'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "include": ["src", "types"] }' });
    editor.onDisk({ [folder.file('tsconfig.json')]: 2 });
    await editor.diagnostics(main, floats);
  });

  it('says in the status what is wrong with a tsconfig, and still checks', async () => {
    folder.write({ 'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nonsense" }, "include": ["src"] }' });
    editor.open(main);
    await editor.diagnostics(main, floats);
    await editor.until(() => editor.statuses.at(-1)?.notes.some((note) => note.includes('tsconfig.json') && note.includes('module')) === true);
  });

  it('follows asyncscope.json and the manifest', async () => {
    editor.open(main);
    await editor.diagnostics(main, floats);
    folder.write({ 'asyncscope.json': '{ "rules": { "no-floating-promises": "off" } }' });
    editor.onDisk({ [folder.file('asyncscope.json')]: 1 });
    await editor.diagnostics(main, clean);
    folder.write({ 'asyncscope.json': '{ "rules": { "no-floating-promises": "hint" } }' });
    editor.onDisk({ [folder.file('asyncscope.json')]: 2 });
    await editor.diagnostics(main, ({ diagnostics }) => diagnostics[0]?.severity === 4);
    rmSync(folder.file('asyncscope.json'));
    folder.write({ 'package.json': '{ "asyncscope": { "exclude": ["src/main.ts"] } }' });
    editor.onDisk({ [folder.file('asyncscope.json')]: 3, [folder.file('package.json')]: 1 });
    await editor.diagnostics(main, clean);
  });

  it('shows what is wrong with asyncscope.json where it is wrong, and checks as if there were none', async () => {
    const config = folder.file('asyncscope.json');
    folder.write({ 'asyncscope.json': '{\n  "rules": { "no-such-rule": "off" }\n}\n' });
    editor.open(main);
    await editor.diagnostics(main, floats);
    const [problem] = await editor.diagnostics(config, ({ diagnostics }) => diagnostics.length === 1);
    assert.match(problem?.message as string, /no rule "no-such-rule"/);
    assert.deepEqual(problem?.range, { start: { line: 1, character: 13 }, end: { line: 1, character: 27 } });
    await editor.until(() => editor.statuses.at(-1)?.notes.some((note) => note.includes('no-such-rule')) === true);
    folder.write({ 'asyncscope.json': '{ "rules": {} }' });
    editor.onDisk({ [config]: 2 });
    await editor.diagnostics(config, clean);
    assert.deepEqual(editor.messages, []);
  });

  it('follows changes of a file that is both open and changed on disk by the text of the editor', async () => {
    editor.open(main);
    editor.open(other);
    await editor.diagnostics(main, floats);
    folder.write({ 'src/store.ts': storeSync });
    editor.onDisk({ [other]: 2 });
    const version = editor.change(main, `${caller}${executor}`);
    const shown = await editor.diagnostics(main, (params) => params.version === version);
    assert.deepEqual(shown.map(({ code }) => code), ['no-floating-promises', 'no-async-promise-executor']);
  });
});
