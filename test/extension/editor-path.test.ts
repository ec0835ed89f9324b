import assert from 'node:assert/strict';
import { editorPath } from '../../src/extension/editor-path';

describe("a program's path as the editor writes it", () => {
  const cases: [program: string, editor: string][] = [
    ['C:\\work\\App.js', 'c:\\work\\App.js'],
    ['D:/work/App.js', 'd:/work/App.js'],
    ['c:\\work\\App.js', 'c:\\work\\App.js'],
    ['\\\\server\\share\\App.js', '\\\\server\\share\\App.js'],
    ['/Users/me/App.js', '/Users/me/App.js'],
    ['/C:/App.js', '/C:/App.js'],
    ['WEBPACK://app/a.js', 'WEBPACK://app/a.js'],
  ];
  for (const [program, editor] of cases) it(program, () => assert.equal(editorPath(program), editor));
});
