import type { AwaitGraph } from './await-graph';
import type { FunctionTable } from './functions';
import { EdgeType, NodeType } from './graph';

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

/** Tells apart the objects that are met on the way back from a resolving function. */
export class ObjectKinds {
  readonly #globals = new Map<number, boolean>();

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
  ) {}

  /** `node`: of Node's own or of native code, and says what is waited for. `program`: an instance of a class of the program's. */
  kindOf(node: number): 'node' | 'program' | 'none' {
    const found = this.functions.classOf(node);
    if (!found) return 'none';
    const { name, start } = found;
    if (!start) return NATIVE_CLASS.test(name) ? 'node' : 'none';
    const url = this.functions.urlOf(start.scriptId);
    if (url === undefined) return 'none';
    if (!url.startsWith('node:')) return 'program';
    return PLUMBING.has(name) ? 'none' : 'node';
  }

  /** Whether an object says less than what holds it: a deferred, which has the promise itself, or an item of a linked list. */
  isWrapper(object: number, promise: number): boolean {
    const { graph, names } = this.awaits;
    const { firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
    const prototype = graph.follow(object, EdgeType.property, names.__proto__);
    for (let edge = firstEdge[object]!, end = firstEdge[object + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.property || edgeName[edge] === names.__proto__) continue;
      if (edgeTo[edge] === promise || graph.follow(edgeTo[edge]!, EdgeType.property, names.__proto__) === prototype) return true;
    }
    const { retainers } = graph;
    for (let edge = retainers.first(object); edge >= 0; edge = retainers.next(object, edge)) {
      if (edgeType[edge] === EdgeType.property && graph.follow(retainers.from[edge]!, EdgeType.property, names.__proto__) === prototype) return true;
    }
    return false;
  }

  isGlobal(node: number): boolean {
    const name = this.awaits.graph.columns.nodeName[node]!;
    let known = this.#globals.get(name);
    if (known === undefined) this.#globals.set(name, (known = /^global\b.* \/ /.test(this.awaits.graph.strings.get(name))));
    return known;
  }

  isScope(node: number): boolean {
    return this.awaits.graph.type(node) === NodeType.object && this.awaits.graph.columns.nodeName[node] === this.awaits.names['system / Context'];
  }

  /** The scope of a module or script, which everything in it can reach. */
  isModuleScope(scope: number): boolean {
    const { graph, names } = this.awaits;
    const outer = graph.follow(scope, EdgeType.internal, names.previous);
    return outer < 0 || !this.isScope(outer);
  }
}
