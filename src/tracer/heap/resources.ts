import type { AwaitGraph } from './await-graph';
import type { FunctionTable } from './functions';
import { EdgeType, NodeType } from './graph';
import type { Settling } from './settling';

/** What will settle a promise that no suspended call, combinator or other promise settles. */
export type Origin =
  /** An object of Node's or of native code; `event` is that of an emitter (Node's or the program's) which is waited for. */
  | { kind: 'object'; node: number; event?: string }
  /** An instance of a class of the program's, in whose property a resolving function is kept. */
  | { kind: 'holder'; node: number; property: string }
  /** A variable or property of the program, in which a resolving function is kept. */
  | { kind: 'variable'; name: string }
  /** A handler of another pending promise calls the resolving function; `reaction` is its node. */
  | { kind: 'promise'; promise: number; reaction: number }
  /** Only this suspended call has the resolving function. */
  | { kind: 'call'; call: number }
  /** Another thread, by `Atomics.notify`. */
  | { kind: 'atomics' }
  | { kind: 'none' };

/** How far from a resolving function its holder is looked for, in objects. */
const MAX_VISITED = 600;
const MAX_DEPTH = 18;
const MAX_SCOPE_SHARERS = 3;

/** Parts of Node's own machinery, which say less than what holds them. */
const PLUMBING = new Set([
  'Listener', 'FixedQueue', 'FixedCircularBuffer', 'PriorityQueue', 'TimersList', 'AsyncResource', 'ReadableState', 'WritableState', 'BufferList',
  'SafeMap', 'SafeSet', 'SafeWeakMap', 'SafeWeakSet', 'SafePromise', 'Map', 'Set', 'Array', 'WeakRef', 'Promise', 'Generator', 'AsyncGenerator', 'HTTPClientAsyncResource',
  'SafeFinalizationRegistry', 'Error', 'AsyncContextFrame', 'TickObject', 'Arguments', 'ReadableStreamDefaultController', 'ReadableByteStreamController', 'WritableStreamDefaultController',
  'TransformStreamDefaultController', 'ReadFileContext', 'NodeError', 'DOMException', 'DefaultReadRequest', 'ReadIntoRequest', 'ReadableStreamAsyncIteratorReadRequest', 'AbortController',
  'PipeToReadableStreamReadRequest', 'Queue', 'Fetch', 'PipeToReadableStreamState',
]);
/** Classes of native code that say what is waited for. */
const NATIVE_CLASS = /^(FSReq|FileHandle)|(Wrap|Job)$|^(MessagePort|TCP|Pipe|TTY|Process|Zlib)$/;
/** When several are equally near, the one that says most. */
const RANK: readonly RegExp[] = [/^ChildProcess$/, /^(Timeout|Immediate)$/, /^(FSReq|ReadFileJob)/, /Wrap$|Job$/, /^Worker$/];
/** Events that a one-time listener hears besides the one it is there for. */
export const SIDE_EVENTS = new Set(['error', 'close', 'end', 'abort', 'finish', 'aborted', 'exit']);

interface Candidate {
  node: number;
  depth: number;
  events: string[];
}

/**
 * Walks from what can settle a promise back along the references to it, until it meets an object that a programmer
 * knows: a timer, a socket, a request, an emitter, an instance of a class of theirs.
 */
export class ResourceFinder {

