import type { AwaitGraph, Continuation, PromiseGroup } from './await-graph';
import { NodeMap } from './graph';
import type { FunctionTable, HeapFunction } from './functions';
import type { Origin, OriginFinder } from './origins';
import type { SuspendedCall } from './suspended';

/** What a promise waits for in the end, seen through `.then` chains, adopted promises and Node's own async functions. */
export type WaitTarget =
  /** A suspended call of the program; `resolver` where it does not return the promise but alone has its resolving function. */
  | { kind: 'call'; call: number; resolver: boolean; leaf: number }
  | { kind: 'group'; group: PromiseGroup; targets: WaitTarget[] }
  /** `promise` is the one that the origin settles; `through` are Node's async functions on the way to it, the outermost first. */
  | { kind: 'origin'; origin: Origin; promise: number; through: SuspendedCall[] };

const NOTHING: SuspendedCall[] = [];
const MAX_STEPS = 10_000;

/** Answers what promises wait for; remembers which `.then` handlers lead to something that is waited for. */
export class Waits {
  readonly #routes = new Set<number>();
  readonly #origins: Origin[] = [];
  /** Promise → the place of its origin in the list. */
  readonly #originIndex: NodeMap;
  readonly #groups = new Map<PromiseGroup, WaitTarget>();
  readonly #leaves: NodeMap;

  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
    private readonly finder: OriginFinder,
  ) {
    this.#leaves = new NodeMap(awaits.graph);
    this.#originIndex = new NodeMap(awaits.graph);
  }

  isInternal(call: SuspendedCall): boolean {
    return this.functions.of(call.closure)?.internal ?? false;
  }

  /** `waiter` is the suspended call that asks (its node), -1 for none. */
  target(promise: number, waiter: number): WaitTarget {
    return this.#target(promise, waiter);
  }

  /** The continuations of the program's that nothing suspended waits for, one for each chain: its first handler that is the program's. */
  looseContinuations(): { continuation: Continuation; handler: HeapFunction }[] {
    const { continuations, derivedFrom } = this.awaits;
    const byDerived = new Map(continuations.filter((one) => one.derived >= 0).map((one) => [one.derived, one]));
    if (!continuations.length) return [];
    const waitedFor = this.#waitedFor();
    const loose = new Map<Continuation, HeapFunction>();
    for (const continuation of continuations) {
      if (this.#routes.has(continuation.node) || waitedFor.has(continuation.derived)) continue;
      const handler = continuation.handlers.map((closure) => this.functions.ofHandler(closure)).find((found) => found && !found.internal);
      if (handler) loose.set(continuation, handler);
    }
    const isFirst = (continuation: Continuation) => {
      // Promises that were merely resolved with another lie between one handler and the next.
      let promise = continuation.source;
      for (let steps = 0; steps < MAX_STEPS && derivedFrom.has(promise) && !byDerived.has(promise); steps++) promise = derivedFrom.get(promise);
      const before = byDerived.get(promise);
      return !before || !loose.has(before);
    };
    return [...loose].filter(([continuation]) => isFirst(continuation)).map(([continuation, handler]) => ({ continuation, handler }));
  }

  #target(promise: number, waiter: number): WaitTarget {
    const { callOf, groups, derivedFrom } = this.awaits;
    let through: SuspendedCall[] = NOTHING;
    // Promises can wait for each other in a ring.
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const settles = callOf.get(promise);
      if (settles >= 0) {
        const call = this.awaits.call(settles)!;
        if (!this.isInternal(call)) return { kind: 'call', call: settles, resolver: false, leaf: promise };
        if (call.awaited < 0) break;
        through = [...through, call];
        promise = call.awaited;
        continue;
      }
      const group = groups.get(promise);
      if (group) return this.#group(group, waiter);
      if (derivedFrom.has(promise)) {
        promise = this.#leaf(promise);
        continue;
      }
      const origin = this.#origin(promise);
      if (origin.kind === 'call') {
        // Who holds the resolving function of what it waits for itself cannot call it.
        if (origin.call === waiter) break;
        const holder = this.awaits.call(origin.call)!;
        if (!this.isInternal(holder)) return { kind: 'call', call: origin.call, resolver: true, leaf: promise };
        if (holder.awaited < 0) break;
        through = [...through, holder];
        promise = holder.awaited;
        continue;
      }
      if (origin.kind !== 'promise') return { kind: 'origin', origin, promise, through };
      this.#routes.add(origin.reaction);
      promise = origin.promise;
    }
    return { kind: 'origin', origin: { kind: 'none' }, promise, through };
  }

  #group(group: PromiseGroup, waiter: number): WaitTarget {
    let target = this.#groups.get(group);
    if (!target) {
      const targets: WaitTarget[] = [];
      target = { kind: 'group', group, targets };
      // Known before its parts are, which may wait for the group itself.
      this.#groups.set(group, target);
      for (const source of group.sources) targets.push(this.#target(source, waiter));
    }
    return target;
  }

  #origin(promise: number): Origin {
    const known = this.#origins[this.#originIndex.get(promise)];
    if (known) return known;
    this.#originIndex.set(promise, this.#origins.length);
    const origin = this.finder.find(promise);
    this.#origins.push(origin);
    return origin;
  }

  /** The promise at the start of a chain; a long chain is walked once, however many wait along it. */
  #leaf(promise: number): number {
    const { derivedFrom, callOf, groups } = this.awaits;
    const path: number[] = [];
    let at = promise;
    while (derivedFrom.has(at) && !callOf.has(at) && !groups.has(at)) {
      const known = this.#leaves.get(at);
      // Until the end is known each stands for itself, so that a ring ends where it began.
      if (known >= 0) {
        at = known;
        break;
      }
      this.#leaves.set(at, at);
      path.push(at);
      at = derivedFrom.get(at);
    }
    for (const one of path) this.#leaves.set(one, at);
    return at;
  }

  /** The promises that something suspended waits for, directly or through promises derived from them. */
  #waitedFor(): Set<number> {
    const { calls, groups, derivedFrom } = this.awaits;
    const waitedFor = new Set<number>();
    const queue = calls.map((call) => call.awaited);
    for (let promise = queue.pop(); promise !== undefined; promise = queue.pop()) {
      if (waitedFor.has(promise)) continue;
      waitedFor.add(promise);
      const group = groups.get(promise);
      for (const source of group?.sources ?? []) queue.push(source);
      if (derivedFrom.has(promise)) queue.push(derivedFrom.get(promise));
    }
    return waitedFor;
  }
}
