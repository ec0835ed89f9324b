import {
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  FileChangeType,
  TextDocuments,
  TextDocumentSyncKind,
  type CancellationToken,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { version } from '../../package.json';
import { codeActionKinds, CodeActions, type CodeActionSupport } from './code-actions';
import { pathOfUri } from './paths';
import { blockedPlacesMethod, checkWorkspaceMethod, type CheckWorkspaceParams, type InitializationOptions } from './protocol';
import { Workspace } from './workspace';

/** Files whose changes on disk matter: sources, and what configures compiler, package manager and linters. */
const watched = [
  '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}',
  '**/*.json',
  '**/asyncscope.jsonc',
  '**/.eslintrc*',
];

/** Answers an editor on a connection until it says exit or is gone. */
export function serve(connection: Connection): void {
  const documents = new TextDocuments(TextDocument);
  let params: InitializeParams | undefined;
  let workspace: Workspace | undefined;
  let actions: CodeActions | undefined;

  const registered = (answer: Promise<unknown>): void => {
    answer.catch((error: unknown) => connection.console.warn(`The editor refused a registration: ${String(error)}`));
  };

  connection.onInitialize((given): InitializeResult => {
    params = given;
    workspace = new Workspace(connection, foldersOf(given), (given.initializationOptions ?? {}) as InitializationOptions);
    actions = new CodeActions(workspace, supportOf(given));
    return {
      serverInfo: { name: 'asyncscope', version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        codeActionProvider: { codeActionKinds, resolveProvider: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  connection.onInitialized(async () => {
    const capabilities = params?.capabilities.workspace;
    if (capabilities?.didChangeWatchedFiles?.dynamicRegistration) {
      const watchers = watched.map((globPattern) => ({ globPattern }));
      registered(connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
    }
    if (capabilities?.didChangeConfiguration?.dynamicRegistration) {
      registered(connection.client.register(DidChangeConfigurationNotification.type, { section: 'asyncscope' }));
    }
    if (capabilities?.workspaceFolders) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const paths = (folders: typeof added): string[] => folders.flatMap(({ uri }) => pathOfUri(uri) ?? []);
        void workspace?.changeFolders(paths(added), paths(removed));
      });
    }
    await workspace?.start(capabilities?.configuration === true);
  });

  connection.onDidChangeConfiguration(({ settings }) => {
    const pushed = (settings as { asyncscope?: unknown } | null | undefined)?.asyncscope;
    void workspace?.changeSettings(pushed);
  });

  connection.onDidChangeWatchedFiles(({ changes }) => {
    const of = (type: FileChangeType): string[] =>
      changes.filter((change) => change.type === type).flatMap(({ uri }) => pathOfUri(uri) ?? []);
    workspace?.changedOnDisk({
      created: of(FileChangeType.Created),
      changed: of(FileChangeType.Changed),
      deleted: of(FileChangeType.Deleted),
    });
  });

  connection.onCodeAction((given, cancellation) => {
    const file = workspace?.pathOfOpen(given.textDocument.uri);
    return file === undefined ? [] : actions?.list(file, given, cancellation);
  });
  connection.onCodeActionResolve((action) => actions?.resolve(action) ?? action);
  connection.onRequest(checkWorkspaceMethod, async (given: CheckWorkspaceParams | null, cancellation: CancellationToken) => {
    return (await workspace?.checkWorkspace(given ?? {}, cancellation)) ?? null;
  });

  connection.onNotification(blockedPlacesMethod, (given: unknown) => workspace?.changeBlocked(given));

  documents.onDidChangeContent(({ document }) => workspace?.changed(document));
  documents.onDidClose(({ document }) => workspace?.closed(document));
  documents.listen(connection);
  connection.onShutdown(() => workspace?.close());
  connection.listen();
}

function supportOf({ capabilities }: InitializeParams): CodeActionSupport {
  const action = capabilities.textDocument?.codeAction;
  return {
    resolve: action?.resolveSupport?.properties.includes('edit') === true && action.dataSupport === true,
    disabled: action?.disabledSupport === true,
    versionedEdits: capabilities.workspace?.workspaceEdit?.documentChanges === true,
  };
}

/** Paths of the workspace's folders; a client of before 2017 has one root only. */
function foldersOf({ workspaceFolders, ...old }: InitializeParams): string[] {
  const uris = workspaceFolders?.map(({ uri }) => uri) ?? (old.rootUri ? [old.rootUri] : []);
  return uris.flatMap((uri) => pathOfUri(uri) ?? []);
}
