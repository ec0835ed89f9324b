import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { MessageType, ShowMessageNotification, type CancellationToken, type Connection } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { maxFileBytes, type FileReport } from '../analyzer/linter';
import { isSource } from '../analyzer/source-files';
import { CompilerMissing, type DiskChanges } from '../analyzer/program';
import { Analysis } from './analysis';
import { BlockedLines } from './blocked-lines';
import { CheckQueue, type CheckOutcome } from './check-queue';
import { ConfigProblems } from './config-problems';
import { EslintRules } from './eslint-rules';
import { FileConfigs } from './file-configs';
import { isCheckedLanguage, isInside, pathOfUntitled, pathOfUri } from './paths';
import type { CheckWorkspaceParams, CheckWorkspaceResult, InitializationOptions, StatusParams } from './protocol';
import { WorkspaceSettings } from './settings';
import { ShownFindings, type OpenFile, type Shown } from './shown-findings';
import { Status } from './status';
import { TimeLimit } from './time-limit';
import { checkWorkspace } from './workspace-check';

/** A compiler that has not answered for so long hangs. Milliseconds. */
const compilerLimit = 60_000;

/** Changes on disk come in bursts, which count as one: for so long at least, and longer where they cost more. Milliseconds. */
const shortestBurst = 50;
const longestBurst = 2000;
/** Data that a program writes is no reason to look at everything again: of JSON files, those that configure count. */
const configures = /(^|\/)(package\.json|[^/]*(config|asyncscope|eslintrc)[^/]*)$/;

type DiskChangeSets = Record<keyof DiskChanges, Set<string>>;

/** Everything that one editor has open, and what is known about it. */
export class Workspace {
  private readonly settings = new WorkspaceSettings();
  private readonly eslint: EslintRules;
  private readonly configs = new FileConfigs(this.settings, (file) => this.checkedElsewhere(file));
  private readonly blocked = new BlockedLines();
  readonly analysis: Analysis;
  private readonly queue: CheckQueue;
  private readonly shown: ShownFindings;
  private readonly status: Status;
  private readonly configProblems: ConfigProblems;
  /** Open documents by the path that the compiler knows them by. */
  private readonly open = new Map<string, TextDocument>();
  /** Those of them that are too large to be checked. */
  private readonly tooLarge = new Set<string>();
  private readonly trusted: boolean;
  private started = false;
  /** Checks of the whole workspace under way. */
  private checking = 0;
  /** Closed files count too, once the whole workspace was checked. */
  private wholeWorkspace = false;
  private pullSettings = false;
  private pushedSettings: unknown;
  private failure: string | undefined;
  private diskChanges = noChanges();
  private diskTimer: NodeJS.Timeout | undefined;
  private burst = shortestBurst;

  constructor(
    private readonly connection: Connection,
    folders: readonly string[],
    options: InitializationOptions,
  ) {
    this.settings.folders = folders;
    this.trusted = options.trusted === true;
    this.pushedSettings = options.settings;
    this.eslint = new EslintRules({
      log: (message) => connection.console.warn(message),
      known: (files) => this.affect(files),
    });
    const cwd = folders[0] ?? process.cwd();
    this.analysis = new Analysis(cwd, this.configs, new TimeLimit(options.compilerTimeLimit ?? compilerLimit), (file) => this.blocked.of(file), {
      log: (message) => connection.console.info(message),
      resting: (pause) => this.compilerRests(pause),
    });
    this.shown = new ShownFindings(connection, (file) => this.openFile(file), (file) => this.analysis.textOf(file));
    this.status = new Status(connection, () => this.currentStatus());
    this.configProblems = new ConfigProblems(connection);
    this.queue = new CheckQueue((paths) => this.check(paths), () => this.status.changed());
  }

  /** Called once the editor is ready to be asked; nothing is checked before the settings are known. */
  async start(pullSettings: boolean): Promise<void> {
    this.pullSettings = pullSettings;
    await this.settings.load(this.connection, pullSettings, this.pushedSettings);
    this.started = true;
    for (const file of this.open.keys()) this.queue.edit(file);
    this.status.tell();
  }

  async changeFolders(added: readonly string[], removed: readonly string[]): Promise<void> {
    this.settings.folders = [...this.settings.folders.filter((folder) => !removed.includes(folder)), ...added];
    await this.changeSettings(this.pushedSettings);
    for (const file of [...this.shown.paths]) {
      if (!this.open.has(file) && removed.some((folder) => isInside(file, folder))) this.shown.clear(file);
    }
  }

