import type { AwaitGraph } from './await-graph';
import type { FunctionTable } from './functions';
import { EdgeType, NodeType } from './graph';
import { ObjectKinds } from './object-kinds';
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
/** How many steps behind the first holder a better one may be. */
const MAX_BEHIND_HOLDER = 8;
/** Who shares a larger scope with what holds a resolving function need not have to do with it. */
const MAX_SCOPE_SHARERS = 3;

const LIST_CLASS = /LinkedList$|^(List|Yallist|Deque|Denque)$/;

/** When several are equally near, the one that says most. */
const RANK: readonly RegExp[] = [/^ChildProcess$/, /^(Timeout|Immediate)$/, /^(FSReq|ReadFileJob)/, /Wrap$|Job$/, /^Worker$/];
/** Of more events than these none is what is waited for. */
const MAX_EVENTS = 2;
/** Events that a one-time listener hears besides the one it is there for. */
export const SIDE_EVENTS = new Set(['error', 'close', 'end', 'abort', 'finish', 'aborted', 'exit']);

/**
 * Walks from what can settle a promise back along the references to it, until it meets an object that a programmer
 * knows: a timer, a socket, a request, an emitter, an instance of a class of theirs.
 */
export class OriginFinder {
  readonly #kinds: ObjectKinds;
  /** What was found behind a node, where a search went through that node alone: a Map of resolving functions is searched once. */
  readonly #behind = new Map<number, Origin>();

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly settling: Settling,
    private readonly functions: FunctionTable,
  ) {
    this.#kinds = new ObjectKinds(awaits, functions);
  }

  find(promise: number): Origin {
    const settlers = this.settling.settlersOf(promise);
    for (const settler of settlers) {
      const timer = this.#timerOf(settler);
      if (timer >= 0) return { kind: 'object', node: timer };
    }
    if (settlers.some((settler) => this.settling.waitAsyncTables.has(settler))) return { kind: 'atomics' };
    const known = this.#known(settlers);
    if (known) return known;
    return new OriginSearch(this.awaits, this.functions, this.#kinds, this.#behind, promise).run(settlers);
  }

  /** What was found before behind the list or table that alone has a resolving function. */
  #known(settlers: readonly number[]): Origin | undefined {
    if (settlers.length !== 1) return undefined;
    const { retainers, columns } = this.awaits.graph;
    const settler = settlers[0]!;
    const edge = retainers.first(settler);
    if (edge < 0 || retainers.next(settler, edge) >= 0) return undefined;
    const holder = retainers.from[edge]!;
    return columns.nodeType[holder] === NodeType.array ? this.#behind.get(holder) : undefined;
  }

  /** The timer that calls a resolving function itself, as most do; -1 for none. */
  #timerOf(settler: number): number {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    for (let edge = retainers.first(settler); edge >= 0; edge = retainers.next(settler, edge)) {
      if (graph.columns.edgeName[edge] === names._onTimeout && this.#kinds.kindOf(retainers.from[edge]!) === 'node') return retainers.from[edge]!;
    }
    return -1;
  }
}

interface Candidate {
  node: number;
  depth: number;
  events: string[];
}

