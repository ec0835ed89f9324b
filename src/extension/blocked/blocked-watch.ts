// Blocks of the event loop in the programs that are debugged: asked for, shown at their lines, told to the server.
import * as vscode from 'vscode';
import type { BlockedReport } from '../../tracer/live/blocked-loop';
import { blockedText } from '../../tracer/live/blocked-text';
import { isNodeProgram, trackNodeSessions } from '../tasks/debugged';
import type { BlockedProbe } from './blocked-probe';
import { BlockedPlaces } from './blocked-places';
import { agentSecret } from './tracked-launch';

/** What programs are called that are watched live, for want of a launch configuration: the next one takes the place of those that have ended. */
const watchedLive = 'watched live';

/** Between two questions to a program. Milliseconds. */
const askEvery = 1000;

export class BlockedWatch implements vscode.Disposable {
  readonly places = new BlockedPlaces();
  private readonly probes = new Map<string, Promise<BlockedProbe>>();
  /** What each program has said last, by its session's id, until that ends. */
  private readonly reports = new Map<string, BlockedReport>();
  private readonly didReport = new vscode.EventEmitter<void>();
  readonly onDidReport = this.didReport.event;
  /** Programs that the Task Explorer watches. */
  private readonly live = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly disposables: vscode.Disposable[] = [];
  private readonly decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    overviewRulerColor: new vscode.ThemeColor('editorWarning.foreground'),
    overviewRulerLane: vscode.OverviewRulerLane.Right,
    after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('editorCodeLens.foreground') },
  });

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.disposables.push(
      this.places,
      this.didReport,
      this.decoration,
      vscode.debug.onDidStartDebugSession((session) => this.begin(session)),
      vscode.debug.onDidTerminateDebugSession(({ id }) => this.end(id)),
      trackNodeSessions((session) => this.tracker(session)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.decorate()),
      this.places.onDidChange(() => this.decorate()),
    );
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  private begin(session: vscode.DebugSession): void {
    const secret = agentSecret(session);
    if (!secret || !isNodeProgram(session)) return;
    this.places.begin(session.id, rootOf(session).configuration.name);
    const probe = import('../tasks/probes').then(({ blockedProbe }) => blockedProbe(session, secret));
    this.probes.set(session.id, probe);
    probe.then(
      () => this.ask(session.id),
      (error: unknown) => this.log.warn(`${session.name}: ${reasonOf(error)}`),
    );
  }

  /** Asks, and again after a while; a program that has ended is not asked any more. */
  private async ask(id: string): Promise<void> {
    try {
      const report = await (await this.probes.get(id))?.ask();
      if (report) this.tell(id, report);
    } catch (error) {
      if (this.probes.has(id)) this.log.debug(reasonOf(error));
    }
    if (this.probes.has(id)) this.timers.set(id, setTimeout(() => void this.ask(id), askEvery));
  }

  private tell(id: string, report: BlockedReport): void {
    if (!this.probes.has(id)) return; // it has ended meanwhile
    this.places.tell(id, report);
    const before = this.reports.get(id);
    this.reports.set(id, report);
    if (JSON.stringify(before) !== JSON.stringify(report)) this.didReport.fire();
  }

  /** What the Task Explorer hears of a program that it watches; nothing new where that is asked here as well. */
  tellLive(program: string, report: BlockedReport): void {
    if (this.probes.has(program)) return;
    if (!this.live.has(program)) this.places.begin(program, watchedLive);
    this.live.add(program);
    this.places.tell(program, report);
  }

  /** The Task Explorer watches it no more. */
  endLive(program: string): void {
    if (this.live.delete(program)) this.places.end(program);
  }

  /** What blocked the loop of a program that is debugged with tracking on. */
  reportOf(session: string): BlockedReport | undefined {
    return this.reports.get(session);
  }

  /** A program has ended, or is tracked no more. */
  end(id: string): void {
    this.places.end(id);
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    const probe = this.probes.get(id);
    this.probes.delete(id);
    this.reports.delete(id);
    probe?.then((open) => open.close(), () => undefined);
  }

  /** Standing at a breakpoint is no block. */
  private tracker({ id }: vscode.DebugSession): vscode.DebugAdapterTracker {
    return {
      onDidSendMessage: (message: { type?: string; event?: string }) => {
        if (message.type !== 'event' || message.event !== 'stopped') return;
        this.probes.get(id)?.then((probe) => probe.forgive()).catch((error: unknown) => this.log.debug(reasonOf(error)));
      },
    };
  }

  private decorate(): void {
    const places = this.places.all;
    for (const editor of vscode.window.visibleTextEditors) {
      const file = editor.document.uri.scheme === 'file' ? editor.document.uri.fsPath : undefined;
      const here = places.filter((place) => place.file === file && place.line <= editor.document.lineCount);
      editor.setDecorations(
        this.decoration,
        here.map((place) => ({
          range: editor.document.lineAt(place.line - 1).range,
          renderOptions: { after: { contentText: blockedText(place) } },
        })),
      );
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The session that was launched: those of its processes have names of their own. */
function rootOf(session: vscode.DebugSession): vscode.DebugSession {
  return session.parentSession ? rootOf(session.parentSession) : session;
}
