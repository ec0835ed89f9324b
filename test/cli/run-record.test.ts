import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Recording } from '../../src/tracer/recording/recording';
import { readRecording } from '../../src/tracer/recording/recording-file';
import { SpanText } from '../../src/tracer/recording/span-text';
import { NONE, SpanState, TaskSpans } from '../../src/tracer/recording/task-spans';
import { agentFixtures, runToEnd, type Ended } from '../agent/agent-process';
import { nodeBinary, nodeMajors } from '../host/provision';
import { checkTrace } from '../tracer/recording/trace-check';
import { cliPath } from './command';

const shop = path.join(agentFixtures, 'shop.js');

describe('asyncscope run --record', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'asyncscope-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const record = (file: string, ...command: string[]): Promise<Ended> => runToEnd(process.execPath, [cliPath, 'run', '--record', path.join(folder, file), ...command], { ...process.env, NO_COLOR: '1' });

  for (const major of nodeMajors) {
    it(`writes every task of a run from its beginning on, on Node ${major}`, async () => {
      const { code, stderr } = await record('shop.asynctrace', await nodeBinary(major), shop);
      assert.equal(code, 4, stderr);
      assert.match(stderr, /^asyncscope: \d+ events of process \d+ are recorded in \S+shop\.asynctrace\.$/m);
      const recording = await readRecording(readFileSync(path.join(folder, 'shop.asynctrace')));
      const { names, pending } = tasksOf(recording, 0);
      assert.deepEqual(['order', 'price', 'stock', 'charge', 'Promise.all (2)', 'forever'].map((name) => names.filter((each) => each.endsWith(name)).length), [10, 10, 10, 10, 10, 1]);
      assert.ok(names.includes('order < Promise.all (2)') && names.includes('Promise.all (2) < price'));
      assert.deepEqual(pending, ['forever']);
      assert.match(stderr, /The program blocked its event loop/);
      assert.ok(recording.blocks.some(({ ms, at }) => ms >= 100 && at !== undefined));
    });
  }

  it('writes a file for each process, with a part for each thread', async () => {
    const { stderr } = await record('all.asynctrace', process.execPath, shop, 'child', 'worker');
    const files = readdirSync(folder).sort();
    assert.equal(files.length, 2, `${files.join()} ${stderr}`);
    const main = await readRecording(readFileSync(path.join(folder, 'all.asynctrace')));
    const child = await readRecording(readFileSync(path.join(folder, files.find((name) => name !== 'all.asynctrace')!)));
    assert.deepEqual([main.threads.length, child.threads.length], [2, 1]);
    assert.equal(files.includes(`all.${child.process.pid}.asynctrace`), true);
    for (const [recording, thread] of [[main, 0], [main, 1], [child, 0]] as const) {
      assert.equal(tasksOf(recording, thread).names.filter((name) => name.endsWith('charge')).length, 10);
    }
  });

  it('writes a trace or a table where the name asks for one', async () => {
    await record('shop.json', process.execPath, shop);
    const { tasks } = checkTrace(readFileSync(path.join(folder, 'shop.json'), 'utf8'));
    assert.equal(tasks.filter(({ name }) => name === 'charge').length, 10);
    await record('shop.csv', process.execPath, shop);
    assert.equal(readFileSync(path.join(folder, 'shop.csv'), 'utf8').split('\r\n').filter((line) => line.split(',')[2] === 'charge').length, 10);
  });

  it('says what is wrong with the file, and ends as the program does', async () => {
    const other = await record('shop.txt', process.execPath, shop);
    assert.deepEqual([other.code, /Give a file that ends with \.asynctrace, \.json, \.csv\./.test(other.stderr)], [2, true], other.stderr);
    const nowhere = await record('no/folder/shop.asynctrace', process.execPath, shop);
    assert.equal(nowhere.code, 4);
    assert.match(nowhere.stderr, /^asyncscope: the recording could not be written: .*Give --record a file in a folder that exists\.$/m);
  });
});

/** The tasks of a thread, as `awaiter < name` where one awaits them; and those that are pending at the end. */
function tasksOf(recording: Recording, thread: number): { names: string[]; pending: string[] } {
  const spans = TaskSpans.of(recording);
  const text = new SpanText(recording, spans);
  const names: string[] = [];
  const pending: string[] = [];
  for (let row = 0; row < spans.count; row++) {
    if (spans.thread[row] !== thread || spans.state[row] === SpanState.mistake) continue;
    const parent = spans.parent[row]!;
    names.push(parent === NONE ? text.name(row) : `${text.name(parent)} < ${text.name(row)}`);
    if (spans.state[row] === SpanState.waiting) pending.push(text.name(row));
  }
  return { names, pending };
}
