/** A script's text with lines as V8 counts them: after LF, CR, CRLF and the two Unicode line separators. Lines and columns count from 0. */
export class SourceText {
  readonly #lineStarts: number[] = [0];

  constructor(readonly text: string) {
    for (const end of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) this.#lineStarts.push(end.index + end[0].length);
  }

  /** The offset of a place, or undefined where the text has no such place. */
  offset(line: number, column: number): number | undefined {
    const start = this.#lineStarts[line];
    return start === undefined || start + column > this.text.length ? undefined : start + column;
  }

  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - this.#lineStarts[low]! };
  }
}
