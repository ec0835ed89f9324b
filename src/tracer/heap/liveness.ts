import type { AwaitGraph } from './await-graph';
import { EdgeType, NODE_TYPES, NodeType } from './graph';
import type { Settling } from './settling';

/** What the roots of a heap can reach, where a suspended call counts as reached only if something reached can continue it. */
export interface Liveness {
  /** 1 for each node that is reached. A suspended call or a pending promise's waiters may be in the heap and not be reached. */
  readonly reached: Uint8Array;
  /** 1 for each pending promise that something reached can settle. */
  readonly settleable: Uint8Array;
}

/**
 * The fixed point that proves tasks stuck: from the roots along every strong reference, except that
 * - a suspended call is entered only through the closure that continues it after its await, or from a native root;
 * - the reactions of a pending promise are followed only once something reached can settle the promise.
 * What a call holds is live only if the call can go on, so two calls that hold what the other waits for are not reached.
 */
export function findLive(awaits: AwaitGraph, settling: Settling): Liveness {
  const { graph, names } = awaits;
  const { nodeType, nodeName, firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
  const reached = new Uint8Array(graph.nodeCount);
  const settleable = new Uint8Array(graph.nodeCount);
  // 0: plain, 1: pending promise, 2: suspended call
  const gate = new Uint8Array(graph.nodeCount);
  for (const promise of awaits.pending) gate[promise] = 1;
  // What continues a compiled async function is an ordinary function, which what is reached may call.
  for (const call of awaits.calls) if (!call.isDriven) gate[call.node] = 2;
  // Each node is put in at most once, a pending promise once more when it is found settleable. First in, first out: V8 writes a
  // heap down in about that order, so what is read next lies near.
  const queue = new Uint32Array(graph.nodeCount + awaits.pending.length);
  let length = 0;
  const push = (node: number) => (queue[length++] = node);
  // Most of a heap are strings and numbers, which lead nowhere.
  const isLeaf = new Uint8Array(NODE_TYPES.length);
  for (const type of [NodeType.string, NodeType.number, NodeType.bigint, NodeType.symbol]) isLeaf[type] = 1;
  reached[0] = 1;
  push(0);
  for (let next = 0; next < length; next++) {
    const node = queue[next]!;
    const isPending = gate[node] === 1;
    const synthetic = nodeType[node] === NodeType.synthetic;
    // `deref()` brings the target of a WeakRef back; what native code can do with its weak handles is not known.
    const followsWeak = synthetic || nodeType[node] === NodeType.native || (nodeName[node] === names.WeakRef && nodeType[node] === NodeType.object);
    for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
      const to = edgeTo[edge]!;
      const kind = gate[to]!;
      if (kind === 0 && reached[to]) continue;
      const type = edgeType[edge]!;
      if (type === EdgeType.weak && !followsWeak) continue;
      if (isPending && type === EdgeType.internal && edgeName[edge] === names.reactions_or_result && !settleable[node]) continue;
      if (kind === 0) {
        reached[to] = 1;
        if (!isLeaf[nodeType[to]!]) push(to);
      } else if (kind === 1) {
        const settles = !settleable[to] && settling.canSettle(node, edge);
        if (settles) settleable[to] = 1;
        if (reached[to] && !settles) continue;
        reached[to] = 1;
        push(to);
      } else if (!reached[to] && (synthetic || (type === EdgeType.internal && edgeName[edge] === names.extension))) {
        reached[to] = 1;
        push(to);
      }
    }
  }
  return { reached, settleable };
}
