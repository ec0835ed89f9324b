import type { Builtins } from './builtins';
import { EdgeType, NodeType, type HeapGraph } from './graph';
import type { ReactionReader } from './reactions';
import type { SuspendedCall } from './suspended';
import type { Vocabulary } from './vocabulary';

/** The handlers' own scope, and that of the helper around the executor of its promise. */
const MAX_SCOPES = 2;

/**
 * Recognises async functions that a compiler wrote as generators (TypeScript's `__awaiter`, Babel's `asyncToGenerator`,
 * esbuild's `__async`, `co`): two handlers of a pending promise continue one, and settle another promise when it ends.
 */
export class DrivenGenerators {
  constructor(
    private readonly graph: HeapGraph,
    private readonly names: Vocabulary,
    private readonly builtins: Builtins,
    private readonly reader: ReactionReader,
  ) {}

  /** The call that the handlers of one reaction, the one for a value and the one for an error, go on with; `awaited` is left open. */
  of(handlers: readonly number[]): SuspendedCall | undefined {
    if (handlers.length !== 2) return undefined;
    const { graph, names } = this;
    let scope = graph.follow(handlers[0]!, EdgeType.internal, names.context);
    if (scope < 0 || scope !== graph.follow(handlers[1]!, EdgeType.internal, names.context)) return undefined;
    const seen = new Set<number>();
    const generators = new Set<number>();
    const settlers: number[] = [];
    for (let scopes = 0; scope >= 0 && scopes < MAX_SCOPES; scopes++) {
      this.#readScope(scope, seen, generators, settlers);
      scope = graph.follow(scope, EdgeType.internal, names.previous);
    }
    const [generator, ...others] = generators;
    // Who continues a generator names the handlers, to hand them on, and both ways to settle its promise.
    if (generator === undefined || others.length > 0 || settlers.length !== 2 || !handlers.every((handler) => seen.has(handler))) return undefined;
    const [promise, other] = settlers.map((settler) => this.reader.settledBy(settler));
    if (promise === undefined || promise < 0 || promise !== other) return undefined;
    return {
      node: generator,
      closure: graph.follow(generator, EdgeType.internal, names.function),
      receiver: graph.follow(generator, EdgeType.internal, names.receiver),
      registers: graph.follow(generator, EdgeType.internal, names.parameters_and_registers),
      kind: 'async-function',
      isDriven: true,
      awaited: -1,
      promises: [promise],
    };
  }

  #readScope(scope: number, seen: Set<number>, generators: Set<number>, settlers: number[]): void {
    const { graph, names } = this;
    const { firstEdge, edgeType, edgeTo } = graph.columns;
    for (let edge = firstEdge[scope]!, end = firstEdge[scope + 1]!; edge < end; edge++) {
      if (edgeType[edge] !== EdgeType.context) continue;
      const to = edgeTo[edge]!;
      seen.add(to);
      if (graph.type(to) === NodeType.closure) {
        if (this.builtins.roleOf(to) === 'settle') settlers.push(to);
      } else if (graph.type(to) === NodeType.object && graph.follow(to, EdgeType.internal, names.parameters_and_registers) >= 0) {
        generators.add(to);
      }
    }
  }
}
