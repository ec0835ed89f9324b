import assert from 'node:assert/strict';
import { AwaitsCode } from '../../../src/agent/protocol';
import { chromeTrace } from '../../../src/tracer/recording/chrome-trace';
import { csv } from '../../../src/tracer/recording/csv';
import { EVENT_BYTES, EventColumns, RecordedEvent } from '../../../src/tracer/recording/events';
import { layOut } from '../../../src/tracer/recording/lanes';
import { Recording, type RecordingBatch } from '../../../src/tracer/recording/recording';
import { readRecording, writeRecording } from '../../../src/tracer/recording/recording-file';
import { NONE, SpanState, TaskSpans } from '../../../src/tracer/recording/task-spans';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync, gzipSync } from 'node:zlib';
import { checkTrace } from './trace-check';

const process_ = { pid: 7, node: 'v24.0.0', label: 'app, "quoted"', startedAt: 1_700_000_000_000 };
const sites = [
  { name: '', kind: 0, builtin: '' },
  { name: 'serve', kind: 1, builtin: '', place: { file: '/app/server.js', line: 3, column: 1 } },
  { name: '', kind: 4, builtin: '', place: { file: '/app/with, comma.js', line: 9, column: 5 } },
];

describe('a recording', function () {
  this.timeout(60_000);

  it('keeps the last minute, and of what began before that all that still goes on', () => {
    const recording = new Recording(process_);
    recording.add(batch(0, [[RecordedEvent.begin, 0, 1, 1], [RecordedEvent.member, 1, 2, 0, AwaitsCode.task, 3], [RecordedEvent.begin, 0.5, 3, 1]], true));
    recording.add(batch(2, [[RecordedEvent.group, 2, 2, 2, 0, 5], [RecordedEvent.suspend, 2, 1, 2, AwaitsCode.group, 2]]));
    for (let second = 1; second <= 100; second++) {
      const number = 10 + second;
      const at = second * 1000;
      recording.add(batch(at, [[RecordedEvent.begin, at - 9, number, 1], [RecordedEvent.suspend, at - 8, number, 2], [RecordedEvent.resume, at - 2, number], [RecordedEvent.end, at - 1, number]]));
    }
    assert.equal(recording.count, 61 * 4);
    assert.equal(recording.forgotten, 5 + 39 * 4);
    assert.equal(recording.since, 39_000);
    const spans = TaskSpans.of(recording);
    assert.equal(spans.count, 61 + 3);
    const [first, group, member] = [1, 2, 3].map((number) => spans.row(number));
    assert.deepEqual([spans.start[first!], spans.state[first!], spans.total(group!)], [0, SpanState.waiting, 5]);
    assert.deepEqual([spans.parent[first!], spans.parent[group!]], [NONE, first]);
    assert.equal(spans.start[member!], 0.5);
  });

  it('keeps a million events of a storm in less than 64 MB, and no more', () => {
    const before = usedMemory();
    const recording = new Recording(process_);
    let number = 0;
    for (let poll = 0; poll < 60; poll++) {
      const rows: number[][] = [];
      for (let task = 0; task < 10_000; task++) {
        const at = poll * 250 + task / 100;
        number++;
        rows.push([RecordedEvent.begin, at, number, 1], [RecordedEvent.suspend, at, number, 2], [RecordedEvent.resume, at, number], [RecordedEvent.end, at, number]);
      }
      recording.add(batch(poll * 250 + 250, rows, poll === 0));
    }
    assert.ok(recording.count <= 1_000_000 && recording.count > 900_000, `${recording.count}`);
    assert.equal(recording.count + recording.forgotten, 60 * 40_000);
    const megabytes = (usedMemory() - before) / 1024 / 1024;
    assert.ok(megabytes < 64, `${megabytes.toFixed(1)} MB`);
    const spans = TaskSpans.of(recording);
    assert.equal(spans.count, recording.count / 4);
    assert.equal(layOut(spans, recording.now, 1).count, 1);
  });

  it('is made again by its batches, wherever it was cut', () => {
    const recording = storm();
    const again = new Recording(process_);
    for (const part of recording.batches()) again.add(structuredClone(part));
    assert.equal([...csv(again)].join(''), [...csv(recording)].join(''));
  });

  it('of tasks made at random is exported so that a viewer can read it', () => {
    const recording = storm();
    const { tasks, awaits } = checkTrace([...chromeTrace(recording)].join(''));
    const spans = TaskSpans.of(recording);
    assert.equal(tasks.length, spans.count);
    assert.ok(tasks.length > 1000 && awaits.length > 1000);
    const lines = [...csv(recording)];
    assert.equal(lines.length, spans.count + 1);
    for (const line of lines) assert.equal(cells(line.trimEnd()).length, 19, line);
    assert.ok(lines.some((line) => line.includes('"/app/with, comma.js",9,5')));
  });

  it('is read again from its file only where that is whole, and of this version', async () => {
    const file = Buffer.from(await writeRecording(storm()));
    const whole = gunzipSync(file);
    const line = whole.indexOf(0x0a);
    const header = JSON.parse(whole.subarray(0, line).toString()) as Record<string, unknown>;
    const events = whole.subarray(line + 1);
    const written = (changed: object, bytes: Uint8Array = events) => gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, ...changed })}\n`), bytes]));
    assert.equal([...csv(await readRecording(written({})))].join(''), [...csv(storm())].join(''));
    const refused = (bytes: Uint8Array, sentence: RegExp) => assert.rejects(readRecording(bytes), { message: sentence });
    await refused(new Uint8Array(), /^This is no Asyncscope recording\.$/);
    await refused(Buffer.from('{}'), /^This is no Asyncscope recording\.$/);
    await refused(gzipSync('hello'), /^This is no Asyncscope recording\.$/);
    await refused(gzipSync('{}\n'), /^This is no Asyncscope recording\.$/);
    await refused(file.subarray(0, file.length / 2), /^The recording is damaged or was cut short: record again\.$/);
    await refused(Buffer.concat([file.subarray(0, 500), Buffer.alloc(20), file.subarray(520)]), /^The recording is damaged or was cut short: record again\.$/);
    await refused(written({ version: 2 }), /^The recording is of format 2, and this Asyncscope reads format 1: use the one that wrote it\.$/);
    const damaged = /^The recording is damaged: record again\.$/;
    await refused(written({}, events.subarray(EVENT_BYTES)), damaged);
    await refused(written({ threads: [] }), damaged);
    await refused(written({ sites: [] }), damaged);
    await refused(written({ sites: [{}] }), damaged);
    await refused(written({ process: null }), damaged);
    await refused(written({ blocks: [{}] }), damaged);
    await refused(written({ now: 'later' }), damaged);
    const kinds = Buffer.from(events);
    kinds[(header['events'] as number) * 20] = 77;
    await refused(written({}, kinds), damaged);
  });
});

/** kind, time, task, site, code, ref. */
function batch(now: number, rows: number[][], isFirst = false): RecordingBatch {
  const events = new EventColumns();
  for (const [kind, time, task, site, code, ref] of rows) events.push(kind!, time!, task!, site, code, ref);
  return { now, since: 0, threads: isFirst ? ['main thread'] : [], sites: isFirst ? sites : [], names: [], blocks: [], gaps: [], events: events.toBytes() };
}

/** 3,000 tasks that begin, wait for one another and end at random moments, the same each time. */
function storm(): Recording {
  const recording = new Recording(process_, { ms: 60_000, events: 9_000 });
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48_271) % 0x7fffffff) % below;
  const open: { number: number; waits: boolean }[] = [];
  let number = 0;
  let time = 0;
  for (let part = 0; part < 40; part++) {
    const rows: number[][] = [];
    for (let step = 0; step < 300; step++) {
      time += random(1000) / 1000;
      const task = open[random(Math.max(1, open.length))];
      if (!task || random(4) === 0) {
        open.push({ number: ++number, waits: false });
        rows.push([RecordedEvent.begin, time, number, 1]);
      } else if (task.waits) {
        task.waits = false;
        rows.push([RecordedEvent.resume, time, task.number]);
      } else if (random(2) === 0) {
        task.waits = true;
        const awaited = open[random(open.length)]!;
        rows.push([RecordedEvent.suspend, time, task.number, 2, AwaitsCode.task, awaited.number]);
      } else {
        open.splice(open.indexOf(task), 1);
        rows.push([random(20) === 0 ? RecordedEvent.lost : RecordedEvent.end, time, task.number]);
      }
    }
    recording.add(batch(time, rows, part === 0));
  }
  return recording;
}

function cells(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell!).slice(0, line.endsWith(',') ? undefined : -1);
}

function usedMemory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
