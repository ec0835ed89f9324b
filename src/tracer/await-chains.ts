// Who waits for a task, and who for that, up to the first call: what a stack would be if async calls had one.
import type { Place, Task } from './task';
import type { TasksById } from './task-text';

export interface AwaitChain {
  /** From the task up to the call that nobody awaits; each is awaited by the next. */
  readonly tasks: readonly Task[];
  /** The last one is awaited again by one that stands in the chain. */
  readonly isCycle: boolean;
  /** So many tasks have a chain that reads the same; the first of them is the one that is given. */
  count: number;
}

/** Longer chains are cut. */
const longest = 50;

/** The chains of tasks, those that read the same once, in the order of the first. Of several awaiters the first is followed. */
export function awaitChains(tasks: readonly Task[], byId: TasksById): AwaitChain[] {
  const chains = new Map<string, AwaitChain>();
  for (const task of tasks) {
    const chain = chainOf(task, byId);
    const text = chain.tasks.map(({ name, at }) => `${name} ${at ? placeKey(at) : ''}`).join('\n');
    const known = chains.get(text);
    if (known) known.count++;
    else chains.set(text, chain);
  }
  return [...chains.values()];
}

function chainOf(task: Task, byId: TasksById): AwaitChain {
  const tasks = [task];
  for (let last = task; tasks.length < longest; ) {
    const awaiter = last.awaitedBy.map((id) => byId.get(id)).find((each) => each !== undefined);
    if (!awaiter) break;
    if (tasks.includes(awaiter)) return { tasks, isCycle: true, count: 1 };
    tasks.push((last = awaiter));
  }
  return { tasks, isCycle: false, count: 1 };
}

function placeKey({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
