// What a Node program must be started with so that the agent is in it, in its children and in its worker threads.
import { randomBytes } from 'node:crypto';
import { CONFIG_VARIABLE, CONFIG_VERSION, type AgentConfig } from '../../agent/config';

export function newSecret(): string {
  return randomBytes(24).toString('hex');
}

export function agentConfig(options: Omit<AgentConfig, 'version'>): AgentConfig {
  return { version: CONFIG_VERSION, ...options };
}

/**
 * The environment variables to add; `nodeOptions` is the NODE_OPTIONS that the program would have had, which is kept.
 * Asking twice adds the agent once.
 */
export function agentEnvironment(agentPath: string, config: AgentConfig, nodeOptions = ''): Record<string, string> {
  // Node splits the variable at spaces; within double quotes a backslash escapes.
  const option = `--require "${agentPath.replace(/[\\"]/g, '\\$&')}"`;
  const options = nodeOptions.includes(option) ? nodeOptions : [option, nodeOptions].filter(Boolean).join(' ');
  return { NODE_OPTIONS: options, [CONFIG_VARIABLE]: JSON.stringify(config) };
}
