import { EdgeType, NodeType } from './graph';
import type { AwaitGraph } from './await-graph';

/** Objects of native code that settle a promise which they have as a property. */
const NATIVE_OBJECT = /^(FSReq|FileHandle)|(Wrap|Job|Request)$/;

/** Tells references that can settle a promise (a resolving function's, native code's) from those that only hold it. */
export class Settling {
  readonly #heldOnly = new Map<number, boolean>();

  /** Tables of the promises of `Atomics.waitAsync`, which another thread can settle. */
  readonly waitAsyncTables = new Set<number>();

  constructor(private readonly awaits: AwaitGraph) {
    const { graph, names } = awaits;
    for (const edge of graph.edgesNamed(EdgeType.internal, names.atomics_waitasync_promises)) this.waitAsyncTables.add(graph.columns.edgeTo[edge]!);
  }

  /**
   * Whether `from`, which refers to a promise by `edge`, can settle it. Variables, properties, elements and entries of
   * tables only hold it; whatever is not known to do so counts as able to settle, so that no task is called stuck wrongly.
   */
  canSettle(from: number, edge: number): boolean {
    const { graph, names } = this.awaits;
    const { edgeType, edgeName, nodeType, nodeName } = graph.columns;
    switch (edgeType[edge]) {
      case EdgeType.weak:
        return false;
      case EdgeType.context:
      case EdgeType.element:
      case EdgeType.property:
      case EdgeType.shortcut:
        return nodeType[from] === NodeType.object && NATIVE_OBJECT.test(graph.name(from));
      default:
    }
    if (this.waitAsyncTables.has(from)) return true;
    if (nodeType[from] === NodeType.array || nodeName[from] === names['system / PropertyArray']) return false;
    if (edgeType[edge] === EdgeType.internal) {
      // The receiver of a call; the rejected value of a promise; a value in a WeakMap, which hangs off its key.
      if (edgeName[edge] === names.receiver || edgeName[edge] === names.reactions_or_result) return false;
      if (nodeType[from] === NodeType.object && graph.strings.get(edgeName[edge]!).includes(' / part of key ')) return false;
    }
    return !this.#isCell(from);
  }

  /** What can settle a promise: resolving functions, capabilities, objects of native code. */
  settlersOf(promise: number): number[] {
    const { graph, names } = this.awaits;
    const { retainers } = graph;
    const settlers: number[] = [];
    for (let edge = retainers.first(promise); edge >= 0; edge = retainers.next(promise, edge)) {
      const from = retainers.from[edge]!;
      if (!this.canSettle(from, edge)) continue;
      if (graph.columns.nodeName[from] === names['system / Context']) {
        for (let inner = retainers.first(from); inner >= 0; inner = retainers.next(from, inner)) {
          const closure = retainers.from[inner]!;
          if (graph.columns.nodeType[closure] === NodeType.closure && !settlers.includes(closure)) settlers.push(closure);
        }
      } else if (!settlers.includes(from)) {
        settlers.push(from);
      }
    }
    return settlers;
  }

  /** A cell is how V8 keeps a variable or a property that optimised code watches. */
  #isCell(node: number): boolean {
    const { graph } = this.awaits;
    const type = graph.type(node);
    if (type !== NodeType.hidden && type !== NodeType.code) return false;
    const name = graph.columns.nodeName[node]!;
    let cell = this.#heldOnly.get(name);
    if (cell === undefined) {
      cell = /^system \/ \w*Cell\b/.test(graph.strings.get(name));
      this.#heldOnly.set(name, cell);
    }
    return cell;
  }
}