  readonly #globals = new Map<number, boolean>();

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly settling: Settling,
    private readonly functions: FunctionTable,
  ) {}

  find(promise: number): Origin {
    const { graph, names, promiseOfReaction, calls } = this.awaits;
    const { retainers } = graph;
    const { nodeType, nodeName, edgeType, edgeName } = graph.columns;
    const settlers = this.settling.settlersOf(promise);
    if (settlers.some((settler) => this.settling.waitAsyncTables.has(settler))) return { kind: 'atomics' };
    const depthOf = new Map<number, number>([[promise, 0]]);
    const queue: number[] = [];
    /** Objects that can be seen to be emitters' tables of listeners → the events led through. */
    const events = new Map<number, string[]>();
    const found = new Map<number, Candidate>();
    const holders = new Set<number>();
    let weak: Origin | undefined;
    let signal: Origin | undefined;
    let foundDepth = Infinity;
    const visit = (node: number, depth: number) => {
      if (depthOf.has(node)) return;
      depthOf.set(node, depth);
      queue.push(node);
    };
    const add = (node: number, depth: number, event: string[] = []) => {
      const known = found.get(node);
      if (known) known.events.push(...event);
      else found.set(node, { node, depth, events: [...event] });
      foundDepth = Math.min(foundDepth, depth);
    };
    for (const settler of settlers) {
      if (this.#isNodeObject(settler)) add(settler, 0);
      visit(settler, 0);
    }
    for (let next = 0; next < queue.length && depthOf.size < MAX_VISITED; next++) {
      const node = queue[next]!;
      const depth = depthOf.get(node)! + 1;
      // One step past the first find: what is about as near may say more.
      if (depth > MAX_DEPTH || depth > foundDepth + 1) break;
      if (weak?.kind === 'holder' && depth > depthOf.get(weak.node)! + 8) break;
      for (let i = retainers.first[node]!, end = retainers.first[node + 1]!; i < end; i++) {
        const edge = retainers.edges[i]!;
        const from = retainers.from[i]!;
        const type = edgeType[edge]!;
        if (from === promise && type === EdgeType.property && this.#classKind(from) === 'program') {
          // A promise of a class of the program's, with its resolving functions as properties.
          weak ??= { kind: 'holder', node: from, property: graph.strings.get(edgeName[edge]!) };
        }
        if (depthOf.has(from) && !events.has(from)) {
          if (type === EdgeType.property && edgeName[edge] === names._events) add(from, depth, events.get(node));
          continue;
        }
        const of = promiseOfReaction.get(from);
        if (of !== undefined) {
          if (of !== promise && foundDepth === Infinity && !weak) return { kind: 'promise', promise: of, reaction: from };
          continue;
        }
        if (calls.has(from)) {
          if (edgeName[edge] === names.parameters_and_registers) holders.add(from);
          continue;
        }
        switch (nodeType[from]) {
          case NodeType.object:
            if (nodeName[from] === names['system / Context']) {
              if (!this.#isModuleScope(from)) {
                // Who shares a scope with what holds the resolving function need not have to do with it.
                const shared = weak !== undefined && retainers.first[from + 1]! - retainers.first[from]! > MAX_SCOPE_SHARERS;
                if (!shared) visit(from, depth);
              } else if (type === EdgeType.context) weak ??= { kind: 'variable', name: graph.strings.get(edgeName[edge]!) };
              continue;
            }
            if (type === EdgeType.property) {
              const name = edgeName[edge]!;
              if (name === names.__proto__ || name === names.constructor) continue;
              if (name === names._events) {
                add(from, depth, events.get(node));
                continue;
              }
              events.set(from, [...(events.get(from) ?? []), graph.strings.get(name)]);
            } else if (type === EdgeType.internal && edgeName[edge] === names.properties) {
              continue;
            }
            if (this.#isNodeObject(from)) {
              // A signal is mostly there to cancel what is waited for, not what is waited for.
              if (this.functions.className(from) === 'AbortSignal') signal ??= { kind: 'object', node: from };
              else add(from, depth);
              continue;
            }
            if (type === EdgeType.property && this.#isGlobal(from)) {
              weak ??= { kind: 'variable', name: `globalThis.${graph.strings.get(edgeName[edge]!)}` };
              continue;
            }
            if (weak?.kind !== 'holder' && type === EdgeType.property && this.#classKind(from) === 'program' && !this.#isWrapper(from, promise)) {
              weak = { kind: 'holder', node: from, property: graph.strings.get(edgeName[edge]!) };
            }
            visit(from, depth);
            continue;
          case NodeType.closure:
            // A static property of a class.
            if (!weak && type === EdgeType.property && this.#classKind(from) === 'program') {
              weak = { kind: 'holder', node: from, property: graph.strings.get(edgeName[edge]!) };
            }
            visit(from, depth);
            continue;
          case NodeType.array:
            visit(from, depth);
            continue;
          case NodeType.hidden:
            if (nodeName[from] !== names['system / PropertyArray']) visit(from, depth);
            continue;
          default:
        }
      }
    }
    const best = this.#best([...found.values()]);
    if (best ?? signal) return (best ?? signal)!;
    const [holder] = holders;
    if (holder !== undefined && holders.size === 1 && !weak) return { kind: 'call', call: holder };
    return weak ?? { kind: 'none' };
  }

  #best(candidates: Candidate[]): Origin | undefined {
    const rank = (candidate: Candidate) => {
      const index = RANK.findIndex((pattern) => pattern.test(this.functions.className(candidate.node) ?? ''));
      return index < 0 ? RANK.length : index;
    };
    candidates.sort((a, b) => rank(a) - rank(b) || a.depth - b.depth);
    const [first] = candidates;
    if (!first) return undefined;
    const event = first.events.find((name) => !SIDE_EVENTS.has(name)) ?? first.events.find((name) => name !== 'error') ?? first.events[0];
    return event === undefined ? { kind: 'object', node: first.node } : { kind: 'object', node: first.node, event };
  }

  /** Whether an object says less than what holds it: a deferred, which has the promise itself, or an item of a linked list. */
  #isWrapper(object: number, promise: number): boolean {
    const { graph, names } = this.awaits;
    const { firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
    const prototype = graph.follow(object, EdgeType.property, names.__proto__);
    for (let edge = firstEdge[object]!, end = firstEdge[object + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.property || edgeName[edge] === names.__proto__) continue;
      if (edgeTo[edge] === promise || graph.follow(edgeTo[edge]!, EdgeType.property, names.__proto__) === prototype) return true;
    }
    const { retainers } = graph;
    for (let i = retainers.first[object]!, end = retainers.first[object + 1]!; i < end; i++) {
      if (edgeType[retainers.edges[i]!] === EdgeType.property && graph.follow(retainers.from[i]!, EdgeType.property, names.__proto__) === prototype) return true;
    }
    return false;
  }

  #isGlobal(node: number): boolean {
    const name = this.awaits.graph.columns.nodeName[node]!;
    let known = this.#globals.get(name);
    if (known === undefined) this.#globals.set(name, (known = /^global\b.* \/ /.test(this.awaits.graph.strings.get(name))));
    return known;
  }

  /** An object of Node's own or of native code that says what is waited for. */
  #isNodeObject(node: number): boolean {
    return this.#classKind(node) === 'node';
  }

  #classKind(node: number): 'node' | 'program' | 'none' {
    const found = this.functions.classOf(node);
    if (!found) return 'none';
    const { name, start } = found;
    if (!start) return NATIVE_CLASS.test(name) ? 'node' : 'none';
    const url = this.functions.urlOf(start.scriptId);
    if (url === undefined) return 'none';
    if (!url.startsWith('node:')) return 'program';
    return PLUMBING.has(name) ? 'none' : 'node';
  }

  /** The scope of a module or script, which everything in it can reach. */
  #isModuleScope(context: number): boolean {
    const { graph, names } = this.awaits;
    const outer = graph.follow(context, EdgeType.internal, names.previous);
    return outer < 0 || graph.type(outer) !== NodeType.object || graph.columns.nodeName[outer] !== names['system / Context'];
  }
}
