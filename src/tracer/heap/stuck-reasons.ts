import type { TaskId } from '../task';
import { NodeType } from './graph';
import { nameOf, type HeapTask, type HeapTasks } from './heap-tasks';
import type { Liveness } from './liveness';
import type { Settling } from './settling';
import type { WaitTarget } from './waits';

/** How many objects are looked through for who holds a resolving function. */
const MAX_VISITED = 5000;
/** The same for all stuck tasks of a heap together. */
const MAX_VISITED_IN_ALL = 5_000_000;
/** How long a ring of tasks that wait for each other may be to be told as one. */
const MAX_RING = 50;
const MAX_NAMED = 3;

/** For each stuck task, one sentence that says why nothing can resume it. */
export function stuckReasons(stuck: readonly HeapTask[], heap: HeapTasks, live: Liveness, settling: Settling): Map<HeapTask, string> {
  const byId = new Map(stuck.map((task) => [task.id, task]));
  const holders = new HolderSearch(heap, live, settling);
  return new Map(stuck.map((task) => [task, `${reason(task, byId, heap, holders)}.`]));
}

function reason(task: HeapTask, byId: Map<TaskId, HeapTask>, heap: HeapTasks, holders: HolderSearch): string {
  const { target } = task;
  if (!target) return 'Nothing that still exists can resume it';
  if (target.kind === 'group') return groupReason(target, task, heap);
  if (target.kind === 'call' && !target.resolver) {
    const other = heap.task(target.call);
    if (other === task) return 'Waits for its own result';
    if (other) return `Waits for task ${named(other)}, ${backTo(task, other, byId) ?? 'which is stuck itself'}`;
  }
  const promise = target.kind === 'call' ? target.leaf : target.promise;
  const held = holders.of(promise);
  if (held === 'nobody') return 'Waits for a promise that nothing can settle any more: no resolve function of it is left';
  if (held === 'too many') return 'Waits for a promise whose resolve function only stuck tasks hold';
  const others = held.filter((holder) => holder !== task);
  if (!others.length && held.length) return 'Waits for a promise whose resolve function only the task itself holds';
  if (!held.length) return 'Waits for a promise whose resolve function only handlers of promises have that never settle';
  const list = others.slice(0, MAX_NAMED).map(named).join(', ') + (others.length > MAX_NAMED ? ` and ${others.length - MAX_NAMED} more` : '');
  if (held.length === 1) return `Waits for a promise whose resolve function only task ${list} holds, which is stuck itself`;
  return `Waits for a promise whose resolve function only ${others.length < held.length ? 'the task itself and' : 'tasks'} ${list} hold, which are all stuck`;
}

const named = (task: HeapTask) => (task.ownName.startsWith('(') ? task.id : `${task.id} (${nameOf(task)})`);

/** `which waits for it in turn`, where the tasks that `other` waits for lead back to `task`. */
function backTo(task: HeapTask, other: HeapTask, byId: Map<TaskId, HeapTask>): string | undefined {
  const through: HeapTask[] = [];
  const seen = new Set<HeapTask>();
  for (let at: HeapTask | undefined = other; at && !seen.has(at) && seen.size < MAX_RING; at = 'task' in at.awaits ? byId.get(at.awaits.task) : undefined) {
    if (at === task) {
      const between = through.slice(1);
      if (!between.length) return 'which waits for it in turn';
      const list = between.slice(0, MAX_NAMED).map(named).join(', ') + (between.length > MAX_NAMED ? ` and ${between.length - MAX_NAMED} more` : '');
      return `which waits for it in turn, through ${list}`;
    }
    seen.add(at);
    through.push(at);
  }
  return undefined;
}

function groupReason({ group, targets }: Extract<WaitTarget, { kind: 'group' }>, task: HeapTask, heap: HeapTasks): string {
  const tasks = targets.flatMap((target) => (target.kind === 'call' ? [heap.task(target.call)] : [])).filter((found) => found !== undefined);
  const count = group.sources.length;
  const what = count === 1 ? 'whose pending promise cannot settle any more' : `none of whose ${count} pending promises can settle any more`;
  if (tasks.includes(task)) return `Waits for Promise.${group.kind}, which waits for the task itself, ${what}`;
  const list = [...new Set(tasks)].slice(0, MAX_NAMED).map(named).join(', ');
  return `Waits for Promise.${group.kind}, ${what}${list ? ` (stuck themselves: ${list})` : ''}`;
}

/** Finds the stuck tasks that hold what could settle a promise. */
class HolderSearch {
  readonly #known = new Map<number, HeapTask[] | 'nobody' | 'too many'>();
  #visited = 0;

  constructor(
    private readonly heap: HeapTasks,
    private readonly live: Liveness,
    private readonly settling: Settling,
  ) {}

  of(promise: number): HeapTask[] | 'nobody' | 'too many' {
    let held = this.#known.get(promise);
    if (!held) this.#known.set(promise, (held = this.#search(promise)));
    return held;
  }

  #search(promise: number): HeapTask[] | 'nobody' | 'too many' {
    const { graph } = this.heap.awaits;
    const { retainers } = graph;
    const settlers = this.settling.settlersOf(promise);
    if (!settlers.length) return 'nobody';
    const holders = new Set<HeapTask>();
    const seen = new Set<number>([promise, ...settlers]);
    const queue = [...settlers];
    for (let next = 0; next < queue.length; next++) {
      const node = queue[next]!;
      for (let edge = retainers.first(node); edge >= 0; edge = retainers.next(node, edge)) {
        const from = retainers.from[edge]!;
        if (seen.has(from) || graph.type(from) === NodeType.synthetic) continue;
        seen.add(from);
        if (seen.size > MAX_VISITED || ++this.#visited > MAX_VISITED_IN_ALL) return 'too many';
        if (this.heap.awaits.call(from)) {
          const holder = this.heap.task(from);
          if (holder) holders.add(holder);
        } else if (!this.live.reached[from]) {
          queue.push(from);
        }
      }
    }
    return [...holders];
  }
}
