// The agent knows a promise by a number in a private field of it: the snapshot shows that, too.
import type { AwaitGraph } from './await-graph';
import { EdgeType, NodeType } from './graph';
import { readNumber } from './values';

export class AgentStamps {
  /** Whether an edge's name is that of a private field, by its number in the string table. */
  readonly #isPrivate = new Map<number, boolean>();

  constructor(private readonly awaits: AwaitGraph) {}

  /** Undefined where there is none, or where several agents have left theirs. */
  of(promise: number): number | undefined {
    const { graph, names } = this.awaits;
    const { firstEdge, edgeType, edgeName, edgeTo } = graph.columns;
    let stamp: number | undefined;
    for (let edge = firstEdge[promise]!, end = firstEdge[promise + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.property || graph.type(edgeTo[edge]!) !== NodeType.number || !this.#isPrivateName(edgeName[edge]!)) continue;
      if (stamp !== undefined) return undefined;
      stamp = readNumber(graph, names, edgeTo[edge]!);
    }
    return stamp;
  }

  #isPrivateName(name: number): boolean {
    let known = this.#isPrivate.get(name);
    if (known === undefined) this.#isPrivate.set(name, (known = this.awaits.graph.strings.get(name).startsWith('#')));
    return known;
  }
}
