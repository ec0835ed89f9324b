// How the agent is told what to do: one environment variable, or the same object from whoever evaluates it through the inspector.

/** Holds an AgentConfig as JSON. Children inherit it with NODE_OPTIONS, so they are tracked, too. */
export const CONFIG_VARIABLE = 'ASYNCSCOPE_AGENT';
export const CONFIG_VERSION = 1;

export interface AgentConfig {
  version: typeof CONFIG_VERSION;
  /** 32 or more hexadecimal digits, new for each launch: who knows them may ask the agent. */
  secret: string;
  /** Watch promises. Default true. */
  track?: boolean;
  /** A private folder that exists: each process and thread writes what is pending there when it ends. Absolute path. */
  reportFolder?: string;
  /** Report the event loop blocked for so many milliseconds or longer. Off where it is not given. */
  blockedMs?: number;
  /** The client of a debugger is there: it starts what a debugger would show as the program's own. */
  debugged?: boolean;
}

/** Undefined for anything that is not a whole configuration of this version. */
export function parseConfig(text: string | undefined): AgentConfig | undefined {
  if (!text) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isConfig(value) ? value : undefined;
}

function isConfig(value: unknown): value is AgentConfig {
  if (typeof value !== 'object' || value === null) return false;
  const { version, secret, track, reportFolder, blockedMs, debugged } = value as Record<string, unknown>;
  return (
    version === CONFIG_VERSION &&
    typeof secret === 'string' &&
    /^[0-9a-f]{32,}$/.test(secret) &&
    (track === undefined || typeof track === 'boolean') &&
    (reportFolder === undefined || (typeof reportFolder === 'string' && reportFolder.length > 0)) &&
    (blockedMs === undefined || (typeof blockedMs === 'number' && blockedMs > 0)) &&
    (debugged === undefined || typeof debugged === 'boolean')
  );
}

/** The name of the global property that the agent answers under; not enumerable. */
export function handleName(secret: string): string {
  return `asyncscope:${secret}`;
}
