import assert from 'node:assert/strict';
import { CodeActionKind, LSPErrorCodes, ResponseError, type CodeAction } from 'vscode-languageserver/node';
import { makeFolder, type Folder } from '../folder';
import { Editor } from './editor';

const floating = `export async function save(): Promise<void> {
  await fetch('https://example.org');
}

export async function main(): Promise<void> {
  save();
}
`;

describe('server: code actions', () => {
  let folder: Folder;
  let editor: Editor;

  beforeEach(async () => {
    folder = makeFolder({
      'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext", "jsx": "preserve" }, "include": ["src"] }',
      'src/main.ts': floating,
    });
    editor = await Editor.start({ folders: [folder.path] });
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  /** The title's action, resolved, and the text that it makes of the file. */
  async function take(file: string, title: RegExp, at: string): Promise<{ action: CodeAction; text: string }> {
    const actions = await editor.codeActions(file, at);
    const found = actions.find((action) => title.test(action.title));
    assert.ok(found, `no ${title} in ${actions.map((action) => action.title).join(', ')}`);
    assert.equal(found.edit, undefined, 'edits are worked out when they are wanted');
    const action = await editor.resolve(found);
    return { action, text: editor.edited(file, action) };
  }

  async function opened(name: string, text: string): Promise<string> {
    const file = folder.file(name);
    editor.open(file, text);
    await editor.diagnostics(file, ({ diagnostics }) => diagnostics.length > 0);
    return file;
  }

  it('mends a finding with the preferred quick-fix, which names its diagnostic', async () => {
    const file = await opened('src/main.ts', floating);
    const { action, text } = await take(file, /await/i, 'save();');
    assert.equal(action.kind, CodeActionKind.QuickFix);
    assert.equal(action.isPreferred, true);
    assert.deepEqual(action.diagnostics?.map(({ code }) => code), ['no-floating-promises']);
    assert.equal(text, floating.replace('  save();', '  await save();'));
    const version = editor.change(file, text);
    assert.deepEqual(await editor.diagnostics(file, (shown) => shown.version === version), []);
  });

  it('refuses an action of an older version', async () => {
    const file = await opened('src/main.ts', floating);
    const [action] = await editor.codeActions(file, 'save();');
    editor.change(file, `\n\n${floating}`);
    await assert.rejects(editor.resolve(action as CodeAction), (error) => error instanceof ResponseError && error.code === LSPErrorCodes.ContentModified);
  });

  for (const [what, text, at, expected] of [
    ['a statement', floating, 'save();', floating.replace('  save();', '  // asyncscope-disable-next-line no-floating-promises\n  save();')],
    [
      'Windows line ends',
      floating.replaceAll('\n', '\r\n'),
      'save();',
      floating.replace('  save();', '  // asyncscope-disable-next-line no-floating-promises\n  save();').replaceAll('\n', '\r\n'),
    ],
    [
      'a line below another tool\'s comment',
      floating.replace('  save();', '  // @ts-ignore\n  save();'),
      'save();',
      floating.replace('  save();', '  // @ts-ignore\n  /* asyncscope-disable-line no-floating-promises */ save();'),
    ],
    [
      'a line that has such a comment',
      floating.replace('  save();', '  // asyncscope-disable-next-line no-late-await -- not now\n  save();'),
      'save();',
      floating.replace('  save();', '  // asyncscope-disable-next-line no-late-await, no-floating-promises -- not now\n  save();'),
    ],
    [
      'a line that begins in a template',
      'export const text = `\n  ${new Promise(async (resolve) => resolve(1))}`;\n',
      'async',
      'export const text = `\n  ${new Promise(/* asyncscope-disable-line no-async-promise-executor */ async (resolve) => resolve(1))}`;\n',
    ],
  ] as const) {
    it(`disables a rule for ${what}`, async () => {
      const file = await opened('src/main.ts', text);
      const taken = await take(file, /Disable \S+ for this line/, at);
      assert.equal(taken.text, expected);
      const version = editor.change(file, taken.text);
      const rule = /Disable (\S+) /.exec(taken.action.title)?.[1];
      const left = await editor.diagnostics(file, (shown) => shown.version === version);
      assert.deepEqual(left.filter(({ code }) => code === rule), []);
    });
  }

  it('disables a rule between the tags of an element', async () => {
    const text = `declare const React: unknown;
declare namespace JSX { interface IntrinsicElements { p: object } }
export const view = (
  <p>
    {new Promise<void>(async (resolve) => resolve()) as never}
  </p>
);
`;
    const file = await opened('src/view.tsx', text);
    const taken = await take(file, /Disable no-async-promise-executor for this line/, 'async');
    assert.equal(taken.text, text.replace('    {new', '    {/* asyncscope-disable-next-line no-async-promise-executor */}\n    {new'));
    const version = editor.change(file, taken.text);
    const left = await editor.diagnostics(file, (shown) => shown.version === version);
    assert.deepEqual(left.filter(({ code }) => code === 'no-async-promise-executor'), []);
  });

  it('disables a rule for the whole file, below its first line where that names the interpreter', async () => {
    const text = `#!/usr/bin/env node\n${floating}`;
    const file = await opened('src/main.ts', text);
    const taken = await take(file, /Disable no-floating-promises for the whole file/, 'save();');
    assert.equal(taken.text, `#!/usr/bin/env node\n/* asyncscope-disable no-floating-promises */\n${floating}`);
    const version = editor.change(file, taken.text);
    assert.deepEqual(await editor.diagnostics(file, (shown) => shown.version === version), []);
  });

  it('mends all that has a safe fix at once, and nothing more when asked again', async () => {
    const text = `export const one = new Promise<number>(async (resolve) => resolve(1));
export const two = new Promise<number>(async (resolve) => {
  resolve(2);
});
${floating}`;
    const file = await opened('src/main.ts', text);
    const [action, ...others] = await editor.codeActions(file, 'save();', ['source.fixAll']);
    assert.ok(action);
    assert.deepEqual(others, []);
    assert.equal(action.kind, 'source.fixAll.asyncscope');
    const mended = editor.edited(file, await editor.resolve(action));
    assert.equal(mended, text.replaceAll('(async (resolve)', '((resolve)'));
    assert.deepEqual(action.diagnostics?.map(({ code }) => code), ['no-async-promise-executor', 'no-async-promise-executor']);
    const version = editor.change(file, mended);
    const left = await editor.diagnostics(file, (shown) => shown.version === version);
    assert.deepEqual(left.map(({ code }) => code), ['no-floating-promises']);
    assert.deepEqual(await editor.codeActions(file, 'save();', ['source.fixAll']), []);
  });

  it('offers only the kinds that are asked for', async () => {
    const file = await opened('src/main.ts', floating);
    const kinds = async (...only: string[]): Promise<(string | undefined)[]> => (await editor.codeActions(file, 'save();', only)).map(({ kind }) => kind);
    assert.deepEqual(new Set(await kinds('quickfix')), new Set(['quickfix']));
    assert.deepEqual(await kinds('source.organizeImports'), []);
  });
});
