import { EdgeType, NodeType, type HeapGraph } from './graph';
import type { Vocabulary, WellKnown } from './vocabulary';

const MAX_TEXT = 200;

/** The text of a string node, at most some 200 characters; undefined for other nodes and for parts of strings that V8 shares. */
export function readString(graph: HeapGraph, names: Vocabulary, node: number): string | undefined {
  if (node < 0) return undefined;
  const type = graph.type(node);
  if (type === NodeType.string) return graph.name(node).slice(0, MAX_TEXT);
  if (type !== NodeType['concatenated string']) return undefined;
  const first = readString(graph, names, graph.follow(node, EdgeType.internal, names.first));
  if (first === undefined || first.length >= MAX_TEXT) return first;
  const second = readString(graph, names, graph.follow(node, EdgeType.internal, names.second));
  return second === undefined ? undefined : (first + second).slice(0, MAX_TEXT);
}

/** The value of a number node; undefined where the snapshot was taken without numbers. */
export function readNumber(graph: HeapGraph, names: Vocabulary, node: number): number | undefined {
  if (node < 0 || graph.type(node) !== NodeType.number) return undefined;
  const value = graph.follow(node, EdgeType.internal, names.value);
  const number = value < 0 ? NaN : Number(graph.name(value));
  return Number.isFinite(number) ? number : undefined;
}

/** Properties of one object by well-known names. */
export class ObjectReader {
  /** Small numbers are one node each, however many objects have them. */
  readonly #numbers = new Map<number, number | undefined>();

  constructor(
    private readonly graph: HeapGraph,
    private readonly names: Vocabulary,
  ) {}

  property(object: number, name: WellKnown): number {
    return this.graph.follow(object, EdgeType.property, this.names[name]);
  }

  string(object: number, name: WellKnown): string | undefined {
    return readString(this.graph, this.names, this.property(object, name));
  }

  /** A string in an array. */
  element(array: number, index: number): string | undefined {
    return readString(this.graph, this.names, this.graph.follow(array, EdgeType.element, index));
  }

  number(object: number, name: WellKnown): number | undefined {
    const node = this.property(object, name);
    if (node < 0) return undefined;
    let value = this.#numbers.get(node);
    if (value === undefined && !this.#numbers.has(node)) this.#numbers.set(node, (value = readNumber(this.graph, this.names, node)));
    return value;
  }
}
