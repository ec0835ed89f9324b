// What is in one recording: a program, and the processes and threads that it starts, now or later.
import type * as vscode from 'vscode';
import type { ProcessRecorder } from '../../tracer/recording/process-recorder';
import { blockedMs, type TaskExplorer } from '../tasks/task-explorer';
import type { TaskSource } from '../tasks/task-source';

export class JoinedSources implements vscode.Disposable {
  /** Those that were there, and those that nobody need follow when the recording ends. */
  private readonly seen = new Set<TaskSource>();
  private readonly watchedForThis = new Set<TaskSource>();
  private listening: vscode.Disposable | undefined;

  constructor(
    private readonly tasks: TaskExplorer,
    private readonly source: TaskSource,
    /** Whether it has a recording of its own: a step is told once. */
    private readonly isRecorded: (source: TaskSource) => boolean,
  ) {
    if (!source.isWatched) this.watchedForThis.add(source);
  }

  /** Adds to what is recorded of the program what it has started, and from now on starts. */
  record(recorder: ProcessRecorder): void {
    for (const source of this.tasks.startedBy(this.source)) this.join(source, recorder, false);
    this.listening = this.tasks.onDidChange(() => {
      for (const source of this.tasks.startedBy(this.source)) this.join(source, recorder, true);
    });
  }

  /** What is started from now on is not added. */
  dispose(): void {
    this.listening?.dispose();
  }

  /** What was watched for the recording only is so no longer. */
  letGo(): void {
    for (const source of this.watchedForThis) void source.unwatch();
  }

  private join(source: TaskSource, recorder: ProcessRecorder, isNew: boolean): void {
    if (this.seen.has(source) || this.isRecorded(source)) return;
    this.seen.add(source);
    if (!source.isWatched) this.watchedForThis.add(source);
    // One that has ended meanwhile says so in the explorer.
    source.join(recorder, blockedMs(), isNew).catch(() => undefined);
  }
}
