import { strict as assert } from 'node:assert';
import { LineHistory, type LineEdit } from '../../src/extension/line-history';

describe('the history of lines', () => {
  const cases: [string, LineEdit[], (number | undefined)[]][] = [
    ['nothing', [], [1, 2, 3, 4]],
    ['a line put before the second', [edit(1, 0, 1, 0, 'new\n')], [1, 3, 4, 5]],
    ['a line put after the first by Enter at its end', [edit(0, 5, 0, 5, '\n  ')], [1, 3, 4, 5]],
    ['a word written in the third', [edit(2, 1, 2, 1, 'x')], [1, 2, undefined, 4]],
    ['the second and third deleted', [edit(1, 0, 3, 0, '')], [1, undefined, undefined, 2]],
    ['the second and third written anew, with one line more', [edit(1, 0, 2, 5, 'a\nb\nc')], [1, undefined, undefined, 5]],
    ['one edit after the other', [edit(0, 0, 0, 0, 'a\nb\n'), edit(3, 2, 3, 4, '')], [3, undefined, 5, 6]],
  ];
  for (const [title, edits, expected] of cases) {
    it(`after ${title}`, () => {
      const history = new LineHistory(4);
      for (const one of edits) history.edited(one);
      assert.deepEqual([1, 2, 3, 4].map((line) => history.now(line)), expected);
    });
  }
});

function edit(startLine: number, startCharacter: number, endLine: number, endCharacter: number, text: string): LineEdit {
  return { range: { start: { line: startLine, character: startCharacter }, end: { line: endLine, character: endCharacter } }, text };
}
