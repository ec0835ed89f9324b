import type { GroupKind } from '../task';
import { Builtins } from './builtins';
import { DrivenGenerators } from './driven-generators';
import { EdgeType, NodeMap, NodeType, type HeapGraph } from './graph';
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
  readonly calls: SuspendedCall[] = [];
  /** Calls that nothing pending will continue: about to continue, running, or finished. */
  readonly otherCalls: SuspendedCall[] = [];
  /** Promise → the node of the call that settles it. */
  readonly callOf: NodeMap;
  /** Reaction → the promise it hangs off. */
  readonly promiseOfReaction: NodeMap;
  /** Promise → the pending promise that it is derived from, by `.then` or because it was resolved with that one. */
  readonly derivedFrom: NodeMap;
  /** Pending promises that have somebody who waits for them. */
  readonly pending: number[] = [];
  /** Promise → the combinator that settles it. */
  readonly groups = new Map<number, PromiseGroup>();
  readonly continuations: Continuation[] = [];
  readonly #callIndex: NodeMap;
  readonly #allCalls: SuspendedCall[];

  constructor(readonly graph: HeapGraph) {
    this.names = readVocabulary(graph);
    this.builtins = new Builtins(graph, this.names);
    this.callOf = new NodeMap(graph);
    this.promiseOfReaction = new NodeMap(graph);
    this.derivedFrom = new NodeMap(graph);
    this.#callIndex = new NodeMap(graph);
    const { calls, pending } = findSuspended(graph, this.names);
    this.#allCalls = calls;
    calls.forEach((call, index) => this.#index(call, index));
    this.#readReactions(pending);
    for (const call of calls) (call.awaited >= 0 ? this.calls : this.otherCalls).push(call);
    this.#linkAdoptions();
    this.#linkModules();
  }

  /** The call of a node, suspended or not; undefined for any other node. */
  call(node: number): SuspendedCall | undefined {
    return this.#allCalls[this.#callIndex.get(node)];
  }

  #index(call: SuspendedCall, index: number): void {
    this.#callIndex.set(call.node, index);
    for (const promise of call.promises) this.callOf.set(promise, call.node);
  }

  /** False where the handlers are not those of a compiled async function. */
  #addDriven(driven: DrivenGenerators, handlers: readonly number[], promise: number): boolean {
    const call = driven.of(handlers);
    if (!call || this.call(call.node)) return false;
    call.awaited = promise;
    this.#index(call, this.#allCalls.push(call) - 1);
    return true;
  }

  #readReactions(pending: readonly number[]): void {
    const reader = new ReactionReader(this.graph, this.names, this.builtins);
    const driven = new DrivenGenerators(this.graph, this.names, this.builtins, reader);
    const settledBy = new Map<number, { sources: number[]; adopted: boolean }>();
    for (let i = 0; i < pending.length; i += 2) {
      const promise = pending[i]!;
      this.pending.push(promise);
      for (let node = pending[i + 1]!; node >= 0 && !this.promiseOfReaction.has(node); node = reader.next(node)) {
        this.promiseOfReaction.set(node, promise);
        const reaction = reader.read(node);
        switch (reaction.kind) {
          case 'resume': {
            const call = this.call(reaction.call);
            if (call) call.awaited = promise;
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
            if (reaction.handlers.length && !this.#addDriven(driven, reaction.handlers, promise)) this.continuations.push({ node, source: promise, handlers: reaction.handlers, derived: reaction.derived });
        }
      }
    }
    for (const [promise, { sources, adopted }] of settledBy) {
      // One source may be a race over one promise; what it waits for is the same.
      if (sources.length === 1 || adopted) this.derivedFrom.set(promise, sources[0]!);
      else this.groups.set(promise, { kind: 'race', sources, total: sources.length });
    }
  }

  /**
   * A promise that was resolved with another one (`return promise`, or `await` of one from another realm) hangs on it only
   * once a job has called its `then`; until then that job, in the queue, holds both, the one to be settled first.
   */
  #linkAdoptions(): void {
    const { graph, names } = this;
    const { nodeType, firstEdge, edgeType, edgeTo } = graph.columns;
    for (const job of graph.nodesNamed(names['system / PromiseResolveThenableJobTask'])) {
      const objects: number[] = [];
      for (let edge = firstEdge[job]!, end = firstEdge[job + 1]!; edge < end; edge++) {
        if (edgeType[edge] === EdgeType.hidden && nodeType[edgeTo[edge]!] === NodeType.object) objects.push(edgeTo[edge]!);
      }
      const [derived, source] = objects;
      if (derived !== undefined && source !== undefined && this.#isPending(source)) this.derivedFrom.set(derived, source);
    }
  }

  /**
   * The promise of a module's evaluation, which `import()` waits for, settles when the call of its top level ends; so
   * do those of the modules that import it.
   */
  #linkModules(): void {
    const { graph, names } = this;
    const { nodeName, firstEdge, edgeType, edgeTo } = graph.columns;
    const moduleName = names['system / SourceTextModule'];
    const modules = graph.nodesNamed(moduleName);
    if (!modules.length) return;
    const pending = new Set(this.pending);
    const hidden = (node: number): number[] => {
      const targets: number[] = [];
      for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) if (edgeType[edge] === EdgeType.hidden) targets.push(edgeTo[edge]!);
      return targets;
    };
    for (const module of modules) {
      const call = hidden(module).map((node) => this.call(node)).find((found) => found !== undefined);
      if (!call) continue;
      const seen = new Set([module]);
      for (const node of seen) {
        for (const to of hidden(node)) {
          if (nodeName[to] === moduleName || nodeName[to] === names['system / ArrayList']) seen.add(to);
          else if (pending.has(to) && !this.callOf.has(to) && !this.derivedFrom.has(to)) this.derivedFrom.set(to, call.promises[0]!);
        }
      }
    }
  }

  /** True for a promise that is not settled, whether something waits for it or not. */
  #isPending(node: number): boolean {
    const { graph, names } = this;
    const reactions = graph.follow(node, EdgeType.internal, names.reactions_or_result);
    return reactions >= 0 ? graph.columns.nodeName[reactions] === names['system / PromiseReaction'] : graph.columns.nodeName[node] === names.Promise;
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
