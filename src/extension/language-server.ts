// The language server as the editor sees it: a Node process of ours, its life and its state.
import * as vscode from 'vscode';
import { CloseAction, ErrorAction, LanguageClient, State, TransportKind, type CancellationToken, type MessageSignature } from 'vscode-languageclient/node';
import { blockedPlacesMethod, statusMethod, type BlockedPlace, type BlockedPlacesParams, type InitializationOptions, type StatusParams } from '../server/protocol';
import { ServerStatus } from './server-status';
import { checkWorkspace } from './workspace-check';

export const documentSelector = ['javascript', 'javascriptreact', 'typescript', 'typescriptreact'].flatMap((language) =>
  ['file', 'untitled'].map((scheme) => ({ language, scheme })),
);

/** A server that crashes again this soon after it was started again is left alone. Milliseconds. */
const crashLoop = 60_000;

/** What the window asks while the server is being stopped, as when it is loaded anew, has no answer; that is no failure. */
class Client extends LanguageClient {
  override handleFailedRequest<T>(type: MessageSignature, token: CancellationToken | undefined, error: unknown, defaultValue: T, showNotification?: boolean, throwOnCancel?: boolean): T {
    return this.isRunning() ? super.handleFailedRequest(type, token, error, defaultValue, showNotification, throwOnCancel) : defaultValue;
  }
}

export class LanguageServer {
  private client: LanguageClient;
  private readonly status: ServerStatus;
  private startedAgain = Number.NEGATIVE_INFINITY;
  private crashShown = false;
  private blocked: BlockedPlace[] = [];

  private constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.status = new ServerStatus(versionOf(context), documentSelector);
    context.subscriptions.push(this.status);
    this.client = this.createClient();
  }

  static async start(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<LanguageServer> {
    const server = new LanguageServer(context, log);
    await server.run();
    return server;
  }

  /** Process id; undefined while it is not running. */
  get pid(): number | undefined {
    return this.client.isRunning() ? this.client.serverProcess?.pid : undefined;
  }

  /** What the language status item shows. */
  get shown(): Pick<vscode.LanguageStatusItem, 'text' | 'detail' | 'busy' | 'severity'> {
    return this.status.shown;
  }

  get onDidChangeStatus(): vscode.Event<void> {
    return this.status.onDidChange;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.client.dispose();
    this.client = this.createClient();
    await this.run();
  }

  /** Tells what was seen blocking the event loop; a server that is started later hears of it then. */
  tellBlocked(places: BlockedPlace[]): void {
    this.blocked = places;
    if (this.client.isRunning()) void this.client.sendNotification(blockedPlacesMethod, { places } satisfies BlockedPlacesParams);
  }

  async stop(): Promise<void> {
    if (this.client.isRunning()) await this.client.stop();
  }

  async checkWorkspace(): Promise<void> {
    if (!this.client.isRunning()) await this.restart();
    await checkWorkspace(this.client, this.log);
  }

  /** Never rejects: a server that cannot start is a state that the status item shows, with the log and a restart. */
  private async run(): Promise<void> {
    this.status.starting();
    try {
      await this.client.start();
      this.log.info(`Language server started (process ${this.client.serverProcess?.pid}).`);
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
    }
  }

  private createClient(): LanguageClient {
    const server = {
      module: this.context.asAbsolutePath('dist/server.js'),
      transport: TransportKind.ipc,
    };
    const client = new Client(
      'asyncscope',
      'Asyncscope',
      { run: server, debug: { ...server, options: { execArgv: ['--nolazy', '--inspect=127.0.0.1:0'] } } },
      {
        documentSelector,
        diagnosticCollectionName: 'asyncscope',
        outputChannel: this.log,
        synchronize: { configurationSection: 'asyncscope' },
        initializationOptions: { trusted: vscode.workspace.isTrusted } satisfies InitializationOptions,
        initializationFailedHandler: (error) => {
          this.log.error(`The language server refused to start: ${String(error)}`);
          return false;
        },
        errorHandler: {
          error: (error) => {
            this.log.error(`Connection to the language server: ${error.message}`);
            return { action: ErrorAction.Continue, handled: true };
          },
          closed: () => this.crashed(),
        },
      },
    );
    client.onDidChangeState(({ newState }) => newState === State.Running && this.blocked.length > 0 && this.tellBlocked(this.blocked));
    client.onNotification(statusMethod, (params: StatusParams) => this.status.update(params));
    return client;
  }

  private crashed(): { action: CloseAction; handled: true } {
    const again = Date.now() - this.startedAgain > crashLoop;
    if (again) {
      this.startedAgain = Date.now();
      this.status.starting();
      this.log.error('The language server ended unexpectedly; it is started again.');
    } else {
      this.failed('The language server ended unexpectedly twice within a minute.');
    }
    if (!this.crashShown) {
      this.crashShown = true;
      void this.showCrash();
    }
    return { action: again ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }

  private async showCrash(): Promise<void> {
    const showLog = 'Show Log';
    const answer = await vscode.window.showErrorMessage("Asyncscope's language server ended unexpectedly and is started again.", showLog);
    if (answer === showLog) this.log.show();
  }

  private failed(reason: string): void {
    this.log.error(reason);
    this.status.failed(reason);
  }
}

function versionOf(context: vscode.ExtensionContext): string {
  return (context.extension.packageJSON as { version: string }).version;
}
