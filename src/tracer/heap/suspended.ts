import { EdgeType, NodeType, type HeapGraph } from './graph';
import type { Vocabulary } from './vocabulary';

/** An async function or generator object whose call has not returned: its node is what V8 calls the generator object. */
export interface SuspendedCall {
  node: number;
  /** The closure that was called. */
  closure: number;
  /** The node of `this`; -1 where there is none. */
  receiver: number;
  /** The array of its arguments and local variables. */
  registers: number;
  kind: 'async-function' | 'async-generator';
  /** A plain generator, which handlers of promises go on with: see DrivenGenerators. */
  isDriven: boolean;
  /** The pending promise that continues it; -1 where none does. */
  awaited: number;
  /** The promise of an async function's call, or those that an async generator's callers wait for. */
  promises: number[];
}

/** What a heap has of suspended calls and of promises with something waiting for them, before it is sorted out who waits for whom. */
export interface Suspended {
  calls: SuspendedCall[];
  /** Pending promises, each followed by its first reaction. */
  pending: number[];
}

/** Finds them all in one walk over the edges. Plain generators and idle async generators (nobody waits for their next value) are left out. */
export function findSuspended(graph: HeapGraph, names: Vocabulary): Suspended {
  const { nodeType, nodeName, firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
  const reactionsName = names.reactions_or_result;
  const registersName = names.parameters_and_registers;
  const reactionType = names['system / PromiseReaction'];
  const calls: SuspendedCall[] = [];
  const pending: number[] = [];
  let node = 0;
  for (let edge = 0; edge < edgeName.length; edge++) {
    const name = edgeName[edge]!;
    if ((name !== reactionsName && name !== registersName) || edgeType[edge] !== EdgeType.internal) continue;
    while (firstEdge[node + 1]! <= edge) node++;
    if (nodeType[node] !== NodeType.object) continue;
    const to = edgeTo[edge]!;
    if (name === registersName) {
      const call = readCall(graph, names, node, to);
      if (call) calls.push(call);
    } else if (nodeName[to] === reactionType) {
      pending.push(node, to);
    }
  }
  return { calls, pending };
}

function readCall(graph: HeapGraph, names: Vocabulary, node: number, registers: number): SuspendedCall | undefined {
  const closure = graph.follow(node, EdgeType.internal, names.function);
  if (closure < 0) return undefined;
  // Most have one: an array that began empty would get room for sixteen.
  let promises: number[] | undefined;
  let request = -1;
  const { nodeName, nodeType, firstEdge, edgeType, edgeTo } = graph.columns;
  for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
    if (edgeType[edge] !== EdgeType.hidden) continue;
    const to = edgeTo[edge]!;
    if (nodeName[to] === names['system / AsyncGeneratorRequest']) request = to;
    else if (nodeType[to] !== NodeType.object || !isPromise(graph, names, to)) continue;
    else if (promises) promises.push(to);
    else promises = [to];
  }
  if (request >= 0) readRequests(graph, names, request, (promises ??= []));
  if (!promises?.length) return undefined;
  return {
    node,
    closure,
    receiver: graph.follow(node, EdgeType.internal, names.receiver),
    registers,
    awaited: -1,
    kind: request >= 0 ? 'async-generator' : 'async-function',
    isDriven: false,
    promises,
  };
}

/** The promises of a chain of requests to an async generator: one for each `next()` that it has not answered. */
function readRequests(graph: HeapGraph, names: Vocabulary, first: number, promises: number[]): void {
  const { nodeName, nodeType, firstEdge, edgeType, edgeTo } = graph.columns;
  const seen = new Set<number>();
  for (let request = first; request >= 0 && !seen.has(request); ) {
    seen.add(request);
    let next = -1;
    for (let edge = firstEdge[request]!, end = firstEdge[request + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.hidden) continue;
      const to = edgeTo[edge]!;
      if (nodeName[to] === names['system / AsyncGeneratorRequest']) next = to;
      else if (nodeType[to] === NodeType.object && isPromise(graph, names, to)) promises.push(to);
    }
    request = next;
  }
}

/** Whether an object is a promise, pending or not, of `Promise` itself or a subclass. */
function isPromise(graph: HeapGraph, names: Vocabulary, node: number): boolean {
  return graph.columns.nodeName[node] === names.Promise || graph.follow(node, EdgeType.internal, names.reactions_or_result) >= 0;
}
