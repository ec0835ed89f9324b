import type { PollRequest } from './protocol';

/** One of the things that the agent watches: promises, the event loop. */
export interface AgentPart {
  /** What it has to say to a client that asks; must be JSON. */
  poll(request: PollRequest): unknown;
  /** Takes everything out of the process that it put in. */
  remove(): void;
}
