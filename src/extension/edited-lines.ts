// Where the lines of a program's files stand now: it goes on running the text that it was started with.
import * as vscode from 'vscode';
import { LineHistory } from './line-history';

export class EditedLines implements vscode.Disposable {
  private readonly histories = new Map<string, LineHistory>();
  private readonly listening = vscode.workspace.onDidChangeTextDocument((event) => this.edited(event));

  /** From now on; `changed` is called after each edit of a file. */
  constructor(private readonly changed?: () => void) {}

  /** Where a line is now, from 1; undefined once its text was changed. */
  now(file: string, line: number): number | undefined {
    const history = this.histories.get(file);
    return history ? history.now(line) : line;
  }

  dispose(): void {
    this.listening.dispose();
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (document.uri.scheme !== 'file' || contentChanges.length === 0) return;
    const file = document.uri.fsPath;
    const added = contentChanges.reduce((sum, { range, text }) => sum + text.split('\n').length - 1 - (range.end.line - range.start.line), 0);
    const history = this.histories.get(file) ?? new LineHistory(document.lineCount - added);
    this.histories.set(file, history);
    for (const change of contentChanges) history.edited(change);
    this.changed?.();
  }
}
