import assert from 'node:assert/strict';
import { DiagnosticSeverity, type Diagnostic } from 'vscode-languageserver/node';
import { blockedPlacesMethod, type BlockedPlace } from '../../src/server/protocol';
import { makeFolder, type Folder } from '../folder';
import { Editor } from './editor';

const source = `import { existsSync, readFileSync } from 'node:fs';

function load(): string {
  return readFileSync('settings.json', 'utf8');
}

export function checksum(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.charCodeAt(0);
  return sum;
}

export const table = new Map<string, () => string>([['load', load]]);

export async function has(file: string): Promise<boolean> {
  return existsSync(file);
}
`;

describe('server: lines that blocked the event loop of a running program', () => {
  let folder: Folder;
  let editor: Editor;
  let file: string;

  beforeEach(async () => {
    folder = makeFolder({
      'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "include": ["src"] }',
      'src/load.ts': source,
    });
    file = folder.file('src/load.ts');
    editor = await Editor.start({ folders: [folder.path] });
    editor.open(file);
  });
  afterEach(async () => {
    await editor.stop();
    folder.remove();
  });

  /** What is shown of the file, in the order of lines, once a message says that. */
  async function shown(text: RegExp): Promise<Diagnostic[]> {
    const found = await editor.diagnostics(file, ({ diagnostics }) => diagnostics.some((one) => text.test(said(one))));
    return [...found].sort((one, other) => one.range.start.line - other.range.start.line);
  }

  function measured(...places: Partial<BlockedPlace>[]): void {
    const whole = places.map((place) => ({ file, line: 1, exact: true, count: 14, totalMs: 900, longestMs: 230, ...place }));
    void editor.connection.sendNotification(blockedPlacesMethod, { places: whole });
  }

  it('are findings where the rule could not know, with its fixes', async () => {
    const before = await shown(/existsSync/);
    assert.equal(before.length, 1, 'nobody is seen to call load() from async code');
    measured({ line: 4 });
    const [found] = await shown(/measured/);
    assert.equal(found?.code, 'no-blocking-call');
    assert.equal(found.severity, DiagnosticSeverity.Warning);
    assert.deepEqual(found.range, { start: { line: 3, character: 9 }, end: { line: 3, character: 21 } });
    assert.match(said(found), /^fs\.readFileSync blocked the event loop up to 230 ms, 14× \(measured\)\. Use /);
    const actions = await editor.codeActions(file, "readFileSync('settings");
    assert.ok(actions.some(({ title }) => title.includes("'readFile' of 'fs/promises'")), actions.map(({ title }) => title).join(', '));
  });

  it('say how long a finding of the rule took', async () => {
    const [before] = await shown(/existsSync/);
    assert.equal(before?.severity, DiagnosticSeverity.Hint);
    measured({ line: 16, count: 1, longestMs: 70 });
    const found = await shown(/Measured/);
    assert.equal(found.length, 1);
    assert.match(said(found[0]!), / Measured: it blocked the event loop 70 ms\.$/);
    assert.equal(found[0]!.severity, DiagnosticSeverity.Warning);
  });

  it('are findings where no call is known to block', async () => {
    measured({ line: 9 }, { line: 10, exact: false, calls: 'parse' });
    const found = await shown(/measured/);
    assert.deepEqual(
      found.slice(0, 2).map(({ range, ...one }) => [said(one), range.start.line, range.start.character]),
      [
        ['This line blocked the event loop up to 230 ms, 14× (measured). Do less of it at once, or do it in a worker thread.', 8, 2],
        ['This line, or one shortly before it, blocked the event loop up to 230 ms, 14×, in parse (measured). Do less of it at once, or do it in a worker thread.', 9, 2],
      ],
    );
  });

  it('go when they are measured no more, and can be switched off by a comment', async () => {
    measured({ line: 9 });
    await shown(/measured/);
    measured();
    await editor.diagnostics(file, ({ diagnostics }) => diagnostics.length === 1);
    const version = editor.change(file, source.replace('  for (const', '  // asyncscope-disable-next-line no-blocking-call -- short texts only\n  for (const'));
    measured({ line: 10 }, { line: 17 });
    const found = await editor.diagnostics(file, (published) => published.version === version && published.diagnostics.some((one) => said(one).includes('Measured')));
    assert.equal(found.length, 1);
  });

  it('are nothing where they are no lines of the file, or the message is damaged', async () => {
    void editor.connection.sendNotification(blockedPlacesMethod, { places: [{ file, line: 'nine' }, null, 3] });
    void editor.connection.sendNotification(blockedPlacesMethod, null);
    measured({ line: 4000 }, { line: 2 }, { line: 4 });
    const found = await shown(/measured/);
    assert.deepEqual(found.map(({ range }) => range.start.line), [3, 15]);
  });
});

function said({ message }: Pick<Diagnostic, 'message'>): string {
  return typeof message === 'string' ? message : message.value;
}
