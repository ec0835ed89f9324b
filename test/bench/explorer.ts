// The Task Explorer's tree over 100,000 tasks: what is worked out before its first rows can be drawn, and after a filter.
import { childNodes, rootNodes, ThreadIndex, type ForestView } from '../../src/extension/tasks/forest';
import type { Task, TaskThread } from '../../src/tracer/task';
import { goalTable, table, type Goal } from './table';

const count = 100_000;
const rounds = 5;

/** As a busy server's: 1,000 requests at once in each of 20 handlers, five calls deep, each waiting for a query of its own. */
function tasks(): TaskThread {
  const all: Task[] = [];
  for (let request = 0; all.length < count; request++) {
    for (let depth = 0; depth < 5; depth++) {
      const at = { file: `/app/src/handler${request % 20}.ts`, line: 10 * depth + 3, column: 5 };
      const last = depth === 4;
      all.push({
        id: `t${request}.${depth}`,
        name: `Handler${request % 20}.step${depth}`,
        kind: 'async-function',
        state: 'awaiting',
        stuck: request % 5000 === 0,
        at,
        awaits: last ? { resource: 'Socket', detail: `127.0.0.1:5432 query ${request}` } : { task: `t${request}.${depth + 1}` },
        awaitedBy: depth > 0 ? [`t${request}.${depth - 1}`] : [],
      });
    }
  }
  return { id: '0', name: 'main thread', tasks: all };
}

/** Prints milliseconds; the goals are ratios to the times that a user should not have to wait longer than. */
export function benchExplorer(): Promise<Goal[]> {
  const thread = tasks();
  const view: ForestView = { grouping: 'await', filter: '', onlyStuck: false };
  const filtered = { ...view, filter: 'query 77' };
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    const index = new ThreadIndex(thread);
    const [first] = rootNodes(index, view, '');
    if (first) childNodes(first);
    const painted = performance.now();
    rootNodes(index, filtered, '');
    return { paint: painted - started, filter: performance.now() - painted };
  });
  const best = (key: 'paint' | 'filter'): number => Math.min(...times.map((time) => time[key]));
  const rows = (['paint', 'filter'] as const).map((key) => [key, best(key).toFixed(0)]);
  const goals = [
    { what: 'rows of 100,000 tasks / 300 ms', value: best('paint') / 300, limit: 1 },
    { what: 'a filter over them / 50 ms', value: best('filter') / 50, limit: 1 },
  ];
  process.stdout.write(`${table([['Task Explorer, ms', 'best'], ...rows])}\n${goalTable(goals)}\n`);
  return Promise.resolve(goals);
}
