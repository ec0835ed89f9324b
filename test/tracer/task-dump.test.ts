import assert from 'node:assert/strict';
import type { Awaits, Task, TaskReport } from '../../src/tracer/task';
import { dumpTasks } from '../../src/tracer/task-dump';

function task(id: string, name: string, awaits: Awaits, more: Partial<Task> = {}): Task {
  return { id, name, kind: 'async-function', state: 'awaiting', stuck: false, at: { file: '/app/work.ts', line: 10, column: 3 }, awaits, awaitedBy: [], ...more };
}

function report(tasks: Task[]): TaskReport {
  return { version: 1, target: { pid: 7, node: 'v24.1.0', source: 'heap' }, threads: [{ id: 'main', name: 'main', tasks }], warnings: [] };
}

const timer: Awaits = { resource: 'Timeout', detail: 'due in 5 s' };

describe('task dump', () => {
  it('writes the await tree, equal branches once', () => {
    const tasks = [
      task('m', 'main', { group: 'all', tasks: ['w1', 'w2', 'x'], pending: 3, total: 4 }),
      task('w1', 'Worker.loop', timer, { awaitedBy: ['m'] }),
      task('w2', 'Worker.loop', timer, { awaitedBy: ['m'] }),
      task('x', 'read', { resource: 'FileRequest', detail: '/etc/hosts' }, { awaitedBy: ['m'] }),
    ];
    assert.equal(
      dumpTasks(report(tasks)),
      [
        '# Asyncscope task dump of process 7, Node v24.1.0',
        '',
        'thread main: 4 tasks',
        '  main  /app/work.ts:10:3  Promise.all, 1 of 4 settled: Worker.loop ×2, read',
        '    Worker.loop ×2  /app/work.ts:10:3  Timeout due in 5 s',
        '    read  /app/work.ts:10:3  FileRequest /etc/hosts',
        '',
      ].join('\n'),
    );
  });

  it('shows circles and what is stuck', () => {
    const stuck = { stuck: true, stuckReason: 'each waits for the other' };
    const tasks = [task('a', 'left', { task: 'b' }, { awaitedBy: ['b'], ...stuck }), task('b', 'right', { task: 'a' }, { awaitedBy: ['a'], ...stuck })];
    assert.deepEqual(dumpTasks(report(tasks)).split('\n').slice(2), [
      'thread main: 2 tasks, 2 stuck',
      '  left  /app/work.ts:10:3  stuck: each waits for the other',
      '    right  /app/work.ts:10:3  stuck: each waits for the other',
      '      ↺ left  /app/work.ts:10:3  stuck: each waits for the other  (waits for itself)',
      '',
    ]);
  });

  it('is the same for the same tasks, whatever their ids and order', () => {
    const one = [task('a', 'first', timer), task('b', 'second', { task: 'c' }), task('c', 'third', timer, { awaitedBy: ['b'] })];
    const other = [task('z', 'third', timer, { awaitedBy: ['y'] }), task('y', 'second', { task: 'z' }), task('x', 'first', timer)];
    assert.equal(dumpTasks(report(one)), dumpTasks(report(other)));
  });

  it('writes a chain longer than the stack', () => {
    const length = 50_000;
    const chain = Array.from({ length }, (_, at) => task(`t${at}`, 'step', at + 1 < length ? { task: `t${at + 1}` } : timer, at > 0 ? { awaitedBy: [`t${at - 1}`] } : {}));
    assert.equal(dumpTasks(report(chain)).split('\n').filter((line) => line.includes('step')).length, length);
  });
});
