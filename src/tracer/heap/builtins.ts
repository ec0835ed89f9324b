import { EdgeType, NodeType, type HeapGraph } from './graph';
import type { Vocabulary } from './vocabulary';

/** What the engine's own closures do that matter here: how a settled promise reaches what waits for it. */
export type BuiltinRole =
  /** Continues a suspended function; its context's `extension` is that function. */
  | 'resume'
  | 'all-element'
  | 'allSettled-element'
  | 'any-element'
  /** `resolve` or `reject` of `new Promise`; its context holds the promise. */
  | 'settle'
  /** Wraps the handler of `.finally`, which its context holds. */
  | 'finally';

const ROLE_OF: readonly [prefix: string, role: BuiltinRole][] = [
  ['(AsyncFunctionAwait', 'resume'],
  ['(AsyncGenerator', 'resume'],
  ['(PromiseAllResolveElementClosure', 'all-element'],
  ['(PromiseAllSettledResolveElementClosure', 'allSettled-element'],
  ['(PromiseAllSettledRejectElementClosure', 'allSettled-element'],
  ['(PromiseAnyRejectElementClosure', 'any-element'],
  ['(PromiseCapabilityDefaultResolve', 'settle'],
  ['(PromiseCapabilityDefaultReject', 'settle'],
  ['(PromiseThenFinally', 'finally'],
  ['(PromiseCatchFinally', 'finally'],
];

/** Tells what closures of the engine are for, by the builtin code behind them. */
export class Builtins {
  readonly #roles = new Map<number, BuiltinRole>();

  constructor(
    private readonly graph: HeapGraph,
    private readonly names: Vocabulary,
  ) {
    const strings = graph.strings.indexesWithPrefix(ROLE_OF.map(([prefix]) => prefix));
    const roleOf = new Map(ROLE_OF);
    const { nodeType, nodeName } = graph.columns;
    for (let node = nodeType.indexOf(NodeType.code); node >= 0; node = nodeType.indexOf(NodeType.code, node + 1)) {
      const prefix = strings.get(nodeName[node]!);
      if (prefix !== undefined) this.#roles.set(node, roleOf.get(prefix)!);
    }
  }

  /** The role of a closure; undefined for the program's own functions and for other builtins. */
  roleOf(closure: number): BuiltinRole | undefined {
    const code = this.graph.follow(closure, EdgeType.internal, this.names.code);
    return code < 0 ? undefined : this.#roles.get(code);
  }
}
