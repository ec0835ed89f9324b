// Looks at the sources that are watched, twice a second, as long as somebody can see them.
import type * as vscode from 'vscode';
import type { TaskSource } from './task-source';

const pauseMs = 500;

export class LivePolling implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;

  /** `sources` are those to look at now; empty while nobody sees them. */
  constructor(private readonly sources: () => readonly TaskSource[]) {}

  /** Something has changed that may begin or end the looking. */
  update(): void {
    if (this.sources().length === 0) this.dispose();
    else this.timer ??= setTimeout(() => void this.look(), pauseMs);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The next pause begins when all have answered: a slow program is not asked more often than it can answer. */
  private async look(): Promise<void> {
    await Promise.all(this.sources().map((source) => source.tick()));
    this.timer = undefined;
    this.update();
  }
}
