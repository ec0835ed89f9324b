import type { Position, Range } from 'vscode-languageserver/node';

/** Lines of a text as the protocol counts them: from 0, ended by \n, \r\n or \r, columns in UTF-16 units. */
export class LineStarts {
  private readonly starts: number[] = [0];

  constructor(text: string) {
    for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) this.starts.push(index + end.length);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (this.starts[low] ?? 0) };
  }

  range({ start, end }: { start: number; end: number }): Range {
    return { start: this.position(start), end: this.position(end) };
  }
}
