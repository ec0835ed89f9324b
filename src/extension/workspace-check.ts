// "Check the whole workspace": progress that can be cancelled; the findings arrive as diagnostics.
import * as vscode from 'vscode';
import { LSPErrorCodes, ResponseError, WorkDoneProgress, type LanguageClient } from 'vscode-languageclient/node';
import { checkWorkspaceMethod, type CheckWorkspaceParams, type CheckWorkspaceResult } from '../server/protocol';

let checks = 0;

export async function checkWorkspace(client: LanguageClient, log: vscode.LogOutputChannel): Promise<void> {
  const result = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Checking the workspace for async hazards', cancellable: true },
    (progress, cancellation) => request(client, progress, cancellation),
  );
  if (!result) return;
  for (const { file, message } of result.errors) log.warn(`${file}: ${message}`);
  log.info(`Checked ${result.files} files of the workspace: ${result.problems} problems.`);
  await vscode.commands.executeCommand('workbench.actions.view.problems');
}

/** Undefined when it was cancelled. */
async function request(
  client: LanguageClient,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  cancellation: vscode.CancellationToken,
): Promise<CheckWorkspaceResult | undefined> {
  const workDoneToken = `asyncscope-check-${checks++}`;
  let percentage = 0;
  const listening = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
    if (value.kind === 'end') return;
    const increment = value.percentage === undefined ? undefined : value.percentage - percentage;
    percentage = value.percentage ?? percentage;
    progress.report({ message: value.message, increment });
  });
  try {
    const params: CheckWorkspaceParams = { workDoneToken };
    return await client.sendRequest<CheckWorkspaceResult>(checkWorkspaceMethod, params, cancellation);
  } catch (error) {
    if (error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled) return undefined;
    throw error;
  } finally {
    listening.dispose();
  }
}
