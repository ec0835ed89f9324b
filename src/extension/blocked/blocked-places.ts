// The lines that were seen blocking the event loop, of all debugged programs, where they stand now.
import * as vscode from 'vscode';
import type { BlockedPlace } from '../../server/protocol';
import type { BlockedReport } from '../../tracer/live/blocked-loop';
import { EditedLines } from '../edited-lines';
import { editorPath } from '../editor-path';

/** What one program has said; it goes on running the text that it was started with. */
interface Told {
  readonly configuration: string;
  ended: boolean;
  places: BlockedPlace[];
  readonly lines: EditedLines;
}

export class BlockedPlaces implements vscode.Disposable {
  private readonly programs = new Map<string, Told>();
  private readonly didChange = new vscode.EventEmitter<void>();
  readonly onDidChange = this.didChange.event;

  /** A program begins. What ended ones of the same launch configuration have said goes with it. */
  begin(program: string, configuration: string): void {
    for (const [other, told] of this.programs) {
      if (other !== program && !(told.ended && told.configuration === configuration)) continue;
      told.lines.dispose();
      this.programs.delete(other);
    }
    const lines = new EditedLines(() => this.all.length > 0 && this.didChange.fire());
    this.programs.set(program, { configuration, ended: false, places: [], lines });
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
      at ? [{ file: editorPath(at.file), line: at.line, exact, calls, count, totalMs, longestMs }] : [],
    );
    if (JSON.stringify(places) === JSON.stringify(told.places)) return;
    told.places = places;
    this.didChange.fire();
  }

  /** All, those of one line as one; lines that were edited since are left out. */
  get all(): BlockedPlace[] {
    const byLine = new Map<string, BlockedPlace>();
    for (const { places, lines } of this.programs.values()) {
      for (const place of places) {
        const line = lines.now(place.file, place.line);
        if (line === undefined) continue;
        const key = `${place.file}\n${line}`;
        byLine.set(key, together({ ...place, line }, byLine.get(key)));
      }
    }
    return [...byLine.values()];
  }

  dispose(): void {
    for (const { lines } of this.programs.values()) lines.dispose();
    this.didChange.dispose();
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
