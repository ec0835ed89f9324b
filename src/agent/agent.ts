// The bundle that runs inside the user's process: by `node --require`, or evaluated through the inspector.
import { isMainThread } from 'node:worker_threads';
import { watchdogName } from './blocked-loop';
import { parseConfig, CONFIG_VARIABLE, type AgentConfig } from './config';
import { reportAtExit } from './exit-report';
import { install, type AgentHandle, type PartStarters } from './install';
import { startTracking, type TaskPart } from './track';
import { startWatchdog } from './watchdog';
import type * as HandlesBundle from './handles';

/** Of the promises; started before the event loop's watchdog, which asks it. */
let tracking: TaskPart | undefined;

/** What the agent watches. */
const parts: PartStarters = {
  tasks: ({ track = true }) => (tracking = track ? startTracking() : undefined),
  resources: () => ({ poll: activeResources, remove: () => undefined }),
  // A worker thread may block: that is what it is for.
  blocked: ({ blockedMs, secret, debugged }) => (blockedMs && isMainThread ? startWatchdog(blockedMs, watchdogName(secret), () => tracking?.running(), debugged) : undefined),
  exit: ({ reportFolder }, handle) => (reportFolder ? reportAtExit(reportFolder, handle) : undefined),
};

/** What keeps the event loop alive, by kind: `Timeout`, `TCPServerWrap`, … */
function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** For who evaluates the bundle through the inspector; `config` is the text that the variable would have. */
export function start(config: string): AgentHandle | undefined {
  const parsed = parseConfig(config);
  return parsed && install(parsed, parts);
}

// The file name tells a preloaded module from an evaluated one.
if (typeof module.filename === 'string') {
  const config: AgentConfig | undefined = parseConfig(process.env[CONFIG_VARIABLE]);
  if (config) {
    install(config, parts);
    if (config.track !== false) startHandles(config.secret);
  }
}

/** The bundle beside this one. */
function startHandles(secret: string): void {
  try {
    (module.require('./handles.js') as typeof HandlesBundle).start(secret);
  } catch {
    // Without it handles are counted only.
  }
}
