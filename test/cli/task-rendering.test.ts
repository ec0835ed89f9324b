import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { taskTable as styledTable } from '../../src/cli/task-table';
import { taskTree as styledTree } from '../../src/cli/task-tree';
import type { Task } from '../../src/tracer/task';

// What is checked is the text; a terminal has it in colours.
const plain = (lines: string[]) => lines.map(stripVTControlCharacters);
const taskTable: typeof styledTable = (...args) => plain(styledTable(...args));
const taskTree: typeof styledTree = (...args) => plain(styledTree(...args));

/** A task at `app.js:LINE:1` of the working directory. */
function task(id: string, name: string, more: Partial<Task> & { line?: number } = {}): Task {
  const { line = 1, ...rest } = more;
  const at = { file: `${process.cwd()}/app.js`, line, column: 1 };
  return { id, name, kind: 'async-function', state: 'awaiting', stuck: false, at, defined: at, awaits: { promise: true }, awaitedBy: [], ...rest };
}

/** Rows of a table by words. */
const cells = (lines: string[]) => lines.map((line) => line.trim().split(/ {2,}/));

describe('taskTable', () => {
  it('puts tasks that are alike in one row, whatever their details', () => {
    const timer = (id: string, due: string) => task(id, 'poll', { awaits: { resource: 'Timeout', detail: `due in ${due} s` } });
    const rows = cells(taskTable([timer('t1', '5'), timer('t2', '5'), timer('t3', '7'), task('t4', 'other')], Infinity));
    assert.deepEqual(rows.slice(1), [
      ['awaiting', 't1', 'app.js:1:1', 'poll ×3', 'Timeout due in 5 s, …'],
      ['awaiting', 't4', 'app.js:1:1', 'other', 'a promise'],
    ]);
  });

  it('keeps tasks apart that differ in state, place, name, wait or awaiter', () => {
    const tasks = [
      task('t1', 'a'),
      task('t2', 'a', { state: 'ready' }),
      task('t3', 'a', { line: 2 }),
      task('t4', 'b'),
      task('t5', 'a', { awaits: { task: 't4' } }),
      task('t6', 'a', { awaitedBy: ['t4'] }),
    ];
    assert.equal(taskTable(tasks, Infinity).length, 1 + tasks.length);
  });

  it('marks a place that is exact for none of them', () => {
    const lines = taskTable([task('t1', 'a', { atIsExact: false }), task('t2', 'b', { atIsExact: false }), task('t3', 'b')], Infinity);
    assert.deepEqual(cells(lines).slice(1).map((row) => [row[2], row[3]]), [['app.js:1:1', 'b ×2'], ['~app.js:1:1', 'a']]);
  });

  it('shows a stuck task first, with the reason', () => {
    const lines = taskTable([task('t1', 'a'), task('t2', 'b', { stuck: true, stuckReason: 'Waits for nothing.' })], Infinity);
    assert.deepEqual(cells(lines).slice(1).map((row) => row[0]), ['stuck', '└ Waits for nothing.', 'awaiting']);
  });

  it('fits any width, keeping the end of a place and the start of the rest', () => {
    const long = task('t1', 'aVeryLongFunctionNameIndeed', {
      at: { file: '/srv/some/deep/folder/of/a/program/source.js', line: 1234, column: 56 },
      awaits: { resource: 'Socket', detail: '192.168.100.200:54321 of a long story' },
    });
    for (let width = 10; width < 140; width += 7) {
      for (const line of taskTable([long], width)) assert.ok(line.length <= width, `${width}: ${line}`);
    }
    const [, row] = cells(taskTable([long], 100));
    assert.match(row?.[2] ?? '', /^…\S*:1234:56$/);
    assert.match(row?.[4] ?? '', /^Socket .*…$/);
  });

  it('lets no control character of the program reach the terminal', () => {
    const evil = '\u001b[2J\r\n\u009b0m';
    const tasks = [
      task(`t1`, evil, {
        stuck: true,
        stuckReason: evil,
        awaits: { resource: evil, detail: evil },
        at: { file: evil, line: 1, column: 1 },
        locals: [{ name: evil, value: evil }],
      }),
    ];
    for (const line of [...taskTable(tasks, 200), ...taskTree(tasks, 200)]) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('taskTree', () => {
  it('puts a task below the one that waits for it', () => {
    const tasks = [
      task('t1', 'main', { awaits: { task: 't2' } }),
      task('t2', 'load', { awaits: { group: 'all', tasks: ['t3', 't4', 't5'], pending: 4, total: 6, resources: [{ resource: 'Timeout', detail: 'due in 1 s' }] }, awaitedBy: ['t1'] }),
      task('t3', 'fetch', { awaitedBy: ['t2'] }),
      task('t4', 'fetch', { awaitedBy: ['t2'] }),
      task('t5', 'parse', { awaits: { resource: 'FileRequest', detail: '/a' }, awaitedBy: ['t2'] }),
    ];
    assert.deepEqual(taskTree(tasks, Infinity), [
      'main  t1  app.js:1:1',
      '└─ load  t2  app.js:1:1  Promise.all, 2 of 6 settled',
      '   ├─ fetch ×2  t3  app.js:1:1  waits for a promise',
      '   ├─ parse  t5  app.js:1:1  waits for FileRequest /a',
      '   └─ Timeout due in 1 s',
    ]);
  });

  it('prints a task that several wait for once, and refers to it', () => {
    const tasks = [
      task('t1', 'one', { awaits: { task: 't3' }, line: 1 }),
      task('t2', 'two', { awaits: { task: 't3' }, line: 2 }),
      task('t3', 'shared', { awaits: { task: 't4' }, awaitedBy: ['t1', 't2'] }),
      task('t4', 'leaf', { awaitedBy: ['t3'] }),
    ];
    assert.deepEqual(taskTree(tasks, Infinity), [
      'one  t1  app.js:1:1',
      '└─ shared  t3  app.js:1:1',
      '   └─ leaf  t4  app.js:1:1  waits for a promise',
      'two  t2  app.js:2:1',
      '└─ shared  t3  app.js:1:1  shown above',
    ]);
  });

  it('shows a cycle as such, and what hangs on it', () => {
    const tasks = [
      task('t1', 'a', { awaits: { task: 't2' }, awaitedBy: ['t3'] }),
      task('t2', 'b', { awaits: { task: 't3' }, awaitedBy: ['t1', 't4'] }),
      task('t3', 'c', { awaits: { task: 't1' }, awaitedBy: ['t2'] }),
      task('t4', 'outside', { awaits: { task: 't2' } }),
      task('t5', 'self', { awaits: { task: 't5' }, awaitedBy: ['t5'] }),
    ];
    assert.deepEqual(taskTree(tasks, Infinity), [
      'outside  t4  app.js:1:1',
      '└─ b  t2  app.js:1:1',
      '   └─ c  t3  app.js:1:1',
      '      └─ a  t1  app.js:1:1',
      '         └─ b  t2  app.js:1:1  ↺ a cycle: it waits for itself',
      'self  t5  app.js:1:1',
      '└─ self  t5  app.js:1:1  ↺ a cycle: it waits for itself',
    ]);
  });

  it('draws chains and groups of any length', () => {
    const many = 100_000;
    const chain = Array.from({ length: many }, (_, i) =>
      task(`t${i}`, `f${i}`, { ...(i + 1 < many && { awaits: { task: `t${i + 1}` } }), ...(i > 0 && { awaitedBy: [`t${i - 1}`] }) }),
    );
    const lines = taskTree(chain, 80);
    assert.equal(lines.length, many);
    assert.match(lines.at(-1) ?? '', /^\[99999\] f99999 /);
    const members = Array.from({ length: many }, (_, i) => task(`m${i}`, `member${i}`, { awaitedBy: ['all'] }));
    const all = task('all', 'all', { awaits: { group: 'all', tasks: members.map(({ id }) => id), pending: many, total: many } });
    assert.equal(taskTree([all, ...members], 80).length, many + 1);
  });

  it('fits any width', () => {
    const tasks = [task('t1', 'a'.repeat(200), { stuck: true, stuckReason: 'b'.repeat(200), locals: [{ name: 'c', value: 'd'.repeat(200) }] })];
    for (const line of taskTree(tasks, 60)) assert.ok(line.length <= 60, line);
  });
});
