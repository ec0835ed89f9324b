// How many calls wait at the awaits of open files, at the ends of their lines and, with who awaits them, in a hover; for the
// programs that are watched.
import * as vscode from 'vscode';
import { awaitChains, type AwaitChain } from '../../tracer/await-chains';
import type { WaitingPlace } from '../../tracer/live/task-history';
import type { Task } from '../../tracer/task';
import { ageText, awaitsText, grouped, times, waitingText, type TasksById } from '../../tracer/task-text';
import type { EditedLines } from '../edited-lines';
import { editorPath } from '../editor-path';
import { uriOf } from '../open-place';
import type { ThreadIndex } from './forest';

const languages = ['javascript', 'javascriptreact', 'typescript', 'typescriptreact'].map((language) => ({ language, scheme: 'file' }));

/** So many different chains are told of in a hover. */
const mostChains = 5;

/** A program that is watched, as it was seen last. */
export interface WatchedProgram {
  readonly label: string;
  readonly threads: readonly ThreadIndex[];
  /** Where calls wait. */
  readonly places: readonly WaitingPlace[];
  /** Where the lines that it runs stand now. */
  readonly lines: Pick<EditedLines, 'now'>;
}

class WaitingHint extends vscode.InlayHint {
  constructor(
    readonly document: vscode.TextDocument,
    position: vscode.Position,
    label: string,
  ) {
    super(position, label);
    this.paddingLeft = true;
  }
}

export class WaitingHints implements vscode.InlayHintsProvider<WaitingHint>, vscode.HoverProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeInlayHints = this.changed.event;
  private readonly registrations = [vscode.languages.registerInlayHintsProvider(languages, this), vscode.languages.registerHoverProvider(languages, this)];

  /** `programs` are those that are watched at the moment. */
  constructor(private readonly programs: () => readonly WatchedProgram[]) {}

  refresh(): void {
    this.changed.fire();
  }

  dispose(): void {
    for (const registration of this.registrations) registration.dispose();
    this.changed.dispose();
  }

  /** Whether anybody can see one. */
  get areVisible(): boolean {
    const files = new Set(vscode.window.visibleTextEditors.map(({ document }) => document.uri.fsPath));
    return this.programs().some(({ places }) => places.some(({ place }) => files.has(editorPath(place.file))));
  }

  provideInlayHints(document: vscode.TextDocument, range: vscode.Range): WaitingHint[] {
    const lines = new Map<number, { count: number; oldestMs: number }>();
    for (const { line, tasks } of this.programs().flatMap((program) => waitingIn(program, document.uri.fsPath))) {
      if (tasks.length === 0 || line < range.start.line || line > range.end.line || line >= document.lineCount) continue;
      const known = lines.get(line);
      lines.set(line, { count: tasks.length + (known?.count ?? 0), oldestMs: Math.max(tasks[0]?.ageMs ?? 0, known?.oldestMs ?? 0) });
    }
    return [...lines].map(([line, { count, oldestMs }]) => new WaitingHint(document, document.lineAt(line).range.end, `⏳ ${waitingText(count, oldestMs)}`));
  }

  resolveInlayHint(hint: WaitingHint): WaitingHint {
    hint.tooltip = this.chainsAt(hint.document, hint.position.line);
    return hint;
  }

  provideHover(document: vscode.TextDocument, { line }: vscode.Position): vscode.Hover | undefined {
    const text = this.chainsAt(document, line);
    return text && new vscode.Hover(text);
  }

  private chainsAt({ uri }: vscode.TextDocument, line: number): vscode.MarkdownString | undefined {
    const text = new vscode.MarkdownString();
    for (const program of this.programs()) {
      const { label, threads } = program;
      const waiting = waitingIn(program, uri.fsPath).flatMap((each) => (each.line === line ? each.tasks : []));
      const [first] = waiting;
      if (!first) continue;
      const oldestMs = Math.max(...waiting.map(({ ageMs = 0 }) => ageMs));
      text.appendMarkdown(`⏳ **${grouped(waiting.length)} waiting here**, oldest ${ageText(oldestMs)}, in ${plain(label)}\n\n`);
      const chains = threads.flatMap(({ byId }) => awaitChains(waiting.filter((task) => byId.get(task.id) === task), byId).map((chain) => ({ chain, byId })));
      for (const { chain, byId } of chains.slice(0, mostChains)) appendChain(text, chain, byId);
      if (chains.length > mostChains) text.appendMarkdown(`- … and ${grouped(chains.length - mostChains)} other chains\n`);
      text.appendMarkdown('\n\n');
    }
    return text.value === '' ? undefined : text;
  }
}

/** What waits in a file, by the lines where that is now, from 0; without lines that were changed since the program began. */
function waitingIn({ places, lines }: WatchedProgram, file: string): { line: number; tasks: readonly Task[] }[] {
  return places.flatMap(({ place, tasks }) => {
    const line = editorPath(place.file) === file ? lines.now(file, place.line) : undefined;
    return line === undefined ? [] : [{ line: line - 1, tasks }];
  });
}

/** `query ×9 ← load ← page; waits for Timeout 40 s`, with links to the awaits. */
function appendChain(text: vscode.MarkdownString, { tasks: [first, ...awaiters], count, isCycle }: AwaitChain, byId: TasksById): void {
  const waits = awaitsText(first!.awaits, byId);
  const links = awaiters.map((task) => ` ← ${linkTo(task)}`).join('');
  const around = isCycle ? ' ← …, which waits for itself' : '';
  text.appendMarkdown(`- ${plain(`${first!.name}${times(count)}`)}${links}${around}; waits for ${plain(waits.length > 100 ? `${waits.slice(0, 99)}…` : waits)}\n`);
}

function linkTo({ name, at }: Task): string {
  return at ? `[${plain(name)}](${uriOf(at).with({ fragment: `L${at.line},${at.column}` }).toString()})` : plain(name);
}

/** A text of the program's as Markdown that can be broken at its spaces. */
function plain(text: string): string {
  return new vscode.MarkdownString().appendText(text).value.replaceAll('&nbsp;', ' ');
}
