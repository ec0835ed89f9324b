// How many calls wait at the awaits of open files, at the ends of their lines, for the programs that are watched.
import * as vscode from 'vscode';
import type { WaitingPlace } from '../../tracer/live/task-history';
import { ageText, plural } from '../../tracer/task-text';

const languages = ['javascript', 'javascriptreact', 'typescript', 'typescriptreact'].map((language) => ({ language, scheme: 'file' }));

export class WaitingHints implements vscode.InlayHintsProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeInlayHints = this.changed.event;
  private readonly registration = vscode.languages.registerInlayHintsProvider(languages, this);

  /** `places` are where calls wait at the moment. */
  constructor(private readonly places: () => readonly WaitingPlace[]) {}

  refresh(): void {
    this.changed.fire();
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): vscode.InlayHint[] {
    // The program runs what was saved.
    if (document.isDirty) return [];
    const lines = new Map<number, { count: number; oldestMs: number; name: string }>();
    for (const { place, tasks } of this.places()) {
      const line = place.line - 1;
      if (tasks.length === 0 || line < range.start.line || line > range.end.line || line >= document.lineCount || document.uri.fsPath !== place.file) continue;
      const oldestMs = tasks[0]?.ageMs ?? 0;
      const known = lines.get(line);
      if (!known) lines.set(line, { count: tasks.length, oldestMs, name: tasks[0]!.name });
      else lines.set(line, { count: known.count + tasks.length, oldestMs: Math.max(known.oldestMs, oldestMs), name: known.name });
    }
    return [...lines].map(([line, { count, oldestMs, name }]) => {
      const hint = new vscode.InlayHint(document.lineAt(line).range.end, `⏳ ${count} waiting here, oldest ${ageText(oldestMs)}`);
      hint.paddingLeft = true;
      hint.tooltip = `${plural(count, 'call')} of ${name} ${count === 1 ? 'is' : 'are'} suspended here in a program that is watched.`;
      return hint;
    });
  }
}
