// Puts the agent into the Node programs that are debugged, where the user has switched that on.
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { watchThreadName } from '../../agent/blocked-loop';
import { CONFIG_VARIABLE, parseConfig } from '../../agent/config';
import { agentConfig, agentEnvironment, newSecret } from '../../tracer/live/launch';

/** js-debug's names of them, and the one that users write. */
const types = ['node', 'pwa-node', 'node-terminal'];

/**
 * With a breakpoint js-debug asks V8 for so many frames of each await, as it does for its terminals; without one for
 * none: that makes awaits many times slower.
 */
const lazyAsyncStacks = { onceBreakpointResolved: 16 };

export function registerTrackedLaunch(agent: string): vscode.Disposable {
  const provider: vscode.DebugConfigurationProvider = {
    resolveDebugConfiguration(folder, configuration) {
      if (isWatchThread(configuration)) return undefined;
      if (isTracked(folder, configuration) && configuration.type !== 'node-terminal') configuration.showAsyncStacks ??= lazyAsyncStacks;
      return configuration;
    },
    resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      if (isTracked(folder, configuration)) addAgent(folder, configuration, agent);
      return configuration;
    },
  };
  return vscode.Disposable.from(
    ...types.map((type) => vscode.debug.registerDebugConfigurationProvider(type, provider)),
    vscode.commands.registerCommand('asyncscope.debugTerminal', (command?: string) => openDebugTerminal(agent, command)),
  );
}

/** A JavaScript debug terminal whose programs have the agent. js-debug asks no provider about those that it opens itself. */
async function openDebugTerminal(agent: string, command?: string): Promise<void> {
  const file = vscode.window.activeTextEditor?.document.uri;
  const folder = (file && vscode.workspace.getWorkspaceFolder(file)) ?? vscode.workspace.workspaceFolders?.[0];
  const env = trackedEnvironment(folder, agent, process.env['NODE_OPTIONS'], (terminalSecret ??= newSecret()));
  await vscode.commands.executeCommand('extension.js-debug.createDebuggerTerminal', command, folder, { env });
}

/** The secret of the agents in the programs of all debug terminals opened here: their sessions do not tell which terminal they are of. */
let terminalSecret: string | undefined;

/** The secret of the agent that a debugged program should have; undefined where it was started without. */
export function agentSecret(session: vscode.DebugSession): string | undefined {
  for (let one: vscode.DebugSession | undefined = session; one; one = one.parentSession) {
    const env = one.configuration.env as Record<string, string> | undefined;
    const secret = parseConfig(env?.[CONFIG_VARIABLE])?.secret;
    if (secret) return secret;
  }
  return session.type === 'node-terminal' ? terminalSecret : undefined;
}

/**
 * js-debug has found the agent's own thread, and would show it as one of the program's. Without a session the thread waits
 * for its debugger; who has it started lets it go on.
 */
function isWatchThread({ name, __pendingTargetId }: vscode.DebugConfiguration): boolean {
  return __pendingTargetId !== undefined && /^\[worker \d+\] /.test(name) && name.endsWith(` ${watchThreadName}`);
}

function isTracked(folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): boolean {
  // Nobody could ask the agent of a program that runs without the debugger.
  const isNew = configuration.request === 'launch' && configuration.__pendingTargetId === undefined && configuration.noDebug !== true;
  return isNew && vscode.workspace.isTrusted && settings(folder).get('enabled') === true;
}

/** A configuration may come by more than once, and js-debug has one for each process that it has found. */
function addAgent(folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration, agent: string): void {
  const env = (configuration.env ?? {}) as Record<string, string | null>;
  if (env[CONFIG_VARIABLE]) return;
  const options = env['NODE_OPTIONS'] ?? nodeOptionsOfFiles(configuration.envFile) ?? process.env['NODE_OPTIONS'];
  configuration.env = { ...env, ...trackedEnvironment(folder, agent, options) };
}

function trackedEnvironment(folder: vscode.WorkspaceFolder | undefined, agent: string, nodeOptions: string | undefined, secret = newSecret()): Record<string, string> {
  const blockedMs = settings(folder).get<number>('blockedLoop', 50);
  const config = agentConfig({ secret, ...(blockedMs > 0 && { blockedMs, debugged: true }) });
  return agentEnvironment(agent, config, nodeOptions);
}

/** What js-debug would read from the configuration's `envFile`; the last file wins. */
function nodeOptionsOfFiles(envFile: unknown): string | undefined {
  const files = (Array.isArray(envFile) ? envFile : [envFile]).filter((file) => typeof file === 'string');
  return files
    .map((file) => /^\s*(?:export\s+)?NODE_OPTIONS\s*=\s*(?:"(.*)"|'(.*)'|(.*?))\s*$/m.exec(textOf(file)))
    .map((match) => match?.slice(1).find((value) => value !== undefined))
    .findLast((value) => value !== undefined);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // js-debug says so itself
  }
}

function settings(folder: vscode.WorkspaceFolder | undefined): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('asyncscope.trace', folder);
}
