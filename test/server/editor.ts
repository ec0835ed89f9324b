import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  createProtocolConnection,
  TextDocumentEdit,
  TextEdit,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeAction,
  type ConfigurationParams,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import { statusMethod, type InitializationOptions, type Settings, type StatusParams } from '../../src/server/protocol';

export interface EditorOptions {
  folders?: readonly string[];
  settings?: Partial<Settings>;
  /** Settings by the URI of the resource that they are asked for; in place of `settings`. */
  settingsOf?: (scope: string | undefined) => Partial<Settings>;
  initializationOptions?: InitializationOptions;
  /** Whether the editor answers `workspace/configuration`; true unless given. */
  answersSettings?: boolean;
  /** How the server is started; the built bundle unless given. */
  command?: readonly string[];
}

const languageOf: Readonly<Record<string, string>> = { '.ts': 'typescript', '.tsx': 'typescriptreact', '.jsx': 'javascriptreact' };

/** An editor with the real server, a process of its own, behind standard input and output. */
export class Editor {
  readonly published: PublishDiagnosticsParams[] = [];
  readonly statuses: StatusParams[] = [];
  readonly messages: string[] = [];
  readonly log: string[] = [];
  private readonly documents = new Map<string, TextDocument>();
  private readonly waiting = new Set<() => void>();

  private constructor(
    readonly process: ChildProcess,
    readonly connection: ProtocolConnection,
    public settings: Partial<Settings>,
    settingsOf: (scope: string | undefined) => Partial<Settings> = () => this.settings,
  ) {
    connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => this.note(this.published, params));
    connection.onNotification(statusMethod, (params: StatusParams) => this.note(this.statuses, params));
    connection.onNotification('window/showMessage', ({ message }: { message: string }) => this.note(this.messages, message));
    connection.onNotification('window/logMessage', ({ message }: { message: string }) => this.note(this.log, message));
    connection.onRequest('workspace/configuration', ({ items }: ConfigurationParams) => items.map(({ scopeUri }) => settingsOf(scopeUri)));
    connection.onRequest('client/registerCapability', () => null);
    connection.onRequest('window/workDoneProgress/create', () => null);
    connection.listen();
  }

  static async start(options: EditorOptions = {}): Promise<Editor> {
    const { folders = [], settings = {}, initializationOptions, answersSettings = true } = options;
    const [command = '', ...args] = options.command ?? [process.execPath, path.resolve('dist/server.js'), '--stdio'];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const connection = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    const editor = new Editor(child, connection, settings, options.settingsOf);
    await connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folders.map((folder) => ({ uri: uriOf(folder), name: path.basename(folder) })),
      initializationOptions,
      capabilities: {
        workspace: {
          configuration: answersSettings,
          workspaceFolders: true,
          workspaceEdit: { documentChanges: true },
          didChangeWatchedFiles: { dynamicRegistration: true },
          didChangeConfiguration: { dynamicRegistration: true },
        },
        window: { workDoneProgress: true },
        textDocument: { codeAction: { dataSupport: true, disabledSupport: true, resolveSupport: { properties: ['edit'] } } },
      },
    });
    await connection.sendNotification('initialized', {});
    return editor;
  }

  /** Opens a file; without a text, what is on disk. */
  open(file: string, text = readFileSync(file, 'utf8'), languageId = languageOf[path.extname(file)] ?? 'javascript'): void {
    this.openUri(uriOf(file), text, languageId);
  }

  openUri(uri: string, text: string, languageId: string): void {
    this.documents.set(uri, TextDocument.create(uri, languageId, 1, text));
    void this.connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });
  }

  /** Replaces the whole text of an open file; returns the new version. */
  change(file: string, text: string): number {
    return this.changeUri(uriOf(file), text);
  }

  changeUri(uri: string, text: string): number {
    const { languageId, version: before } = this.document(uri);
    const version = before + 1;
    this.documents.set(uri, TextDocument.create(uri, languageId, version, text));
    void this.connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
    return version;
  }

  close(file: string): void {
    void this.connection.sendNotification('textDocument/didClose', { textDocument: { uri: uriOf(file) } });
  }

  /** Tells of changes on disk: 1 created, 2 changed, 3 deleted. */
  onDisk(changes: Record<string, 1 | 2 | 3>): void {
    const list = Object.entries(changes).map(([file, type]) => ({ uri: uriOf(file), type }));
    void this.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: list });
  }

  changeSettings(settings: Partial<Settings>): void {
    this.settings = settings;
    void this.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
  }

  /** What is shown of a file, from the moment on when it fulfils the condition. */
  async diagnostics(file: string, condition: (shown: PublishDiagnosticsParams) => boolean = () => true): Promise<Diagnostic[]> {
    return this.diagnosticsOf(uriOf(file), condition);
  }

  async diagnosticsOf(uri: string, condition: (shown: PublishDiagnosticsParams) => boolean = () => true): Promise<Diagnostic[]> {
    const last = (): PublishDiagnosticsParams | undefined => this.published.findLast((params) => params.uri === uri);
    await this.until(() => {
      const shown = last();
      return shown !== undefined && condition(shown);
    });
    return last()?.diagnostics ?? [];
  }

  /** What can be done where a text first stands in an open file. */
  async codeActions(file: string, at: string, only?: string[]): Promise<CodeAction[]> {
    const document = this.document(uriOf(file));
    const start = document.positionAt(document.getText().indexOf(at));
    const params = { textDocument: { uri: uriOf(file) }, range: { start, end: start }, context: { diagnostics: [], ...(only && { only }) } };
    return this.connection.sendRequest<CodeAction[]>('textDocument/codeAction', params);
  }

  async resolve(action: CodeAction): Promise<CodeAction> {
    return this.connection.sendRequest<CodeAction>('codeAction/resolve', action);
  }

  /** A file's text after an action; fails where the edits are for another version. */
  edited(file: string, action: CodeAction): string {
    const document = this.document(uriOf(file));
    const changes = (action.edit?.documentChanges ?? []).filter(TextDocumentEdit.is);
    const own = changes.find(({ textDocument }) => textDocument.uri === document.uri);
    if (own?.textDocument.version !== document.version) throw new Error(`edits for version ${own?.textDocument.version}, not ${document.version}`);
    return TextDocument.applyEdits(document, own.edits.filter(TextEdit.is));
  }

  private document(uri: string): TextDocument {
    const found = this.documents.get(uri);
    if (!found) throw new Error(`${uri} is not open`);
    return found;
  }

  /** Waits until what has come from the server fulfils a condition. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.process.once('exit', () => resolve()));
    if (this.process.exitCode !== null) return;
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    await ended;
    this.connection.dispose();
  }

  private note<T>(list: T[], one: T): void {
    list.push(one);
    for (const look of [...this.waiting]) look();
  }
}

export function uriOf(file: string): string {
  return URI.file(file).toString();
}
