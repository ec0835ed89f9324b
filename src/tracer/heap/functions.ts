import type { AwaitGraph } from './await-graph';
import { EdgeType, NodeType, type FunctionStart } from './graph';
import { readString } from './values';

/** What the heap says of one function of the program or of Node. */
export interface HeapFunction {
  /** Empty where it has none. */
  name: string;
  /** The class that it is a method or function-valued field of. */
  class?: { name: string; start?: FunctionStart };
  scriptId: number;
  /** Of the script, as V8 knows it: a file URL, a path, `node:internal/…`; empty for `eval`. */
  url: string;
  /** Where its parameter list or (for arrows) the function begins, counted from 0. */
  line: number;
  column: number;
  /** Part of Node itself. */
  internal: boolean;
}

/** Class names that tell a reader nothing, since any object or function has them. */
const NO_CLASS = new Set(['', 'Object', 'Function', 'AsyncFunction', 'AsyncGeneratorFunction', 'Array', 'Module', 'global', 'globalThis', 'Window']);
/** How many references to a function are looked through for the class it is a method of. */
const MAX_RETAINERS = 64;

/** Reads functions by their closures; those of one shared definition are read once. */
export class FunctionTable {
  readonly #byShared = new Map<number, HeapFunction | undefined>();
  readonly #urls = new Map<number, string>();
  readonly #classes = new Map<number, { name: string; start?: FunctionStart } | null>();
  #allUrls = false;

  constructor(private readonly awaits: AwaitGraph) {}