  async changeSettings(pushed: unknown): Promise<void> {
    this.pushedSettings = pushed ?? this.pushedSettings;
    if (!this.started) return;
    await this.settings.load(this.connection, this.pullSettings, this.pushedSettings);
    this.configs.reset();
    this.eslint.reset();
    this.checkAllAgain();
  }

  /** Running programs have blocked their event loop, here or no longer. */
  changeBlocked(params: unknown): void {
    this.affect(this.blocked.replace(params));
  }

  /** A document was opened, or its text has changed. */
  changed(document: TextDocument): void {
    const file = this.pathOf(document);
    if (file === undefined) return;
    const fresh = !this.open.has(file);
    this.open.set(file, document);
    const text = document.getText();
    if (text.length > maxFileBytes) {
      this.tooLarge.add(file);
      this.analysis.setText(file, undefined);
      this.queue.forget(file);
      this.shown.clear(file);
      this.status.changed();
      return;
    }
    this.tooLarge.delete(file);
    this.analysis.setText(file, text);
    if (!this.started) return;
    this.queue.edit(file);
    if (!fresh || differsFromDisk(file, text)) this.affectOthers(file);
  }

  /** A document was closed: what is on disk counts again. */
  closed(document: TextDocument): void {
    const file = this.pathOf(document);
    if (file === undefined) return;
    this.open.delete(file);
    this.tooLarge.delete(file);
    this.queue.forget(file);
    this.analysis.setText(file, undefined);
    if (this.wholeWorkspace && pathOfUri(document.uri) === file) this.queue.affectClosed([file]);
    else this.shown.clear(file);
    if (differsFromDisk(file, document.getText())) this.affectOthers(file);
    this.status.changed();
  }

  /** What is shown of an open file, in the current snapshot; undefined where it is not checked. */
  fresh(file: string): Shown | undefined {
    if (!this.open.has(file) || this.tooLarge.has(file) || !this.started) return undefined;
    this.analysis.refresh();
    const shown = this.shown.get(file);
    const current = shown?.snapshot === this.analysis.snapshot && shown.version === this.open.get(file)?.version;
    if (current && !this.queue.has(file)) return shown;
    this.queue.forget(file);
    this.check([file]);
    return this.shown.get(file);
  }

  /** The path of an open document that is checked. */
  pathOfOpen(uri: string): string | undefined {
    return [...this.open].find(([, document]) => document.uri === uri)?.[0];
  }

  /** Checks all files of the workspace's folders; see {@link checkWorkspace}. */
  async checkWorkspace(params: CheckWorkspaceParams, cancellation: CancellationToken): Promise<CheckWorkspaceResult> {
    this.checking++;
    this.wholeWorkspace = true;
    this.status.tell();
    try {
      const { connection, analysis } = this;
      const show = (report: FileReport): void => this.shown.show(report, analysis.snapshot);
      const prepare = async (files: readonly string[]): Promise<void> => {
        for (const file of files) this.checkedElsewhere(file);
        await this.eslint.settled;
      };
      return await checkWorkspace({ connection, analysis, folders: this.settings.folders, prepare, show }, params, cancellation);
    } finally {
      this.checking--;
      this.status.changed();
    }
  }

  /** Files were changed on disk; a burst of notifications counts as one. */
  changedOnDisk(changes: DiskChanges): void {
    for (const kind of ['created', 'changed', 'deleted'] as const) {
      for (const file of changes[kind] ?? []) {
        if (!file.includes('/.git/') && (/\.[cm]?[jt]sx?$/.test(file) || configures.test(file))) this.diskChanges[kind].add(file);
      }
    }
    if (Object.values(this.diskChanges).every(({ size }) => size === 0)) return;
    this.diskTimer ??= setTimeout(() => this.takeDiskChanges(), this.burst);
  }

  close(): void {
    this.queue.close();
    this.status.close();
    clearTimeout(this.diskTimer);
    this.eslint.close();
    this.analysis.close();
  }

  private takeDiskChanges(): void {
    this.diskTimer = undefined;
    const { created, changed, deleted } = this.diskChanges;
    this.diskChanges = noChanges();
    const started = performance.now();
    this.analysis.notify({ created: [...created], changed: [...changed], deleted: [...deleted] });
    this.burst = Math.min(longestBurst, Math.max(shortestBurst, 10 * (performance.now() - started)));
    for (const file of deleted) if (!this.open.has(file)) this.shown.clear(file);
    const all = [...created, ...changed, ...deleted];
    if (all.some((file) => /\.jsonc?$/.test(file))) this.configs.reset();
    if (all.some((file) => /(^|\/)(package\.json|\.eslintrc[^/]*|eslint\.config\.\w+)$/.test(file))) this.eslint.reset();
    if (this.wholeWorkspace) {
      const sources = [...created, ...changed].filter((file) => isSource(file) && this.settings.folderOf(file) !== undefined);
      this.queue.affectClosed(sources.filter((file) => !this.open.has(file)));
    }
    this.checkAllAgain();
  }

