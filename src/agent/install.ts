import { threadId } from 'node:worker_threads';
import { handleName, type AgentConfig } from './config';
import type { AgentPart } from './part';
import { parseRequest, PROTOCOL_VERSION, type PollAnswer, type PollError } from './protocol';

/** What a client that knows the secret finds in the process. */
export interface AgentHandle {
  /** Takes a PollRequest and gives a PollAnswer or PollError, as JSON. Never throws. */
  poll(request: unknown): string;
  /** Takes the agent out of the process; false where it was out already. */
  remove(): boolean;
  /** By the name of their entry in an answer; a client may bring further ones. */
  readonly parts: Map<string, AgentPart>;
}

/** How parts start; the name is that of the answer's entry. None may throw. */
export type PartStarters = Record<string, (config: AgentConfig, handle: AgentHandle) => AgentPart | undefined>;

/** Starts the parts and leaves the handle for clients. Where the same launch has installed it already, that one stays. */
export function install(config: AgentConfig, starters: PartStarters): AgentHandle {
  const property = handleName(config.secret);
  const known = Object.getOwnPropertyDescriptor(globalThis, property)?.value as AgentHandle | undefined;
  if (known) return known;
  const parts = new Map<string, AgentPart>();
  let installed = true;
  const handle: AgentHandle = {
    parts,
    poll(request) {
      try {
        const parsed = parseRequest(request);
        const answer: PollAnswer = { version: PROTOCOL_VERSION, pid: process.pid, thread: threadId, node: process.version, parts: {} };
        for (const [name, part] of parts) answer.parts[name] = part.poll(parsed);
        return JSON.stringify(answer);
      } catch (error) {
        const refusal: PollError = { version: PROTOCOL_VERSION, error: error instanceof Error ? error.message : 'it failed' };
        return JSON.stringify(refusal);
      }
    },
    remove() {
      if (!installed) return false;
      installed = false;
      for (const part of parts.values()) part.remove();
      Reflect.deleteProperty(globalThis, property);
      return true;
    },
  };
  for (const [name, start] of Object.entries(starters)) {
    const part = start(config, handle);
    if (part) parts.set(name, part);
  }
  Object.defineProperty(globalThis, property, { value: handle, configurable: true });
  return handle;
}
