// A timeline that grows: the recording of a running program, as long as its panel is open.
import * as vscode from 'vscode';
import type { ProcessRecorder } from '../../tracer/recording/process-recorder';
import { TimelinePage } from './timeline-page';

export const panelType = 'asyncscope.timeline';

/** Between two questions to the program; seldomer where nobody looks. Milliseconds. */
const askEvery = 250;
const askHiddenEvery = 1000;

export class LiveTimeline {
  readonly page: TimelinePage;
  private timer: NodeJS.Timeout | undefined;
  private readonly didEnd = new vscode.EventEmitter<void>();
  /** Fires when the panel is closed; nothing is recorded any more then. */
  readonly onDidClose: vscode.Event<void> = this.didEnd.event;
  /** What goes on now; one thing at a time. */
  private busy: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(
    private readonly recorder: ProcessRecorder,
    label: string,
    extension: vscode.Uri,
  ) {
    const panel = vscode.window.createWebviewPanel(panelType, `Timeline: ${label}`, vscode.ViewColumn.Active, { enableFindWidget: false });
    panel.iconPath = vscode.Uri.joinPath(extension, 'media', 'tasks.svg');
    this.page = new TimelinePage(panel, recorder.recording, extension, 'recording', (paused) => this.alone(() => (paused ? this.pause() : this.resume())));
    panel.onDidDispose(() => this.close());
    this.ask();
  }

  private ask(): void {
    this.timer = setTimeout(() => this.alone(() => this.poll()), this.page.panel.visible ? askEvery : askHiddenEvery);
  }

  private async poll(): Promise<void> {
    if (this.recorder.isPaused || this.isClosed) return;
    this.page.add(await this.recorder.poll());
    this.ask();
  }

  private async pause(): Promise<void> {
    clearTimeout(this.timer);
    this.page.add(await this.recorder.pause());
    this.page.show('paused');
  }

  private async resume(): Promise<void> {
    this.page.add(await this.recorder.resume());
    this.page.show('recording');
    await this.poll();
  }

  /** The program has ended where it does not answer: what was recorded stays. */
  private alone(act: () => Promise<void>): void {
    this.busy = this.busy.then(act).catch((error: unknown) => {
      clearTimeout(this.timer);
      if (!this.isClosed) this.page.show('ended', error instanceof Error ? error.message : String(error));
    });
  }

  private close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.page.dispose();
    void this.busy.then(() => this.recorder.stop()).then(() => this.didEnd.fire());
  }
}