  /** Undefined for a builtin or native function. */
  of(closure: number): HeapFunction | undefined {
    const { graph, names } = this.awaits;
    const shared = graph.follow(closure, EdgeType.internal, names.shared);
    const key = shared < 0 ? closure : shared;
    const known = this.#byShared.get(key);
    if (known || this.#byShared.has(key)) return known;
    const read = this.#read(closure, shared);
    this.#byShared.set(key, read);
    return read;
  }

  /** The same for a handler of `.then`, which may be a bound function. */
  ofHandler(handler: number): HeapFunction | undefined {
    const { graph, names } = this.awaits;
    const bound = graph.follow(handler, EdgeType.internal, names.bound_function);
    return this.of(bound < 0 ? handler : bound);
  }

  /** The URL of a script, by the id that V8 gives it; undefined where no function of it is in the heap. */
  urlOf(scriptId: number): string | undefined {
    if (!this.#allUrls) {
      this.#allUrls = true;
      const { graph, names } = this.awaits;
      const { locations } = graph.columns;
      for (let i = 0; i < locations.length; i += 4) {
        const node = locations[i]!;
        if (graph.type(node) !== NodeType.closure || this.#urls.has(locations[i + 1]!)) continue;
        this.#url(graph.follow(node, EdgeType.internal, names.shared), locations[i + 1]!);
      }
    }
    return this.#urls.get(scriptId);
  }

  /** The class of an object as a reader would call it; undefined for plain objects and the like. */
  className(object: number): string | undefined {
    return this.classOf(object)?.name;
  }

  /** The class of an object, and where its constructor starts (for classes of JavaScript). */
  classOf(object: number): { name: string; start?: FunctionStart } | undefined {
    const { graph, names } = this.awaits;
    if (object < 0) return undefined;
    const type = graph.type(object);
    if (type !== NodeType.object && type !== NodeType.closure) return undefined;
    const prototype = type === NodeType.closure ? object : graph.follow(object, EdgeType.property, names.__proto__);
    const key = prototype < 0 ? object : prototype;
    let known = this.#classes.get(key);
    if (known === undefined) {
      const constructor = type === NodeType.closure ? -1 : this.#constructorOf(prototype);
      const start = (constructor < 0 ? undefined : graph.functionStart(constructor)) ?? graph.functionStart(object);
      // V8 names an object by the constructor that made it; Node gives some another prototype afterwards. Objects of
      // native code come as "Node / MessagePort", the global object and tagged ones as "Object (internal cache) / ".
      const made = graph.name(object).replace(/^Node \/ /, '').replace(/ (\/|\().*$/s, '').trim();
      const name = (constructor >= 0 && graph.type(constructor) === NodeType.closure && start && graph.name(constructor)) || made;
      known = NO_CLASS.has(name) || name.startsWith('system') ? null : { name, ...(start && { start }) };
      this.#classes.set(key, known);
    }
    return known ?? undefined;
  }

  /** The constructor that a prototype is of, -1 for none. One that has an emitter's methods copied into it has the emitter's `constructor`, too. */
  #constructorOf(prototype: number): number {
    const { graph, names } = this.awaits;
    const { retainers, columns } = graph;
    const named = graph.follow(prototype, EdgeType.property, names.constructor);
    if (named < 0 || graph.type(named) !== NodeType.closure || graph.follow(named, EdgeType.property, names.prototype) === prototype) return named;
    for (let edge = retainers.first(prototype); edge >= 0; edge = retainers.next(prototype, edge)) {
      const owner = retainers.from[edge]!;
      if (columns.edgeName[edge] === names.prototype && columns.edgeType[edge] === EdgeType.property && graph.type(owner) === NodeType.closure) return owner;
    }
    return named;
  }

  #read(closure: number, shared: number): HeapFunction | undefined {
    const { graph, names } = this.awaits;
    const start = graph.functionStart(closure);
    if (!start) return undefined;
    const url = this.#url(shared, start.scriptId);
    if (url === undefined) return undefined;
    // A computed name is known only once the function exists, so it is a property of the function.
    const own = graph.name(closure) || readString(graph, names, graph.follow(closure, EdgeType.property, names.name)) || this.#propertyName(closure, start.scriptId);
    const ownClass = own ? this.#classOf(closure, own) : undefined;
    return { name: own, ...(ownClass && { class: ownClass }), ...start, url, internal: url.startsWith('node:') };
  }

  #url(shared: number, scriptId: number): string | undefined {
    const known = this.#urls.get(scriptId);
    if (known !== undefined) return known;
    if (shared < 0) return undefined;
    const { graph, names } = this.awaits;
    const { firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
    for (let edge = firstEdge[shared]!, end = firstEdge[shared + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.internal || (edgeName[edge] !== names.script && edgeName[edge] !== names.script_or_debug_info)) continue;
      let script = edgeTo[edge]!;
      // With a breakpoint in the function, Node 20 keeps its debug information in between.
      const through = graph.follow(script, EdgeType.internal, names.script);
      if (through >= 0) script = through;
      const url = graph.name(script).replace(/^system \/ Script$/, '');
      this.#urls.set(scriptId, url);
      return url;
    }
    return undefined;
  }

  /** What an unnamed function is called by what has it: a module's exports, a prototype, an object of a class of the same script. */
  #propertyName(closure: number, scriptId: number): string {
    const { graph } = this.awaits;
    for (const { edge, holder } of this.#holders(closure)) {
      const name = graph.strings.get(graph.columns.edgeName[edge]!);
      if (!/^[a-zA-Z_$][\w$]*$/.test(name) || graph.type(holder) !== NodeType.object) continue;
      if (this.#isExports(holder) || this.classOf(holder)?.start?.scriptId === scriptId) return name;
    }
    return '';
  }

  #isExports(object: number): boolean {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    for (let edge = retainers.first(object); edge >= 0; edge = retainers.next(object, edge)) {
      if (graph.columns.edgeName[edge] === names.exports) return true;
    }
    return false;
  }

  /** The first properties that hold a function. */
  #holders(closure: number): { edge: number; holder: number }[] {
    const { graph } = this.awaits;
    const { retainers } = graph;
    const holders: { edge: number; holder: number }[] = [];
    let count = 0;
    for (let edge = retainers.first(closure); edge >= 0 && count < MAX_RETAINERS; edge = retainers.next(closure, edge), count++) {
      if (graph.columns.edgeType[edge] === EdgeType.property) holders.push({ edge, holder: retainers.from[edge]! });
    }
    return holders;
  }

  /** The class that a function is a method, static method or function-valued field of. */
  #classOf(closure: number, name: string): HeapFunction['class'] {
    const { graph, names } = this.awaits;
    for (const { edge, holder } of this.#holders(closure)) {
      const key = graph.strings.get(graph.columns.edgeName[edge]!);
      if (key !== name && key.replace(/^<symbol (.*)>$/, '[$1]') !== name) continue;
      const constructor = graph.follow(holder, EdgeType.property, names.constructor);
      const isPrototype = constructor >= 0 && graph.follow(constructor, EdgeType.property, names.prototype) === holder;
      const found = this.classOf(isPrototype ? constructor : holder);
      if (found) return found;
    }
    return undefined;
  }
}
