import type { HeapGraph } from './graph';

/** Names that V8 and Node give to edges and nodes, which a reading of the heap leans on (the same on Node 20 to 26). */
const NAMES = [
  // nodes
  'system / PromiseReaction', 'system / PromiseCapability', 'system / AsyncGeneratorRequest', 'system / Context', 'system / PropertyArray',
  'system / SourceTextModule', 'system / PromiseResolveThenableJobTask', 'system / Hole', 'system / ArrayList', 'Promise', 'WeakRef',
  // edges
  'parameters_and_registers', 'function', 'receiver', 'context', 'extension', 'code', 'shared', 'script', 'script_or_debug_info',
  'reactions_or_result', 'properties', 'elements', '__proto__', 'constructor', 'prototype', 'map', 'value', 'table', 'bound_function',
  'name', 'first', 'second', 'bound_this', 'promise', '_events', 'listener', 'callback',
  '_onTimeout', 'req', '_idleTimeout', '_idleStart', '_repeat', '_onImmediate', 'oncomplete',
  'path', '<symbol kPath>', '<symbol kHandle>', '<symbol kFd>', '<symbol kOutHeaders>', 'fd', 'pid', 'spawnfile', 'hostname', 'address', 'port', '_connectionKey', '_host', 'url', 'method', 'host', 'threadId', '_pipeName',
  'origin',
  'exports', 'previous', 'scope_info', 'atomics_waitasync_promises',
] as const;

export type WellKnown = (typeof NAMES)[number];

/** Indexes of the well-known names in one snapshot's string table; -1 for one that the snapshot does not have. */
export type Vocabulary = Readonly<Record<WellKnown, number>>;

export function readVocabulary(graph: HeapGraph): Vocabulary {
  return Object.fromEntries(graph.strings.indexesOf(NAMES)) as Record<WellKnown, number>;
}
