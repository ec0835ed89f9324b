import type { StringTable } from './string-table';

/** Kinds of node, numbered by us (a snapshot's header gives its own numbers for the same names). */
export const NODE_TYPES = [
  'hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape', 'unknown',
] as const;
export const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak', 'unknown'] as const;

export type NodeTypeName = (typeof NODE_TYPES)[number];
export type EdgeTypeName = (typeof EDGE_TYPES)[number];

const numbered = <T extends string>(names: readonly T[]) => Object.fromEntries(names.map((name, i) => [name, i])) as Record<T, number>;
export const NodeType = numbered(NODE_TYPES);
export const EdgeType = numbered(EDGE_TYPES);

/** Where the function of a closure or generator starts; line and column count from 0. */
export interface FunctionStart {
  scriptId: number;
  line: number;
  column: number;
}

/** The columns of a snapshot, one entry a node or edge. Edges of node n are `firstEdge[n]` up to `firstEdge[n + 1]`. */
export interface GraphColumns {
  nodeType: Uint8Array;
  /** Index into the string table. */
  nodeName: Uint32Array;
  /** The id that the inspector knows the object by. */
  nodeId: Uint32Array;
  selfSize: Uint32Array;
  firstEdge: Uint32Array;
  edgeType: Uint8Array;
  /** Index into the string table; for element and hidden edges a number. */
  edgeName: Uint32Array;
  /** The node an edge leads to, as an index. */
  edgeTo: Uint32Array;
  /** node index, script id, line, column, and so on. */
  locations: Uint32Array;
}

/** A map from nodes to numbers from 0 up, as an array: for as many as a heap has, a Map is slow and large. */
export class NodeMap {
  readonly #values: Int32Array;

  constructor(graph: { nodeCount: number }) {
    this.#values = new Int32Array(graph.nodeCount);
  }

  /** -1 where there is none. */
  get(node: number): number {
    return this.#values[node]! - 1;
  }

  has(node: number): boolean {
    return this.#values[node] !== 0;
  }

  set(node: number, value: number): void {
    this.#values[node] = value + 1;
  }
}

/** A heap as V8 wrote it down: objects (nodes, named by their index here) and the references between them. */
export class HeapGraph {
  readonly nodeCount: number;
  readonly edgeCount: number;
  #retainers: Retainers | undefined;
  #locations: NodeMap | undefined;

  constructor(
    readonly columns: GraphColumns,
    readonly strings: StringTable,
    retainers?: Retainers,
  ) {
    this.#retainers = retainers;
    this.nodeCount = columns.nodeType.length;
    this.edgeCount = columns.edgeType.length;
  }

  type(node: number): number {
    return this.columns.nodeType[node]!;
  }

  name(node: number): string {
    return this.strings.get(this.columns.nodeName[node]!);
  }

  /** The name of an edge, or its index as a number for element and hidden edges. */
  edgeName(edge: number): string | number {
    const value = this.columns.edgeName[edge]!;
    const type = this.columns.edgeType[edge]!;
    return type === EdgeType.element || type === EdgeType.hidden ? value : this.strings.get(value);
  }

  /** The node that an edge of this type and name leads to. `name` is an index into the string table; -1 finds nothing. */
  follow(node: number, type: number, name: number): number {
    const { firstEdge, edgeType, edgeName, edgeTo } = this.columns;
    for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
      if (edgeName[edge] === name && edgeType[edge] === type) return edgeTo[edge]!;
    }
    return -1;
  }

  /** Who refers to a node; built when first asked for, over all strong edges. */
  get retainers(): Retainers {
    return (this.#retainers ??= new Retainers(this.columns));
  }

  /** Where the function of a node starts, for closures and generators. */
  functionStart(node: number): FunctionStart | undefined {
    const { locations } = this.columns;
    if (!this.#locations) {
      this.#locations = new NodeMap(this);
      for (let i = 0; i + 3 < locations.length; i += 4) this.#locations.set(locations[i]!, i);
    }
    const at = this.#locations.get(node);
    return at < 0 ? undefined : { scriptId: locations[at + 1]!, line: locations[at + 2]!, column: locations[at + 3]! };
  }
}

/** The edges backwards: edges into node n are `edges[first[n]]` up to `edges[first[n + 1]]`. Weak ones are left out. */
export class Retainers {
  readonly first: Uint32Array;
  readonly edges: Uint32Array;
  /** The node an edge comes from. */
  readonly from: Uint32Array;

  constructor(columns: GraphColumns) {
    const { firstEdge, edgeType, edgeTo } = columns;
    const nodes = columns.nodeType.length;
    const first = new Uint32Array(nodes + 1);
    const weak = EdgeType.weak;
    for (let edge = 0; edge < edgeTo.length; edge++) if (edgeType[edge] !== weak) first[edgeTo[edge]! + 1]!++;
    for (let node = 0; node < nodes; node++) first[node + 1]! += first[node]!;
    const next = first.slice(0, nodes);
    const total = first[nodes]!;
    this.first = first;
    this.edges = new Uint32Array(total);
    this.from = new Uint32Array(total);
    for (let node = 0; node < nodes; node++) {
      for (let edge = firstEdge[node]!, end = firstEdge[node + 1]!; edge < end; edge++) {
        if (edgeType[edge] === weak) continue;
        const slot = next[edgeTo[edge]!]!++;
        this.edges[slot] = edge;
        this.from[slot] = node;
      }
    }
  }
}
