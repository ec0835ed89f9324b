// The page of the timeline in a webview: what it gets, and what it asks for.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Recording, RecordingBatch } from '../../tracer/recording/recording';
import { readFromPage, type RecordingState, type ToPage } from '../../webview/messages';
import { openPlace } from '../open-place';

/** A page that only says what is wrong, in place of a recording. */
export function showProblem(panel: vscode.WebviewPanel, problem: string): void {
  const text = problem.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  panel.webview.html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>Recording</title></head><body><p role="alert">${text}</p></body></html>`;
}

export class TimelinePage implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[] = [];
  private isReady = false;
  private state: RecordingState;
  private reason: string | undefined;

  /** `pause` is called when the user pauses or goes on. */
  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly recording: Recording,
    extension: vscode.Uri,
    state: RecordingState,
    private readonly pause: (paused: boolean) => void = () => undefined,
  ) {
    this.state = state;
    const dist = vscode.Uri.joinPath(extension, 'dist');
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    this.disposables.push(
      panel.webview.onDidReceiveMessage((sent: unknown) => void this.receive(sent)),
      // A page that is hidden is gone; it asks again when it is shown.
      panel.onDidChangeViewState(() => (this.isReady &&= panel.visible)),
    );
    panel.webview.html = page(panel.webview, dist);
  }

  add(batch: RecordingBatch): void {
    this.send({ type: 'add', batch });
  }

  show(state: RecordingState, reason?: string): void {
    this.state = state;
    this.reason = reason;
    this.send({ type: 'state', state, reason });
  }

  /** Nothing more comes. */
  get hasEnded(): boolean {
    return this.state === 'ended' || this.state === 'file';
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private send(message: ToPage): void {
    if (this.isReady) void this.panel.webview.postMessage(message);
  }

  private async receive(sent: unknown): Promise<void> {
    const message = readFromPage(sent);
    switch (message?.type) {
      case 'ready':
        this.isReady = true;
        this.send({ type: 'open', process: this.recording.process, batches: this.recording.batches(), state: this.state, reason: this.reason });
        break;
      case 'pause':
        this.pause(message.paused);
        break;
      case 'openSite': {
        const site = this.recording.sites[message.site];
        await this.open(message.caller ? site?.caller : site?.place);
        break;
      }
      case 'openBlock':
        await this.open(this.recording.blocks.find(({ from }) => from === message.from)?.at);
        break;
      case undefined:
    }
  }

  /** Beside the timeline, which stays in sight. */
  private async open(place: Parameters<typeof openPlace>[0]): Promise<void> {
    try {
      await openPlace(place, { viewColumn: this.panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One });
    } catch {
      void vscode.window.showWarningMessage(`${place?.file ?? 'The file'} cannot be opened: it is not on this machine.`);
    }
  }
}

function page(webview: vscode.Webview, dist: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timeline</title>
<link rel="stylesheet" href="${uri('webview.css')}">
</head>
<body>
<div id="toolbar" role="toolbar" aria-label="Timeline">
<button id="pause" hidden>Pause</button>
<button id="follow" aria-pressed="false" title="Keep the newest in sight (F)" hidden>Follow</button>
<button id="out" title="Zoom out (S)" aria-label="Zoom out">−</button>
<button id="in" title="Zoom in (W)" aria-label="Zoom in">+</button>
<button id="fit" title="Show all (0)">Fit</button>
<input id="search" type="search" placeholder="Search name or file:line" aria-label="Search tasks by name or place" title="Search (/); Enter for the next match">
<button id="previous" aria-label="Previous match" title="Previous match (Shift+N)" disabled>↑</button>
<button id="next" aria-label="Next match" title="Next match (N)" disabled>↓</button>
<span id="found" role="status"></span>
<span id="process"></span>
<strong id="state">Loading…</strong>
</div>
<canvas id="overview" aria-hidden="true"></canvas>
<div id="chart" tabindex="0" role="application" aria-roledescription="timeline" aria-label="Tasks over time" aria-describedby="keys">
<canvas id="bars" aria-hidden="true"></canvas>
<div id="space"></div>
</div>
<div id="legend" aria-hidden="true"><span class="running">runs</span><span class="waiting">waits</span><span class="group">Promise.all and its like</span><span class="lost">lost</span><span class="blocked">event loop blocked</span><span class="gap">not recorded</span></div>
<section id="details" aria-label="Selected task" tabindex="-1"></section>
<div id="tip" role="tooltip" hidden></div>
<div id="live" class="unseen" aria-live="polite"></div>
<p id="keys" class="unseen">Arrow keys go from task to task, Enter opens the source. W and S zoom, A and D move in time, 0 shows all, F follows the present, slash searches.</p>
<script nonce="${nonce}" src="${uri('webview.js')}"></script>
</body>
</html>`;
}
