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

  /** The edges of this type and name, in their order. `name` is an index into the string table; -1 finds nothing. */
  edgesNamed(type: number, name: number): number[] {
    // No loop of JavaScript goes through millions of numbers as quickly.
    return indexesOf(this.columns.edgeName, name).filter((edge) => this.columns.edgeType[edge] === type);
  }

  /** The nodes of this name, in their order. `name` is an index into the string table; -1 finds nothing. */
  nodesNamed(name: number): number[] {
    return indexesOf(this.columns.nodeName, name);
  }

  /** Who refers to a node; built when first asked for, over all strong edges. */
  get retainers(): Retainers {
    if (!this.#retainers) {
      this.#retainers = new Retainers(this.columns);
      this.#retainers.extend(this.edgeCount);
    }
    return this.#retainers;
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

function indexesOf(column: Uint32Array, value: number): number[] {
  const found: number[] = [];
  for (let index = column.indexOf(value); index >= 0; index = column.indexOf(value, index + 1)) found.push(index);
  return found;
}

/**
 * The edges backwards, without the weak ones: `for (let edge = first(node); edge >= 0; edge = next(node, edge)) … from[edge]`
 * goes through the edges into a node, in their order. Can be built while the edges arrive.
 */
export class Retainers {
  /** The node that an edge comes from. */
  readonly from: Uint32Array;
  /** Node → the last edge into it, plus 1. */
  readonly #last: Uint32Array;
  /** Edge → the next edge into the same node; after the last comes the first. */
  readonly #next: Uint32Array;
  #edges = 0;
  #node = 0;

  constructor(private readonly columns: GraphColumns) {
    this.from = new Uint32Array(columns.edgeTo.length);
    this.#next = new Uint32Array(columns.edgeTo.length);
    this.#last = new Uint32Array(columns.nodeType.length);
  }

  /** The first edge into a node; -1 where there is none. */
  first(node: number): number {
    const last = this.#last[node]!;
    return last === 0 ? -1 : this.#next[last - 1]!;
  }

  /** The edge into a node that follows `edge`, which leads to it, too; -1 after the last. */
  next(node: number, edge: number): number {
    return edge === this.#last[node]! - 1 ? -1 : this.#next[edge]!;
  }

  /** The nodes that refer to a node. */
  holders(node: number): number[] {
    const holders: number[] = [];
    for (let edge = this.first(node); edge >= 0; edge = this.next(node, edge)) holders.push(this.from[edge]!);
    return holders;
  }

  /** Takes in the first `edges` of the columns, or what is new of them. */
  extend(edges: number): void {
    const { firstEdge, edgeType, edgeTo } = this.columns;
    const { from } = this;
    const last = this.#last;
    const next = this.#next;
    const weak = EdgeType.weak;
    let node = this.#node;
    for (let edge = this.#edges; edge < edges; edge++) {
      while (firstEdge[node + 1]! <= edge) node++;
      if (edgeType[edge] === weak) continue;
      from[edge] = node;
      const to = edgeTo[edge]!;
      const before = last[to]! - 1;
      if (before < 0) {
        next[edge] = edge;
      } else {
        next[edge] = next[before]!;
        next[before] = edge;
      }
      last[to] = edge + 1;
    }
    this.#node = node;
    this.#edges = edges;
  }
}
