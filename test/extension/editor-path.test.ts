import assert from 'node:assert/strict';
import { editorPath } from '../../src/extension/editor-path';

describe("a program's path as the editor writes it", () => {
  const cases: [program: string, editor: string][] = [
    ['C:\\code\\App.js', 'c:\\code\\App.js'],
    ['D:/code/App.js', 'd:/code/App.js'],
    ['c:\\code\\App.js', 'c:\\code\\App.js'],
    ['\\\\server\\share\\App.js', '\\\\server\\share\\App.js'],
    ['/Users/me/App.js', '/Users/me/App.js'],
    ['/C:/App.js', '/C:/App.js'],
    ['WEBPACK://app/a.js', 'WEBPACK://app/a.js'],
  ];
  for (const [program, editor] of cases) it(program, () => assert.equal(editorPath(program), editor));
});
