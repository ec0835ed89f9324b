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
  return vscode.Disposable.from(...types.map((type) => vscode.debug.registerDebugConfigurationProvider(type, provider)));
}

/** The secret of the agent in a debugged program; undefined where it has none. */
export function agentSecret(session: vscode.DebugSession): string | undefined {
  for (let one: vscode.DebugSession | undefined = session; one; one = one.parentSession) {
    const env = one.configuration.env as Record<string, string> | undefined;
    const secret = parseConfig(env?.[CONFIG_VARIABLE])?.secret;
    if (secret) return secret;
  }
  return undefined;
}

/**
 * js-debug has found the agent's own thread, and would show it as one of the program's. Without a session the thread waits
 * for its debugger; who has it started lets it go on.
 */
function isWatchThread({ name, __pendingTargetId }: vscode.DebugConfiguration): boolean {
  return __pendingTargetId !== undefined && /^\[worker \d+\] /.test(name) && name.endsWith(` ${watchThreadName}`);
}

function isTracked(folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): boolean {
  const isNew = configuration.request === 'launch' && configuration.__pendingTargetId === undefined;
  return isNew && vscode.workspace.isTrusted && settings(folder).get('enabled') === true;
}

/** A configuration may come by more than once, and js-debug has one for each process that it has found. */
function addAgent(folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration, agent: string): void {
  const env = (configuration.env ?? {}) as Record<string, string | null>;
  if (env[CONFIG_VARIABLE]) return;
  const blockedMs = settings(folder).get<number>('blockedLoop', 50);
  const config = agentConfig({ secret: newSecret(), ...(blockedMs > 0 && { blockedMs, debugged: true }) });
  const options = env['NODE_OPTIONS'] ?? nodeOptionsOfFiles(configuration.envFile) ?? process.env['NODE_OPTIONS'];
  configuration.env = { ...env, ...agentEnvironment(agent, config, options) };
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
