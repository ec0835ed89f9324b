// Where the lines of a file have gone while it was edited.

/** A replacement of text; lines and columns from 0, as an editor tells it. */
export interface LineEdit {
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  text: string;
}

export class LineHistory {
  /** For each line of now the line that it was, 0 for one that is new or changed. Both count from 1. */
  private readonly origins: number[];

  /** `lineCount` is the number of lines before the first edit. */
  constructor(lineCount: number) {
    this.origins = Array.from({ length: lineCount }, (_line, index) => index + 1);
  }

  /** Where a line is now; undefined once its text was changed. */
  now(line: number): number | undefined {
    const index = this.origins.indexOf(line);
    return index < 0 ? undefined : index + 1;
  }

  edited({ range: { start, end }, text }: LineEdit): void {
    const newLines = text.split('\n').length - 1;
    const changed = end.line - start.line + 1;
    const inserted = changed === 1 && start.character === end.character && newLines > 0;
    // Whole lines put before a line, or after the text of one, leave it as it is.
    if (inserted && start.character === 0 && text.endsWith('\n')) this.origins.splice(start.line, 0, ...zeros(newLines));
    else if (inserted && /^\r?\n/.test(text)) this.origins.splice(start.line + 1, 0, ...zeros(newLines));
    // Lines deleted from start to start leave the one behind them as it is.
    else if (text === '' && start.character === 0 && end.character === 0) this.origins.splice(start.line, changed - 1);
    else this.origins.splice(start.line, changed, ...zeros(newLines + 1));
  }
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}
