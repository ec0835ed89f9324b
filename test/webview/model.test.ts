import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AwaitsCode } from '../../src/agent/protocol';
import { EventColumns, RecordedEvent } from '../../src/tracer/recording/events';
import type { RecordingBatch } from '../../src/tracer/recording/recording';
import { NONE } from '../../src/tracer/recording/task-spans';
import { readFromPage, readToPage } from '../../src/webview/messages';
import { TimelineModel } from '../../src/webview/model';
import { Search } from '../../src/webview/search';

const process_ = { pid: 7, node: 'v24.0.0', label: 'app', startedAt: 0 };
const sites = [
  { name: '', kind: 0, builtin: '' },
  { name: 'serve', kind: 1, builtin: '', place: { file: '/app/server.js', line: 3, column: 1 } },
  { name: 'query', kind: 1, builtin: '', place: { file: '/app/database.js', line: 30, column: 1 } },
];

describe('what the timeline shows', () => {
  it('is found again by time, on each lane and beside each task', () => {
    const model = modelOf();
    const [serve, first, second] = [1, 2, 3].map((number) => model.spans.row(number)) as [number, number, number];
    assert.deepEqual([serve, first, second].map((row) => model.lanes.lane[row]), [0, 1, 1]);
    assert.deepEqual([serve, first, second].map((row) => model.lanes.depth[row]), [0, 1, 1]);
    assert.equal(model.at(0, 50), serve);
    assert.deepEqual([15, 25, 35].map((time) => model.at(1, time)), [first, NONE, second]);
    assert.equal(model.at(1, 25, 6), first, 'a thin bar is hit from beside it');
    assert.equal(model.at(2, 15), NONE);
    assert.deepEqual([model.neighbour(first, 1), model.neighbour(second, -1), model.neighbour(second, 1)], [second, first, NONE]);
    assert.equal(model.waiting(serve), 10 + 20);
    assert.deepEqual([...model.pending(0, 100, 10)], [1, 2, 1, 2, 2, 1, 1, 1, 1, 1]);
  });

  it('grows by what comes, and keeps to the last minute', () => {
    const model = new TimelineModel(process_, []);
    model.add(batch(0, [[RecordedEvent.begin, 0, 1, 1], [RecordedEvent.suspend, 1, 1, 1]], true));
    let number = 1;
    for (let second = 1; second <= 200; second++) {
      const rows: number[][] = [];
      for (let task = 0; task < 500; task++) rows.push([RecordedEvent.begin, second * 1000, ++number, 2], [RecordedEvent.end, second * 1000 + 1, number]);
      model.add(batch(second * 1000 + 2, rows));
      if (second % 20 === 0) model.refresh();
    }
    assert.equal(model.since, 200_002 - 61_000);
    assert.ok(model.taskCount >= 61 * 500 + 1 && model.taskCount < 200_000 / 2, `${model.taskCount}`);
    assert.equal(model.spans.start[model.spans.row(1)], 0, 'what lasts is not forgotten');
  });

  it('takes less than 64 MB of memory for a million events', async () => {
    const before = await usedMemory();
    const model = new TimelineModel(process_, []);
    let number = 0;
    for (let poll = 0; poll < 100; poll++) {
      const rows: number[][] = [];
      for (let task = 0; task < 5_000; task++) {
        const at = poll * 250 + task / 20;
        number++;
        rows.push([RecordedEvent.begin, at, number, 1], [RecordedEvent.suspend, at, number, 2], [RecordedEvent.resume, at, number], [RecordedEvent.end, at, number]);
      }
      // The last 50 of these are a million.
      model.add({ ...batch(poll * 250 + 250, rows, poll === 0), since: Math.max(0, poll - 49) * 250 });
      if (poll % 10 === 9) model.refresh();
    }
    assert.ok(model.taskCount >= 250_000 && model.taskCount < 400_000, `${model.taskCount}`);
    const megabytes = ((await usedMemory()) - before) / 1024 / 1024;
    assert.ok(megabytes < 64, `${megabytes.toFixed(1)} MB`);
    assert.ok(model.lanes.count > 0);
  });

  it('is searched by names and places', () => {
    const model = modelOf();
    const search = new Search();
    const found = (query: string) => {
      search.run(model, query);
      return search.rows.map((row) => model.spans.number[row]);
    };
    assert.deepEqual(found('query'), [2, 3]);
    assert.deepEqual(found('SERVER.js:3'), [1]);
    assert.deepEqual(found('query database'), [2, 3]);
    assert.deepEqual(found('query nothing'), []);
    assert.deepEqual(found('urgent'), [3], 'a name that the program gave');
    assert.deepEqual(found(''), []);
    found('query');
    const [first, second] = search.rows as [number, number];
    assert.deepEqual([search.next(NONE, 1), search.next(first, 1), search.next(second, 1), search.next(first, -1)], [first, second, first, second]);
    assert.ok(search.has(first) && !search.has(model.spans.row(1)));
  });
});

describe('the messages of the timeline’s page', () => {
  it('are taken only where they have their shape', () => {
    assert.deepEqual(readFromPage({ type: 'openSite', site: 3, caller: false, more: 1 }), { type: 'openSite', site: 3, caller: false });
    for (const sent of [undefined, null, 'ready', {}, { type: 'run' }, { type: 'pause' }, { type: 'openSite', site: '/etc/passwd', caller: false }, { type: 'openSite', site: 1.5, caller: false }, { type: 'openBlock', from: NaN }]) {
      assert.equal(readFromPage(sent), undefined, JSON.stringify(sent));
    }
    const add = { type: 'add', batch: batch(1, []) };
    assert.equal(readToPage(add), add);
    for (const sent of [undefined, { type: 'add' }, { type: 'add', batch: { ...add.batch, events: [] } }, { type: 'state', state: 'odd' }, { type: 'open', process: null, batches: [], state: 'file' }]) {
      assert.equal(readToPage(sent), undefined, JSON.stringify(sent));
    }
  });
});

async function usedMemory(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What arrays held is given back in the background.
  for (let turn = 0; turn < 20; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** `serve` waits for two `query`s one after the other. */
function modelOf(): TimelineModel {
  const rows = [
    [RecordedEvent.begin, 0, 1, 1],
    [RecordedEvent.begin, 10, 2, 2],
    [RecordedEvent.suspend, 10, 1, 1, AwaitsCode.task, 2],
    [RecordedEvent.end, 20, 2],
    [RecordedEvent.resume, 20, 1],
    [RecordedEvent.begin, 30, 3, 2],
    [RecordedEvent.suspend, 30, 1, 1, AwaitsCode.task, 3],
    [RecordedEvent.end, 50, 3],
    [RecordedEvent.resume, 50, 1],
  ];
  return new TimelineModel(process_, [{ ...batch(100, rows, true), names: [[3, 'urgent']] }]);
}

/** kind, time, task, site, code, ref. */
function batch(now: number, rows: number[][], isFirst = false): RecordingBatch {
  const events = new EventColumns();
  for (const [kind, time, task, site, code, ref] of rows) events.push(kind!, time!, task!, site, code, ref);
  return { now, since: Math.max(0, now - 61_000), threads: isFirst ? ['main thread'] : [], sites: isFirst ? sites : [], names: [], blocks: [], gaps: [], events: events.toBytes() };
}
