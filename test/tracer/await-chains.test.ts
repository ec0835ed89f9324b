import assert from 'node:assert/strict';
import { awaitChains } from '../../src/tracer/await-chains';
import type { Task, TaskId } from '../../src/tracer/task';
import { tasksById } from '../../src/tracer/task-text';

/** `awaitedBy` by id; a task's name is its id without the number. */
function tasksOf(awaitedBy: Record<TaskId, TaskId[]>): Task[] {
  return Object.entries(awaitedBy).map(([id, awaiters]) => {
    const name = id.replace(/\d+$/, '');
    return { id, name, kind: 'async-function', state: 'awaiting', stuck: false, at: { file: '/app.js', line: name.length, column: 3 }, awaits: { promise: true }, awaitedBy: awaiters };
  });
}

function chains(all: Task[], name: string): string[] {
  return awaitChains(all.filter((task) => task.name === name), tasksById(all)).map(
    ({ tasks, count, isCycle }) => `${count} × ${tasks.map((task) => task.name).join(' < ')}${isCycle ? ' ...' : ''}`,
  );
}

describe('await chains', () => {
  it('lead from a task to the call that nobody awaits; equal ones are told once', () => {
    const all = tasksOf({ query1: ['load1'], query2: ['load2'], query3: [], load1: ['page1'], load2: ['page1'], page1: ['main'], main: [] });
    assert.deepEqual(chains(all, 'query'), ['2 × query < load < page < main', '1 × query']);
    assert.deepEqual(chains(all, 'main'), ['1 × main']);
  });

  it('end where they would begin again, and where an awaiter is not known', () => {
    const all = tasksOf({ ship: ['bill'], bill: ['ship'], order: ['gone', 'bill'] });
    assert.deepEqual(chains(all, 'ship'), ['1 × ship < bill ...']);
    assert.deepEqual(chains(all, 'order'), ['1 × order < bill < ship ...']);
  });

  it('are cut where they are very long', () => {
    const awaitedBy: Record<TaskId, TaskId[]> = {};
    for (let depth = 0; depth < 100_000; depth++) awaitedBy[`step${depth}`] = [`step${depth + 1}`];
    const all = tasksOf(awaitedBy);
    assert.equal(awaitChains([all[0]!], tasksById(all))[0]?.tasks.length, 50);
  });
});
