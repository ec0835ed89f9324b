import type { AwaitGraph, Continuation, PromiseGroup } from './await-graph';
import type { FunctionTable, HeapFunction } from './functions';
import type { Origin, ResourceFinder } from './resources';
import type { SuspendedCall } from './suspended';

/** What a promise waits for in the end, seen through `.then` chains, adopted promises and Node's own async functions. */
export type WaitTarget =
  /** A suspended call of the program; `resolver` where it does not return the promise but alone has its resolving function. */
  | { kind: 'call'; call: number; resolver: boolean; leaf: number }
  | { kind: 'group'; group: PromiseGroup; targets: WaitTarget[] }
  /** `promise` is the one that the origin settles; `through` are Node's async functions on the way to it, the outermost first. */
  | { kind: 'origin'; origin: Origin; promise: number; through: SuspendedCall[] };

/** Answers what promises wait for; remembers which `.then` handlers lead to something that is waited for. */
export class Waits {
  readonly #routes = new Set<number>();
  readonly #origins = new Map<number, Origin>();
  readonly #groups = new Map<PromiseGroup, WaitTarget>();
  readonly #leaves = new Map<number, number>();
  readonly #callNodes: Map<number, SuspendedCall>;

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
    private readonly finder: ResourceFinder,
  ) {
    this.#callNodes = new Map([...awaits.calls, ...awaits.otherCalls.map((call) => [call.node, call] as const)]);
  }

  isInternal(call: SuspendedCall): boolean {
    return this.functions.of(call.closure)?.internal ?? false;
  }

  /** `waiter` is the suspended call that asks (its node), -1 for none. */
  target(promise: number, waiter: number): WaitTarget {
    return this.#target(promise, waiter, [], new Set());
  }

  /** The continuations of the program's that nothing suspended waits for, one for each chain: its first handler that is the program's. */
  looseContinuations(): { continuation: Continuation; handler: HeapFunction }[] {
    const { continuations, derivedFrom } = this.awaits;
    const waitedFor = this.#waitedFor();
    const byDerived = new Map(continuations.filter((one) => one.derived >= 0).map((one) => [one.derived, one]));
    const loose = new Map<Continuation, HeapFunction>();
    for (const continuation of continuations) {
      if (this.#routes.has(continuation.node) || waitedFor.has(continuation.derived)) continue;
      const handler = continuation.handlers.map((closure) => this.functions.ofHandler(closure)).find((found) => found && !found.internal);
      if (handler) loose.set(continuation, handler);
    }
    const isFirst = (continuation: Continuation) => {
      // Promises that were merely resolved with another lie between one handler and the next.
      let promise = continuation.source;
      for (let next = derivedFrom.get(promise); next !== undefined && !byDerived.has(promise); next = derivedFrom.get(promise)) promise = next;
      const before = byDerived.get(promise);
      return !before || !loose.has(before);
    };
    return [...loose].filter(([continuation]) => isFirst(continuation)).map(([continuation, handler]) => ({ continuation, handler }));
  }

  #target(promise: number, waiter: number, through: SuspendedCall[], seen: Set<number>): WaitTarget {
    const { callOf, groups, derivedFrom, awaited } = this.awaits;
    while (!seen.has(promise)) {
      seen.add(promise);
      const call = callOf.get(promise);
      if (call !== undefined) {
        const known = this.#callNodes.get(call)!;
        if (!this.isInternal(known)) return { kind: 'call', call, resolver: false, leaf: promise };
        through = [...through, known];
        const next = awaited.get(call);
        if (next === undefined) break;
        promise = next;
        continue;
      }
      const group = groups.get(promise);
      if (group) {
        let target = this.#groups.get(group);
        if (!target) {
          target = { kind: 'group', group, targets: group.sources.map((source) => this.#target(source, waiter, [], new Set(seen))) };
          this.#groups.set(group, target);
        }
        return target;
      }
      if (derivedFrom.has(promise)) {
        promise = this.#leaf(promise);
        continue;
      }
      const origin = this.#origin(promise);
      if (origin.kind === 'call') {
        // Who holds the resolving function of what it waits for itself cannot call it.
        if (origin.call === waiter) break;
        const holder = this.#callNodes.get(origin.call)!;
        if (!this.isInternal(holder)) return { kind: 'call', call: origin.call, resolver: true, leaf: promise };
        const next = awaited.get(origin.call);
        if (next === undefined) break;
        through = [...through, holder];
        promise = next;
        continue;
      }
      if (origin.kind !== 'promise') return { kind: 'origin', origin, promise, through };
      this.#routes.add(origin.reaction);
      promise = origin.promise;
    }
    return { kind: 'origin', origin: { kind: 'none' }, promise, through };
  }

  #origin(promise: number): Origin {
    let origin = this.#origins.get(promise);
    if (!origin) this.#origins.set(promise, (origin = this.finder.find(promise)));
    return origin;
  }

  /** The promise at the start of a chain; a long chain is walked once, however many wait along it. */
  #leaf(promise: number): number {
    const { derivedFrom, callOf, groups } = this.awaits;
    const path: number[] = [];
    const onPath = new Set<number>();
    let at = promise;
    while (!onPath.has(at)) {
      const known = this.#leaves.get(at);
      if (known !== undefined) {
        at = known;
        break;
      }
      const source = callOf.has(at) || groups.has(at) ? undefined : derivedFrom.get(at);
      if (source === undefined) break;
      onPath.add(at);
      path.push(at);
      at = source;
    }
    for (const one of path) this.#leaves.set(one, at);
    return at;
  }

  /** The promises that something suspended waits for, directly or through promises derived from them. */
  #waitedFor(): Set<number> {
    const { awaited, groups, derivedFrom } = this.awaits;
    const waitedFor = new Set<number>();
    const queue = [...awaited.values()];
    for (let promise = queue.pop(); promise !== undefined; promise = queue.pop()) {
      if (waitedFor.has(promise)) continue;
      waitedFor.add(promise);
      const group = groups.get(promise);
      for (const source of group?.sources ?? []) queue.push(source);
      const source = derivedFrom.get(promise);
      if (source !== undefined) queue.push(source);
    }
    return waitedFor;
  }
}
