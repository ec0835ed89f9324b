import { strict as assert } from 'node:assert';
import path from 'node:path';
import { AwaitsCode } from '../../src/agent/protocol';
import { Step, type RecorderData } from '../../src/agent/recorder-protocol';
import { LiveAgent } from '../../src/tracer/live/live-agent';
import { RemoteRecorder } from '../../src/tracer/live/remote-recorder';
import { readSteps, type CallStep } from '../../src/tracer/recording/steps';
import { nodeBinary, nodeMajors } from '../host/provision';
import { TargetProcess } from '../tracer/heap/target-process';
import { agentFixtures, agentPath } from './agent-process';

const program = path.join(agentFixtures, 'recorded.js');
const recorderPath = path.resolve('dist/recorder.js');

interface Account {
  begun: Record<string, number>;
  ended: Record<string, number>;
  edges: Record<string, number>;
}

describe('the recorder in a process', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`tells every step of every call, and which one it waits for, on Node ${major}`, async () => {
      await recording(major, async ({ evaluate, recorder }) => {
        const first = await recorder.drain(0);
        assert.ok(first.tasks, 'what was pending before is told first');
        const account = JSON.parse((await evaluate('run(300)')) as string) as Account;
        const data = await recorder.drain(0);
        assert.equal(data.dropped, 0);
        assert.equal(data.tasks, undefined);
        const calls = callsIn(data);
        const told: Account = { begun: {}, ended: {}, edges: {} };
        const named = new Map([...calls].map(([id, { site }]) => [id, data.sites[site]![3]]));
        for (const [id, { steps, awaits }] of calls) {
          const name = named.get(id)!;
          count(told.begun, name);
          if (steps.at(-1) === Step.end) count(told.ended, name);
          for (const awaited of awaits) count(told.edges, `${name} > ${named.get(awaited)}`);
        }
        assert.deepEqual(ofProgram(told.begun), account.begun);
        assert.deepEqual(ofProgram(told.ended), account.ended);
        assert.deepEqual(ofProgram(told.edges), account.edges);
      });
    });

    it(`goes on with a call that began before it was watched, on Node ${major}`, async () => {
      await recording(major, async ({ recorder }) => {
        const ids: { id: number; before: number }[] = [];
        while (ids.length < 3) {
          const data = await recorder.drain(0);
          readSteps(data, ({ step, id, ref, site }) => {
            if (step === Step.orphan && data.sites[site]![3] === 'oldest') ids.push({ id, before: ref });
          });
        }
        for (let index = 1; index < ids.length; index++) assert.equal(ids[index]!.before, ids[index - 1]!.id);
      });
    });
  }

  it('counts what nobody asked for in time, and tells what is pending then', async () => {
    await recording(24, async ({ evaluate, recorder }) => {
      const sites = (await recorder.drain(0)).sites.length;
      await evaluate('flood(100_000)');
      const data = await recorder.drain(sites);
      assert.ok(data.dropped >= 4 * 100_000 - 131_072, `${data.dropped}`);
      assert.ok(data.tasks);
      let steps = 0;
      let last = 0;
      readSteps(data, ({ at }) => {
        steps++;
        assert.ok(at >= last && at <= data.now);
        last = at;
      });
      assert.equal(steps, 131_072);
      assert.equal((await recorder.drain(sites + data.sites.length)).dropped, 0);
    });
  });

  it('tells each block of the event loop, with where it was', async () => {
    await recording(24, async ({ evaluate, recorder }) => {
      const { origin, now } = await recorder.drain(0);
      // The watching thread begins some time after the recorder.
      const seen: RecorderData['blocks'] = [];
      const ofSpin = () => seen.find(({ frames }) => frames.some(({ name }) => name === 'spin'));
      while (!ofSpin()) {
        await evaluate('block(120)');
        seen.push(...(await recorder.drain(0)).blocks);
      }
      const { at, ms } = ofSpin()!;
      assert.ok(ms >= 100 && at > origin + now, `${ms} ${at - origin - now}`);
    });
  });

  it('leaves, and comes again', async () => {
    await recording(24, async ({ evaluate, recorder, start }) => {
      await recorder.stop();
      await assert.rejects(recorder.drain(0), /The recorder gave no answer: it is not in the process any more\./);
      await evaluate('run(1)');
      const again = await start();
      assert.ok((await again.drain(0)).tasks);
      await evaluate('run(2)');
      const calls = callsIn(await again.drain(0));
      assert.ok(calls.size > 10);
    });
  });

  it('refuses nonsense and a process without an agent in one sentence', async () => {
    const target = await TargetProcess.start({ node: await nodeBinary(24), args: [program] });
    try {
      const { session } = target.attachment;
      await assert.rejects(RemoteRecorder.start(session, recorderPath, '0'.repeat(32)), /there is no agent in it/);
      const { secret } = await LiveAgent.install(session, { agentPath });
      const recorder = await RemoteRecorder.start(session, recorderPath, secret);
      await assert.rejects(recorder.drain(-1), /The recorder refused: A question to the recorder needs/);
      assert.ok(await recorder.drain(0));
    } finally {
      await target.stop();
    }
  });
});

interface Recording {
  recorder: RemoteRecorder;
  start: () => Promise<RemoteRecorder>;
  /** The value of an expression in the program, when it is settled. */
  evaluate: (expression: string) => Promise<unknown>;
}

async function recording(major: (typeof nodeMajors)[number], use: (recording: Recording) => Promise<void>): Promise<void> {
  const target = await TargetProcess.start({ node: await nodeBinary(major), args: [program] });
  try {
    const { session } = target.attachment;
    const { secret } = await LiveAgent.install(session, { agentPath, blockedMs: 50 });
    const start = () => RemoteRecorder.start(session, recorderPath, secret);
    const evaluate = async (expression: string) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const { result } = await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', params, { timeoutMs: 30_000 });
      return result.value;
    };
    await use({ recorder: await start(), start, evaluate });
  } finally {
    await target.stop();
  }
}

interface RecordedCall {
  site: number;
  steps: number[];
  /** Ids of the calls that it waited for. */
  awaits: number[];
}

/** The calls that began in a recording; checks that each one's steps come in an order that makes sense. */
function callsIn(data: RecorderData): Map<number, RecordedCall> {
  const calls = new Map<number, RecordedCall>();
  const members = new Map<number, number[]>();
  readSteps(data, (told: CallStep) => {
    const { step, id, site, code, ref } = told;
    if (step === Step.begin) calls.set(id, { site, steps: [step], awaits: [] });
    else if (step === Step.mistake) calls.delete(id);
    else if (step === Step.member) members.set(id, [...(members.get(id) ?? []), ...(code === AwaitsCode.task ? [ref] : [])]);
    const call = calls.get(id);
    if (!call || step === Step.begin || step === Step.member || step === Step.group) return;
    const before = call.steps.at(-1)!;
    const allowed = before === Step.suspend ? [Step.resume, Step.suspend, Step.lost] : [Step.suspend, Step.end];
    assert.ok((allowed as number[]).includes(step), `${data.sites[call.site]![3]}: ${step} after ${before}`);
    call.steps.push(step);
    if (step !== Step.suspend) return;
    if (code === AwaitsCode.task) call.awaits.push(ref);
    if (code === AwaitsCode.group) call.awaits.push(...(members.get(ref) ?? []));
  });
  return calls;
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Without what Node or the test itself calls. */
function ofProgram(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([key]) => /^(leaf|middle|top|failing|synchronous|forever)( >|$)/.test(key)));
}
