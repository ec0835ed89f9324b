// The commands of timelines and recordings, and the editor of recordings that were saved.
import * as vscode from 'vscode';
import type { Recording } from '../../tracer/recording/recording';
import { blockedMs, type TaskExplorer } from '../tasks/task-explorer';
import type { TaskSource } from '../tasks/task-source';
import type { TreeNode } from '../tasks/task-tree';
import { JoinedSources } from './joined-sources';
import type { LiveTimeline } from './live-timeline';
import type { ExportKind } from './recordings';
import type { TimelinePage } from './timeline-page';

const editorType = 'asyncscope.recording';

interface RecordingDocument extends vscode.CustomDocument {
  /** Or what is wrong with the file. */
  readonly recording: Recording | Error;
}

/** What another extension may give; a button of the title gives something else. */
interface SaveOptions {
  /** Where to; the user is asked otherwise. */
  target?: vscode.Uri;
}

export class Timelines implements vscode.CustomReadonlyEditorProvider<RecordingDocument>, vscode.Disposable {
  private readonly pages = new Set<TimelinePage>();
  /** Those of programs that are recorded. */
  private readonly live = new Map<TaskSource, Promise<LiveTimeline>>();
  private readonly disposables: vscode.Disposable[];

  constructor(
    private readonly tasks: TaskExplorer,
    private readonly extension: vscode.Uri,
  ) {
    const command = (id: string, run: (...args: never[]) => unknown) => vscode.commands.registerCommand(`asyncscope.timeline.${id}`, run);
    this.disposables = [
      vscode.window.registerCustomEditorProvider(editorType, this, { supportsMultipleEditorsPerDocument: true }),
      command('show', (node?: TreeNode) => this.show(node)),
      command('save', (options?: SaveOptions) => this.save('recording', options)),
      command('exportTrace', (options?: SaveOptions) => this.save('trace', options)),
      command('exportCsv', (options?: SaveOptions) => this.save('csv', options)),
      command('open', () => this.open()),
    ];
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  async openCustomDocument(uri: vscode.Uri): Promise<RecordingDocument> {
    const { readRecording } = await import('./recordings');
    const bytes = await vscode.workspace.fs.readFile(uri);
    const dispose = () => undefined;
    try {
      return { uri, recording: await readRecording(bytes), dispose };
    } catch (error) {
      return { uri, recording: error instanceof Error ? error : new Error(String(error)), dispose };
    }
  }

  async resolveCustomEditor({ recording }: RecordingDocument, panel: vscode.WebviewPanel): Promise<void> {
    const { showProblem, TimelinePage } = await import('./recordings');
    if (recording instanceof Error) showProblem(panel, recording.message);
    else this.keep(new TimelinePage(panel, recording, this.extension, 'file'));
  }

  /** Records a program from now on; what it did before is not known. */
  private async show(node?: TreeNode): Promise<void> {
    const { LiveTimeline } = await import('./recordings');
    try {
      const source = await this.tasks.pickSource(node);
      if (!source) return void vscode.window.showInformationMessage('No program is being debugged: start one, or choose a process with Show Tasks of Process…');
      // A step is told once: two timelines of one program would each have half of them.
      const shown = await this.liveOf(source);
      if (shown && !shown.page.hasEnded) return shown.page.panel.reveal();
      const joined = new JoinedSources(this.tasks, source, (other) => this.live.has(other));
      const starting = source.record(blockedMs()).then((recorder) => {
        joined.record(recorder);
        return new LiveTimeline(recorder, source.label, this.extension);
      });
      this.live.set(source, starting);
      starting.catch(() => {
        this.live.delete(source);
        joined.letGo();
      });
      const timeline = await starting;
      this.keep(timeline.page);
      timeline.onDidClose(() => {
        joined.dispose();
        if (this.live.get(source) !== starting) return; // another one goes on
        this.live.delete(source);
        joined.letGo();
      });
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  /** The timeline that has a program, or the one that it was started by. */
  private liveOf(source: TaskSource): Promise<LiveTimeline> | undefined {
    const [, found] = [...this.live].find(([recorded]) => recorded === source || source.startedBy.includes(recorded.key)) ?? [];
    return found;
  }

  private keep(page: TimelinePage): void {
    this.pages.add(page);
    page.panel.onDidDispose(() => {
      this.pages.delete(page);
      page.dispose();
    });
  }

  private async save(kind: ExportKind, options?: SaveOptions): Promise<vscode.Uri | undefined> {
    const page = [...this.pages].find(({ panel }) => panel.active) ?? [...this.pages].find(({ panel }) => panel.visible);
    if (!page) return void vscode.window.showInformationMessage('There is no timeline to save: show one first.');
    const { save } = await import('./recordings');
    return save(page.recording, kind, options?.target instanceof vscode.Uri ? options.target : undefined);
  }

  private async open(): Promise<void> {
    const [picked] = (await vscode.window.showOpenDialog({ filters: { 'Asyncscope recordings': ['asynctrace'] }, title: 'Open Recording' })) ?? [];
    if (picked) await vscode.commands.executeCommand('vscode.openWith', picked, editorType);
  }
}
