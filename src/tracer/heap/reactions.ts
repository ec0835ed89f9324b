import type { Builtins } from './builtins';
import { EdgeType, NodeType, type HeapGraph } from './graph';
import type { GroupKind } from '../task';
import type { Vocabulary } from './vocabulary';

/** What one reaction to a pending promise does when the promise settles. */
export type Reaction =
  /** Continues the suspended call of this node. */
  | { kind: 'resume'; call: number }
  /** Reports one result to a combinator, whose own promise is `promise`. `context` is shared by all elements. */
  | { kind: 'element'; group: Exclude<GroupKind, 'race'>; promise: number; context: number }
  /** Settles another promise in the same way; `adopted` where that one was resolved with this (`return promise`). */
  | { kind: 'settle'; promise: number; adopted: boolean }
  /** Calls handlers given to `.then`, `.catch` or `.finally`; `derived` is the promise these returned, -1 for none. */
  | { kind: 'then'; handlers: number[]; derived: number; settles: number };

/** Reads the reactions that hang off a pending promise. */
export class ReactionReader {
  constructor(
    private readonly graph: HeapGraph,
    private readonly names: Vocabulary,
    private readonly builtins: Builtins,
  ) {}

  /** The reaction that follows in a promise's chain; -1 for none. */
  next(reaction: number): number {
    const { nodeName, firstEdge, edgeType, edgeTo } = this.graph.columns;
    for (let edge = firstEdge[reaction]!, end = firstEdge[reaction + 1]!; edge < end; edge++) {
      const to = edgeTo[edge]!;
      if (edgeType[edge] === EdgeType.hidden && nodeName[to] === this.names['system / PromiseReaction']) return to;
    }
    return -1;
  }

  read(reaction: number): Reaction {
    const { nodeType, nodeName, firstEdge, edgeType, edgeTo } = this.graph.columns;
    const handlers: number[] = [];
    let derived = -1;
    for (let edge = firstEdge[reaction]!, end = firstEdge[reaction + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.hidden) continue;
      const to = edgeTo[edge]!;
      if (nodeType[to] === NodeType.closure) {
        // Most are awaits.
        const call = this.#continues(to);
        if (call >= 0) return { kind: 'resume', call };
        handlers.push(to);
      } else if (nodeName[to] === this.names['system / PromiseCapability']) derived = this.#capabilityPromise(to);
      else if (nodeType[to] === NodeType.object && this.#isPromise(to)) derived = to;
    }
    if (!handlers.length) return derived >= 0 ? { kind: 'settle', promise: derived, adopted: true } : { kind: 'then', handlers, derived, settles: -1 };
    let settles = -1;
    const own: number[] = [];
    for (const handler of handlers) {
      const role = this.builtins.roleOf(handler);
      const context = role ? this.graph.follow(handler, EdgeType.internal, this.names.context) : -1;
      if (role === undefined || context < 0) {
        own.push(handler);
      } else if (role === 'settle') {
        settles = this.settledBy(handler);
      } else if (role === 'finally') {
        const wrapped = this.#hiddenTarget(context, (to) => nodeType[to] === NodeType.closure);
        if (wrapped >= 0 && !own.includes(wrapped)) own.push(wrapped);
      } else if (role !== 'resume') {
        const capability = this.#hiddenTarget(context, (to) => nodeName[to] === this.names['system / PromiseCapability']);
        const promise = capability < 0 ? -1 : this.#capabilityPromise(capability);
        const group = role === 'all-element' ? 'all' : role === 'allSettled-element' ? 'allSettled' : 'any';
        if (promise >= 0) return { kind: 'element', group, promise, context };
      }
    }
    if (!own.length && settles >= 0) return { kind: 'settle', promise: settles, adopted: false };
    return { kind: 'then', handlers: own, derived, settles };
  }

  /** The promise that a `resolve` or `reject` is of; -1 for none. */
  settledBy(settler: number): number {
    const context = this.graph.follow(settler, EdgeType.internal, this.names.context);
    return context < 0 ? -1 : this.#hiddenTarget(context, (to) => this.#isPromise(to));
  }

  /** The list in which a combinator collects results: how long it is, and how many have come. Promise.any's grows as errors come. */
  elements(context: number): { length: number; settled: number } {
    const { nodeType, nodeName, selfSize, firstEdge, edgeType, edgeTo } = this.graph.columns;
    const list = this.#hiddenTarget(context, (to) => nodeType[to] === NodeType.array);
    if (list < 0) return { length: 0, settled: 0 };
    let settled = 0;
    for (let edge = firstEdge[list]!, end = firstEdge[list + 1]!; edge < end; edge++) {
      if (edgeType[edge] === EdgeType.internal && nodeName[edgeTo[edge]!] !== this.names['system / Hole']) settled++;
    }
    return { length: Math.max(0, (selfSize[list]! - 16) / 8), settled };
  }

  /** The suspended call that a closure continues; -1 for any other closure. */
  #continues(closure: number): number {
    if (this.builtins.roleOf(closure) !== 'resume') return -1;
    const context = this.graph.follow(closure, EdgeType.internal, this.names.context);
    return context < 0 ? -1 : this.graph.follow(context, EdgeType.internal, this.names.extension);
  }

  #capabilityPromise(capability: number): number {
    return this.#hiddenTarget(capability, (to) => this.#isPromise(to));
  }

  /** Any object that is no closure will do here: the engine puts promises in these slots, of whatever class. */
  #isPromise(node: number): boolean {
    return (
      this.graph.columns.nodeType[node] === NodeType.object &&
      (this.graph.columns.nodeName[node] === this.names.Promise ||
        this.graph.follow(node, EdgeType.internal, this.names.reactions_or_result) >= 0)
    );
  }

  #hiddenTarget(node: number, matches: (to: number) => boolean): number {
    const { firstEdge, edgeType, edgeTo } = this.graph.columns;
    for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
      if (edgeType[edge] === EdgeType.hidden && matches(edgeTo[edge]!)) return edgeTo[edge]!;
    }
    return -1;
  }
}