/** One search, level by level. */
class OriginSearch {
  readonly #seen: Set<number>;
  #next: number[] = [];
  #depth = 0;
  /** Tables of listeners → the events that led to them. */
  readonly #events = new Map<number, string[]>();
  readonly #found = new Map<number, Candidate>();
  #foundDepth = Infinity;
  /** Suspended calls that have the resolving function among their variables. */
  readonly #callers = new Set<number>();
  /** Where it is kept, for want of something better. */
  #kept: Origin | undefined;
  #keptDepth = Infinity;
  #signal: Origin | undefined;
  #promise: Origin | undefined;

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
    private readonly kinds: ObjectKinds,
    private readonly behind: Map<number, Origin>,
    private readonly promise: number,
  ) {
    this.#seen = new Set([promise]);
  }

  run(settlers: readonly number[]): Origin {
    const { retainers } = this.awaits.graph;
    for (const settler of settlers) {
      if (this.kinds.kindOf(settler) === 'node') this.#add(settler);
      this.#visit(settler);
    }
    const passed: number[] = [];
    let level = this.#next;
    while (level.length && this.#seen.size < MAX_VISITED) {
      if (level.length === 1 && !this.#hasFound()) {
        const known = this.behind.get(level[0]!);
        if (known) return known;
        passed.push(level[0]!);
      }
      this.#depth++;
      // One step past the first find: what is about as near may say more.
      if (this.#depth > MAX_DEPTH || this.#depth > this.#foundDepth + 1 || this.#depth > this.#keptDepth + MAX_BEHIND_HOLDER) break;
      this.#next = [];
      for (const node of level) {
        for (let edge = retainers.first(node); edge >= 0; edge = retainers.next(node, edge)) this.#cross(node, edge, retainers.from[edge]!);
        if (this.#promise) break;
      }
      if (this.#promise) break;
      level = this.#next;
    }
    const result = this.#result();
    for (const node of passed) this.behind.set(node, result);
    return result;
  }

  #hasFound(): boolean {
    return this.#found.size > 0 || this.#callers.size > 0 || this.#events.size > 0 || this.#kept !== undefined || this.#signal !== undefined;
  }

  #result(): Origin {
    const result = this.#promise ?? this.#best() ?? this.#outermostCaller() ?? this.#signal;
    if (result) return result;
    const [caller] = this.#callers;
    if (caller !== undefined && this.#callers.size === 1 && !this.#kept) return { kind: 'call', call: caller };
    return this.#kept ?? { kind: 'none' };
  }

  /** Of several calls that hand the resolving function on, each to the next one that it waits for: the first. */
  #outermostCaller(): Origin | undefined {
    if (this.#callers.size < 2) return undefined;
    const inner = new Set<number>();
    for (const caller of this.#callers) {
      const promise = this.#settledFirst(this.awaits.call(caller)!.awaited);
      if (promise === this.promise) return undefined;
      inner.add(this.awaits.callOf.get(promise));
    }
    const [outermost, ...others] = [...this.#callers].filter((call) => !inner.has(call));
    return outermost === undefined || others.length > 0 ? undefined : { kind: 'call', call: outermost };
  }

  /** What a promise takes its value from in the end, through `.then` and `return promise`. */
  #settledFirst(promise: number): number {
    const { callOf, derivedFrom } = this.awaits;
    for (let steps = 0; steps < MAX_DEPTH && derivedFrom.has(promise) && !callOf.has(promise); steps++) promise = derivedFrom.get(promise);
    return promise;
  }

  #visit(node: number): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    this.#next.push(node);
  }

  #add(node: number, events: readonly string[] = []): void {
    const known = this.#found.get(node);
    if (known) known.events.push(...events);
    else this.#found.set(node, { node, depth: this.#depth, events: [...events] });
    this.#foundDepth = Math.min(this.#foundDepth, this.#depth);
  }

  #keep(origin: Origin): void {
    this.#kept = origin;
    if (origin.kind === 'holder') this.#keptDepth = this.#depth;
  }

  /** From `node` back over `edge` to `from`, which refers to it. */
  #cross(node: number, edge: number, from: number): void {
    const { graph, names, promiseOfReaction } = this.awaits;
    const { edgeType, edgeName, nodeType, nodeName } = graph.columns;
    const isProperty = edgeType[edge] === EdgeType.property;
    if (from === this.promise) {
      // A promise of a class of the program's, with its resolving functions as properties.
      if (isProperty && !this.#kept && this.kinds.kindOf(from) === 'program') this.#keep({ kind: 'holder', node: from, property: this.#nameOf(edge) });
      return;
    }
    if (isProperty && edgeName[edge] === names._events) {
      this.#seen.add(from);
      this.#add(from, this.#events.get(node));
      return;
    }
    if (this.#seen.has(from) && !this.#events.has(from)) return;
    const source = promiseOfReaction.get(from);
    if (source >= 0) {
      if (source !== this.promise && this.#foundDepth === Infinity && !this.#kept) this.#promise = { kind: 'promise', promise: source, reaction: from };
      return;
    }
    if ((this.awaits.call(from)?.awaited ?? -1) >= 0) {
      if (edgeName[edge] === names.parameters_and_registers) this.#callers.add(from);
      return;
    }
    switch (nodeType[from]) {
      case NodeType.object:
        if (this.kinds.isScope(from)) this.#crossScope(edge, from);
        else this.#crossObject(edge, from, isProperty);
        return;
      case NodeType.closure:
        // A static property of a class.
        if (!this.#kept && isProperty && this.kinds.kindOf(from) === 'program') this.#keep({ kind: 'holder', node: from, property: this.#nameOf(edge) });
        this.#visit(from);
        return;
      case NodeType.array:
        this.#visit(from);
        return;
      case NodeType.hidden:
        if (nodeName[from] !== names['system / PropertyArray']) this.#visit(from);
        return;
      default:
    }
  }

  #crossScope(edge: number, scope: number): void {
    const { graph } = this.awaits;
    if (this.kinds.isModuleScope(scope)) {
      if (!this.#kept && graph.columns.edgeType[edge] === EdgeType.context) this.#keep({ kind: 'variable', name: this.#nameOf(edge) });
      return;
    }
    if (!this.#kept || !this.#hasManySharers(scope)) this.#visit(scope);
  }

  #hasManySharers(scope: number): boolean {
    const { retainers } = this.awaits.graph;
    let sharers = 0;
    for (let edge = retainers.first(scope); edge >= 0; edge = retainers.next(scope, edge)) if (++sharers > MAX_SCOPE_SHARERS) return true;
    return false;
  }

  #crossObject(edge: number, from: number, isProperty: boolean): void {
    const { graph, names } = this.awaits;
    const { edgeName, edgeType } = graph.columns;
    if (isProperty && (edgeName[edge] === names.__proto__ || edgeName[edge] === names.constructor)) return;
    // The table of properties leads to the same object as the property.
    if (edgeType[edge] === EdgeType.internal && edgeName[edge] === names.properties) return;
    if (isProperty && this.kinds.isGlobal(from)) {
      if (!this.#kept) this.#keep({ kind: 'variable', name: `globalThis.${this.#nameOf(edge)}` });
      return;
    }
    const kind = this.kinds.kindOf(from);
    if (kind === 'node') {
      this.#seen.add(from);
      // A signal is mostly there to cancel what is waited for, not what is waited for.
      if (this.functions.className(from) === 'AbortSignal') this.#signal ??= { kind: 'object', node: from };
      else this.#add(from);
      return;
    }
    if (isProperty) {
      const events = this.#events.get(from);
      if (events) events.push(this.#nameOf(edge));
      else this.#events.set(from, [this.#nameOf(edge)]);
    }
    if (isProperty && kind === 'program' && (this.#kept?.kind !== 'holder' || this.#isList(this.#kept.node)) && !this.kinds.isWrapper(from, this.promise)) {
      this.#keep({ kind: 'holder', node: from, property: this.#nameOf(edge) });
    }
    this.#visit(from);
  }

  /** A package's list says less than the object that has it. */
  #isList(node: number): boolean {
    return LIST_CLASS.test(this.functions.className(node) ?? '');
  }

  #nameOf(edge: number): string {
    return this.awaits.graph.strings.get(this.awaits.graph.columns.edgeName[edge]!);
  }

  #best(): Origin | undefined {
    const rank = (candidate: Candidate) => {
      const index = RANK.findIndex((pattern) => pattern.test(this.functions.className(candidate.node) ?? ''));
      return index < 0 ? RANK.length : index;
    };
    const [first] = [...this.#found.values()].sort((a, b) => rank(a) - rank(b) || a.depth - b.depth);
    if (!first) return undefined;
    const events = first.events.filter((name) => !SIDE_EVENTS.has(name));
    // Who listens for everything that comes does not wait for one of them.
    const event = events.length > MAX_EVENTS ? undefined : (events[0] ?? first.events.find((name) => name !== 'error') ?? first.events[0]);
    return event === undefined ? { kind: 'object', node: first.node } : { kind: 'object', node: first.node, event };
  }
}