  private checkAllAgain(): void {
    this.queue.affect(this.open.keys());
    this.queue.affectClosed([...this.shown.paths].filter((file) => !this.open.has(file)));
    this.status.changed();
  }

  private affect(files: readonly string[]): void {
    this.queue.affect(files.filter((file) => this.open.has(file)));
    this.queue.affectClosed(files.filter((file) => !this.open.has(file) && this.shown.get(file)));
    this.status.changed();
  }

  /** Nothing of a workspace that is not trusted is run, its ESLint included. */
  private checkedElsewhere(file: string): ReadonlySet<string> {
    const folder = this.settings.folderOf(file);
    if (!this.trusted || folder === undefined || !this.settings.of(folder).eslint) return nowhere;
    return this.eslint.of(file);
  }

  private affectOthers(file: string): void {
    this.queue.affect([...this.open.keys()].filter((other) => other !== file));
    this.queue.affectClosed([...this.shown.paths].filter((other) => !this.open.has(other)));
  }

  /** Checks files and publishes what was found. */
  private check(paths: readonly string[]): CheckOutcome {
    const wanted = paths.filter((file) => !this.tooLarge.has(file));
    try {
      const reports = this.analysis.check(wanted);
      if (!reports) return { retryIn: this.analysis.pause };
      const byPath = new Map(reports.map((report) => [report.path, report]));
      for (const file of wanted) {
        const report = byPath.get(file);
        this.shown.show(report ?? { path: file, unit: undefined, findings: [], errors: [] }, this.analysis.snapshot);
      }
      this.failure = undefined;
    } catch (error) {
      this.failed(error);
    }
    return { retryIn: 0 };
  }

  /** What goes wrong in a check must not end the server, nor be repeated with every keystroke. */
  private failed(error: unknown): void {
    const message = error instanceof CompilerMissing ? error.message : `The check failed: ${error instanceof Error ? error.message : String(error)}`;
    this.connection.console.error(error instanceof Error ? (error.stack ?? message) : message);
    if (this.failure !== message) this.tell(`Asyncscope: ${message}`);
    this.failure = message;
  }

  private compilerRests(pause: number): void {
    const seconds = Math.round(pause / 1000);
    this.tell(`Asyncscope: the TypeScript compiler keeps ending unexpectedly. Checks rest for ${seconds} s and go on by themselves; the log says more.`);
  }

  /** An error that the user should see. As a notification: nobody has to answer. */
  private tell(message: string): void {
    void this.connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Error, message });
  }

  private currentStatus(): StatusParams {
    this.configProblems.show(this.configs.problems);
    const left = new Set([...this.open.keys()].flatMap((file) => [...this.eslint.knownOf(file)]));
    const notes = [
      ...(left.size === 0 ? [] : [`Left to the workspace's ESLint: ${[...left].join(', ')}.`]),
      ...this.eslint.problems,
      ...(this.failure === undefined ? [] : [this.failure]),
      ...this.settings.problems,
      ...this.configs.problems.map((problem) => problem.message),
      ...this.analysis.notes.map(({ config, text }) => `${config}: ${text}`),
      ...[...this.tooLarge].map((file) => `${path.basename(file)}: files over ${maxFileBytes / 1e6} MB are not checked.`),
      ...this.shown.errors.map(({ path: file, message }) => `${path.basename(file)}: ${message}`),
    ];
    return { busy: !this.started || this.checking > 0 || this.queue.pending > 2, ...this.shown.counts, notes };
  }

  openFile(file: string): OpenFile | undefined {
    const document = this.open.get(file);
    return document && { uri: document.uri, version: document.version, text: document.getText() };
  }

  /** Undefined for documents that are not checked. */
  private pathOf({ uri, languageId }: TextDocument): string | undefined {
    if (!isCheckedLanguage(languageId)) return undefined;
    const known = [...this.open].find(([, document]) => document.uri === uri);
    return known?.[0] ?? pathOfUri(uri) ?? pathOfUntitled(uri, languageId, this.settings.folders[0] ?? process.cwd());
  }
}

const nowhere: ReadonlySet<string> = new Set();

function noChanges(): DiskChangeSets {
  return { created: new Set(), changed: new Set(), deleted: new Set() };
}

function differsFromDisk(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '') !== text;
  } catch {
    return true;
  }
}
