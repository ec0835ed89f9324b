import type { GroupKind } from '../task';
import { Builtins } from './builtins';
import { EdgeType, NodeType, type HeapGraph } from './graph';
import { ReactionReader, type Reaction } from './reactions';
import { findSuspended, type SuspendedCall } from './suspended';
import { readVocabulary, type Vocabulary } from './vocabulary';

/** A combinator that still waits. */
export interface PromiseGroup {
  kind: GroupKind;
  /** The pending ones of the promises it was given, as often as it was given them. */
  sources: number[];
  total: number;
}

/** `.then`, `.catch` or `.finally` handlers of the program that a pending promise will call. */
export interface Continuation {
  /** The reaction's node. */
  node: number;
  source: number;
  handlers: number[];
  derived: number;
}

/** Who waits for whom among the suspended calls and pending promises of a heap. Everything is named by its node. */
export class AwaitGraph {
  readonly names: Vocabulary;
  readonly builtins: Builtins;
  /** Suspended calls that a pending promise will continue. */
  readonly calls = new Map<number, SuspendedCall>();
  /** Calls that nothing pending will continue: about to continue, running, or finished. */
  readonly otherCalls: SuspendedCall[] = [];
  /** Call → the pending promise that continues it. */
  readonly awaited = new Map<number, number>();
  /** Promise → the call that settles it. */
  readonly callOf = new Map<number, number>();
  /** Pending promise → its reactions. */
  readonly reactions = new Map<number, Reaction[]>();
  /** Reaction node → the promise it hangs off. */
  readonly promiseOfReaction = new Map<number, number>();
  /** Promise → the combinator that settles it. */
  readonly groups = new Map<number, PromiseGroup>();
  /** Promise → the pending promise that it is derived from, by `.then` or because it was resolved with that one. */
  readonly derivedFrom = new Map<number, number>();
  readonly continuations: Continuation[] = [];

  constructor(readonly graph: HeapGraph) {
    this.names = readVocabulary(graph);
    this.builtins = new Builtins(graph, this.names);
    const { calls, pending } = findSuspended(graph, this.names);
    const callNodes = new Map(calls.map((call) => [call.node, call]));
    for (const call of calls) for (const promise of call.promises) this.callOf.set(promise, call.node);
    const reader = new ReactionReader(graph, this.names, this.builtins);
    const settledBy = new Map<number, { sources: number[]; adopted: boolean }>();
    for (const [promise, first] of pending) {
      const reactions: Reaction[] = [];
      for (const node of reader.chain(first)) {
        this.promiseOfReaction.set(node, promise);
        const reaction = reader.read(node);
        reactions.push(reaction);
        switch (reaction.kind) {
          case 'resume': {
            const call = callNodes.get(reaction.call);
            if (!call) break;
            this.calls.set(call.node, call);
            this.awaited.set(call.node, promise);
            break;
          }
          case 'element':
            this.#addElement(reader, reaction, promise);
            break;
          case 'settle':
            addSource(settledBy, reaction.promise, promise, reaction.adopted);
            break;
          case 'then':
            if (reaction.derived >= 0) this.derivedFrom.set(reaction.derived, promise);
            if (reaction.settles >= 0) addSource(settledBy, reaction.settles, promise, false);
            if (reaction.handlers.length) this.continuations.push({ node, source: promise, handlers: reaction.handlers, derived: reaction.derived });
        }
      }
      this.reactions.set(promise, reactions);
    }
    for (const [promise, { sources, adopted }] of settledBy) {
      // One source may be a race over one promise; what it waits for is the same.
      if (sources.length === 1 || adopted) this.derivedFrom.set(promise, sources[0]!);
      else this.groups.set(promise, { kind: 'race', sources, total: sources.length });
    }
    for (const call of calls) if (!this.calls.has(call.node)) this.otherCalls.push(call);
    this.#linkModules();
  }

  /** Whether a promise is pending and has somebody who waits for it. */
  isPending(promise: number): boolean {
    return this.reactions.has(promise);
  }

  /**
   * The promise of a module's evaluation, which `import()` waits for, settles when the call of its top level ends; so
   * do those of the modules that import it.
   */
  #linkModules(): void {
    const { graph, names, calls } = this;
    const { retainers } = graph;
    const { nodeName, nodeType, firstEdge, edgeType, edgeTo } = graph.columns;
    const moduleName = names['system / SourceTextModule'];
    for (const call of calls.values()) {
      const queue = [...retainers.from.subarray(retainers.first[call.node], retainers.first[call.node + 1])].filter((node) => nodeName[node] === moduleName);
      const seen = new Set(queue);
      for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
        for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
          const to = edgeTo[edge]!;
          if (edgeType[edge] !== EdgeType.hidden || seen.has(to)) continue;
          if (nodeName[to] === moduleName || nodeName[to] === names['system / ArrayList']) {
            seen.add(to);
            queue.push(to);
          } else if (nodeType[to] === NodeType.object && this.isPending(to) && !this.callOf.has(to) && !this.derivedFrom.has(to)) {
            this.derivedFrom.set(to, call.promises[0]!);
          }
        }
      }
    }
  }

  #addElement(reader: ReactionReader, reaction: Extract<Reaction, { kind: 'element' }>, promise: number): void {
    let group = this.groups.get(reaction.promise);
    if (!group) {
      group = { kind: reaction.group, sources: [], total: 0 };
      this.groups.set(reaction.promise, group);
    }
    group.sources.push(promise);
    if (group.sources.length > 1 && reaction.group !== 'any') return;
    const { length, settled } = reader.elements(reaction.context);
    group.total = Math.max(length, reaction.group === 'any' ? settled + group.sources.length : 1);
  }
}

function addSource(settledBy: Map<number, { sources: number[]; adopted: boolean }>, promise: number, source: number, adopted: boolean): void {
  const known = settledBy.get(promise);
  if (!known) settledBy.set(promise, { sources: [source], adopted });
  else known.sources.push(source);
}
