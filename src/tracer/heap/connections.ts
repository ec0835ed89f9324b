import type { AwaitGraph } from './await-graph';
import type { FunctionTable } from './functions';
import { EdgeType, NodeType } from './graph';

/** A client has its connection, which has its socket. */
const MAX_HOPS = 2;
/** An object with more around it than this is no client of one connection. */
const MAX_VISITED = 200;
/** Node's classes that stand for one connection; a `ClientRequest` names what it asks for. */
const CONNECTIONS = new Set(['Socket', 'TLSSocket', 'ClientRequest']);

/** Finds the connection that an object of a package's or the program's works over: the client of a database has its socket. */
export class ConnectionFinder {
  readonly #known = new Map<number, number>();

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
  ) {}

  /** The node of the only connection that is nearest to `object` over its properties, -1 where there is none or there are several. */
  of(object: number): number {
    let found = this.#known.get(object);
    if (found === undefined) this.#known.set(object, (found = this.#isClient(object) ? this.#find(object) : -1));
    return found;
  }

  #find(object: number): number {
    const { graph, names } = this.awaits;
    const { firstEdge, edgeType, edgeName, edgeTo, nodeType } = graph.columns;
    const seen = new Set([object]);
    let level = [object];
    for (let hop = 0; hop < MAX_HOPS && level.length > 0; hop++) {
      const next: number[] = [];
      const found = new Set<number>();
      for (const node of level) {
        for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
          const to = edgeTo[edge]!;
          if (edgeType[edge] !== EdgeType.property || nodeType[to] !== NodeType.object || seen.has(to)) continue;
          if (edgeName[edge] === names.__proto__ || edgeName[edge] === names._events) continue;
          seen.add(to);
          if (this.#isConnection(to)) found.add(to);
          else next.push(to);
        }
      }
      if (found.size > 0) return found.size === 1 ? [...found][0]! : -1;
      if (seen.size > MAX_VISITED) return -1;
      level = next;
    }
    return -1;
  }

  /** Node's own objects say themselves what they are; all but a bare emitter. */
  #isClient(object: number): boolean {
    const { name, start } = this.functions.classOf(object) ?? {};
    return name === 'EventEmitter' || (start !== undefined && !this.#isOfNode(start.scriptId));
  }

  #isConnection(node: number): boolean {
    const found = this.functions.classOf(node);
    return found?.start !== undefined && CONNECTIONS.has(found.name) && this.#isOfNode(found.start.scriptId);
  }

  #isOfNode(scriptId: number): boolean {
    return this.functions.urlOf(scriptId)?.startsWith('node:') ?? true;
  }
}
