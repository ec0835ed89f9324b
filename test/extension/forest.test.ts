import assert from 'node:assert/strict';
import { childNodes, hasChildren, pageSize, rootNodes, ThreadIndex, type ForestNode, type ForestView } from '../../src/extension/tasks/forest';
import { TaskHistory } from '../../src/tracer/live/task-history';
import type { Awaits, Task } from '../../src/tracer/task';

const byAwait: ForestView = { grouping: 'await', filter: '', onlyStuck: false };

function task(id: string, name: string, awaits: Awaits, more: Partial<Task> = {}): Task {
  const at = { file: '/app/work.ts', line: 10, column: 3 };
  return { id, name, kind: 'async-function', state: 'awaiting', stuck: false, at, awaits, awaitedBy: [], ...more };
}

function index(...tasks: Task[]): ThreadIndex {
  return new ThreadIndex({ id: 'main', name: 'main', tasks });
}

/** The whole tree as indented lines. */
function drawn(nodes: readonly ForestNode[], depth = 0): string[] {
  return nodes.flatMap((node) => {
    const below = childNodes(node);
    assert.equal(hasChildren(node), below.length > 0, 'what can be opened has something below');
    const label =
      node.kind === 'task' ? `${node.task.name}${node.cycle ? ' ↺' : ''}` : node.kind === 'alike' ? `${node.tasks[0]?.name} ×${node.tasks.length}` : node.kind === 'more' ? `${node.tasks.length} more` : node.label;
    return [`${'  '.repeat(depth)}${label}`, ...(node.kind === 'alike' && node.tasks.length > 3 ? [] : drawn(below, depth + 1))];
  });
}

const timer: Awaits = { resource: 'Timeout', detail: 'due in 5 s' };

describe('task forest', () => {
  it('puts a task below the one that waits for it', () => {
    const thread = index(task('a', 'main', { task: 'b' }), task('b', 'load', timer, { awaitedBy: ['a'] }));
    assert.deepEqual(drawn(rootNodes(thread, byAwait, 't')), ['main', '  load']);
  });

  it('knows how many waited at the place of a task, where that is counted', () => {
    const [counted, other] = [task('a', 'job', timer), task('b', 'job', timer, { at: { file: '/app/work.ts', line: 11, column: 3 } })];
    const history = new TaskHistory();
    for (const tasks of [[], [counted], [counted, { ...counted, id: 'c' }, other]]) history.add({ tasks, lost: [] }, 0);
    const thread = new ThreadIndex({ id: 'main', name: 'main', tasks: [counted, other] }, [...history.places]);
    assert.deepEqual([thread.trend(counted), thread.trend(other)], [[1, 2], [1]]);
    assert.deepEqual(index(counted).trend(counted), []);
  });

  it('keeps the order of the tasks where only some are shown', () => {
    const thread = index(task('a', 'left', { task: 'b' }, { awaitedBy: ['b'] }), task('b', 'right', { task: 'a' }, { awaitedBy: ['a'] }), task('c', 'first', timer), task('d', 'second', timer));
    const all = drawn(rootNodes(thread, byAwait, 't'));
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, filter: 'work.ts' }, 't')), all);
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, filter: 'right' }, 't')), all.slice(2));
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, filter: 'due' }, 't')), ['first', 'second']);
  });

  it('shows the members of a group, tasks and others', () => {
    const awaits: Awaits = { group: 'race', tasks: ['b'], pending: 2, total: 2, resources: [{ resource: 'Timeout', detail: 'due in 1 s' }] };
    const thread = index(task('a', 'limited', awaits), task('b', 'job', { promise: true }, { awaitedBy: ['a'] }));
    assert.deepEqual(drawn(rootNodes(thread, byAwait, 't')), ['limited', '  job', '  Timeout due in 1 s']);
  });

  it('shows a circle once, and where it closes', () => {
    const thread = index(task('a', 'left', { task: 'b' }, { awaitedBy: ['b'], stuck: true }), task('b', 'right', { task: 'a' }, { awaitedBy: ['a'], stuck: true }));
    assert.deepEqual(drawn(rootNodes(thread, byAwait, 't')), ['left', '  right', '    left ↺']);
  });

  it('shows tasks that look alike once, with their number', () => {
    const thread = index(...Array.from({ length: 500 }, (_, at) => task(`w${at}`, 'Worker.loop', timer)));
    const [alike, ...others] = rootNodes(thread, byAwait, 't');
    assert.deepEqual(drawn([alike as ForestNode]), ['Worker.loop ×500']);
    assert.equal(others.length, 0);
    const below = childNodes(alike as ForestNode);
    assert.equal(below.length, pageSize + 1);
    assert.deepEqual(drawn(below.slice(-1)).slice(0, 1), ['300 more']);
    assert.equal(childNodes(below.at(-1) as ForestNode).length, pageSize + 1);
  });

  it('keeps the branches that lead to what the filter finds', () => {
    const thread = index(task('a', 'main', { task: 'b' }), task('b', 'loadUser', timer, { awaitedBy: ['a'] }), task('c', 'other', timer));
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, filter: 'LOADuser timeout' }, 't')), ['main', '  loadUser']);
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, filter: 'nothing' }, 't')), []);
  });

  it('can show what is stuck only', () => {
    const thread = index(task('a', 'fine', timer), task('b', 'lost', { promise: true }, { stuck: true }));
    assert.deepEqual(drawn(rootNodes(thread, { ...byAwait, onlyStuck: true }, 't')), ['lost']);
    assert.equal(thread.stuck, 1);
  });

  it('groups by function, place and resource, the largest first', () => {
    const elsewhere = { file: '/app/other.ts', line: 1, column: 1 };
    const thread = index(task('a', 'poll', timer), task('b', 'poll', timer), task('c', 'read', { resource: 'Socket', detail: '' }, { at: elsewhere }));
    const labels = (grouping: ForestView['grouping']): string[] => rootNodes(thread, { ...byAwait, grouping }, 't').map((node) => (node.kind === 'group' ? `${node.label} ${node.tasks.length}` : node.kind));
    assert.deepEqual(labels('function'), ['poll 2', 'read 1']);
    assert.deepEqual(labels('place'), ['/app/work.ts:10:3 2', '/app/other.ts:1:1 1']);
    assert.deepEqual(labels('resource'), ['Timeout 2', 'Socket 1']);
  });

  it('gives every node of a tree a key of its own', () => {
    const shared = task('s', 'shared', timer, { awaitedBy: ['a', 'b'] });
    const thread = index(task('a', 'first', { task: 's' }), task('b', 'second', { task: 's' }), shared);
    const keys: string[] = [];
    const collect = (nodes: readonly ForestNode[]): void => nodes.forEach((node) => (keys.push(node.key), collect(childNodes(node))));
    collect(rootNodes(thread, byAwait, 't'));
    assert.equal(new Set(keys).size, 4);
    assert.equal(keys.length, 4);
  });

  it('opens 100,000 tasks and filters them', () => {
    const tasks = Array.from({ length: 100_000 }, (_, at) => task(`t${at}`, `job${at % 1000}`, { task: `t${at + 1}` }, at === 0 ? {} : { awaitedBy: [`t${at - 1}`] }));
    const thread = index(...tasks);
    assert.equal(rootNodes(thread, byAwait, 't').length, 1);
    assert.equal(rootNodes(thread, { ...byAwait, grouping: 'function' }, 't').length, 1000);
    assert.equal(rootNodes(thread, { ...byAwait, grouping: 'function', filter: 'job77' }, 't').length, 13);
  });
});
