// The lines that were seen blocking the event loop, of all debugged programs, where they stand now.
import * as vscode from 'vscode';
import type { BlockedPlace } from '../../server/protocol';
import type { BlockedReport } from '../../tracer/live/blocked-loop';
import { LineHistory } from './line-history';

/** What one program has said; it goes on running the text that it was started with. */
interface Told {
  readonly configuration: string;
  ended: boolean;
  places: BlockedPlace[];
  /** Of files that were edited since it was started. */
  readonly edits: Map<string, LineHistory>;
}

export class BlockedPlaces implements vscode.Disposable {
  private readonly programs = new Map<string, Told>();
  private readonly didChange = new vscode.EventEmitter<void>();
  readonly onDidChange = this.didChange.event;
  private readonly editing = vscode.workspace.onDidChangeTextDocument((event) => this.edited(event));

  /** A program begins. What ended ones of the same launch configuration have said goes with it. */
  begin(program: string, configuration: string): void {
    for (const [other, told] of this.programs) if (told.ended && told.configuration === configuration) this.programs.delete(other);
    this.programs.set(program, { configuration, ended: false, places: [], edits: new Map() });
    this.didChange.fire();
  }

  /** What it has said is kept: it is what the user goes and mends. */
  end(program: string): void {
    const told = this.programs.get(program);
    if (told) told.ended = true;
  }

  /** What a program says, in place of what it has said before. */
  tell(program: string, { spots }: BlockedReport): void {
    const told = this.programs.get(program);
    if (!told) return;
    const places = spots.flatMap(({ at, exact, calls, count, totalMs, longestMs }) =>
      at ? [{ file: at.file, line: at.line, exact, calls, count, totalMs, longestMs }] : [],
    );
    if (JSON.stringify(places) === JSON.stringify(told.places)) return;
    told.places = places;
    this.didChange.fire();
  }

  /** All, those of one line as one; lines that were edited since are left out. */
  get all(): BlockedPlace[] {
    const byLine = new Map<string, BlockedPlace>();
    for (const { places, edits } of this.programs.values()) {
      for (const place of places) {
        const line = edits.has(place.file) ? edits.get(place.file)?.now(place.line) : place.line;
        if (line === undefined) continue;
        const key = `${place.file}\n${line}`;
        byLine.set(key, together({ ...place, line }, byLine.get(key)));
      }
    }
    return [...byLine.values()];
  }

  dispose(): void {
    this.editing.dispose();
    this.didChange.dispose();
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (document.uri.scheme !== 'file' || contentChanges.length === 0 || this.programs.size === 0) return;
    const file = document.uri.fsPath;
    const added = contentChanges.reduce((sum, { range, text }) => sum + text.split('\n').length - 1 - (range.end.line - range.start.line), 0);
    for (const { edits } of this.programs.values()) {
      const history = edits.get(file) ?? new LineHistory(document.lineCount - added);
      edits.set(file, history);
      for (const change of contentChanges) history.edited(change);
    }
    if (this.all.length > 0) this.didChange.fire();
  }
}

function together(place: BlockedPlace, other: BlockedPlace | undefined): BlockedPlace {
  if (!other) return place;
  const { exact, calls } = other.longestMs > place.longestMs ? other : place;
  return {
    ...place,
    exact,
    calls,
    count: place.count + other.count,
    totalMs: place.totalMs + other.totalMs,
    longestMs: Math.max(place.longestMs, other.longestMs),
  };
}
