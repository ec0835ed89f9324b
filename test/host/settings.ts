// User settings of a VS Code that runs for tests or demos.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const quiet = {
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

/** Trust is not asked about either way: with `workspaceTrust` every folder opens restricted. */
export async function writeSettings(dataDir: string, workspaceTrust: boolean, settings: Record<string, unknown> = {}): Promise<void> {
  const file = path.join(dataDir, 'user/User/settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  const all = { ...quiet, 'security.workspace.trust.enabled': workspaceTrust, ...settings };
  await writeFile(file, JSON.stringify(all, undefined, 2));
}
