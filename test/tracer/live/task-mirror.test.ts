// What a client keeps by the changes that it is told must be what the agent lists as a whole.
import assert from 'node:assert/strict';
import path from 'node:path';
import { handleName } from '../../../src/agent/config';
import { AwaitsCode, COLUMNS, parseAnswer, parseTaskChanges, parseTaskData, PROTOCOL_VERSION, type PollRequest, type TaskData } from '../../../src/agent/protocol';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { TaskMirror } from '../../../src/tracer/live/task-mirror';
import { agentFixtures, agentPath } from '../../agent/agent-process';
import { nodeBinary, nodeMajors } from '../../host/provision';
import { TargetProcess } from '../heap/target-process';

const ROUNDS = 25;

describe('the changes of a list of tasks', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`come to the whole list on Node ${major}`, async () => {
      const target = await TargetProcess.start({ node: await nodeBinary(major), args: ['--expose-gc', path.join(agentFixtures, 'churn.js')] });
      try {
        const { session } = target.attachment;
        const { secret } = await LiveAgent.install(session, { agentPath });
        const evaluate = async (expression: string) => (await session.send<{ result: { value?: unknown } }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })).result.value;
        /** Answers of one moment. */
        const ask = async (...requests: Omit<PollRequest, 'version'>[]) => {
          const handle = `globalThis[${JSON.stringify(handleName(secret))}]`;
          const texts = requests.map((request) => JSON.stringify({ version: PROTOCOL_VERSION, ...request }));
          const answers = (await evaluate(`${JSON.stringify(texts)}.map((request) => ${handle}.poll(request))`)) as string[];
          return answers.map((answer) => parseAnswer(answer).parts['tasks']);
        };
        const mirror = new TaskMirror();
        let told = 0;
        let gone = 0;
        for (let round = 0; round < ROUNDS; round++) {
          // A turn of the loop later nothing is about to happen.
          await evaluate(`step(40); ${round % 5 === 0 ? 'gc(); ' : ''}new Promise((resolve) => setTimeout(resolve))`);
          await evaluate('0');
          // Another client, or an answer that got lost: the next one is whole.
          if (round === 10) await ask({ sites: 0, since: mirror.sequence });
          const answers = await ask({ sites: 0, since: mirror.sequence }, { sites: 0 });
          const changes = parseTaskChanges(answers[0]);
          assert.equal(changes.whole, round === 0 || round === 10, `round ${round}`);
          const all = parseTaskData(answers[1]);
          const kept = mirror.apply(changes);
          assert.deepEqual(readable(kept), readable(all), `round ${round}`);
          if (!changes.whole) told = Math.max(told, changes.tasks.id.length / all.tasks.id.length);
          gone += changes.gone.length;
        }
        assert.ok(gone > 200 && mirror.sequence > ROUNDS);
        const { sequence } = mirror;
        const quiet = parseTaskChanges((await ask({ sites: 0, since: sequence }, { sites: 0, since: sequence + 1 }))[1]);
        assert.deepEqual([quiet.tasks.id, quiet.groups, quiet.gone, quiet.names, quiet.lost], [[], [], [], [], []], 'where nothing happened, nothing is told');
        assert.ok(told < 0.9);
      } finally {
        await target.stop();
      }
    });
  }
});

/** Independent of the order of tasks and groups. */
function readable({ tasks, groups, names, lost, sites }: TaskData): unknown {
  const rows = tasks.id.map((id, index) => {
    const row: Record<string, unknown> = Object.fromEntries(COLUMNS.map((column) => [column, tasks[column][index]]));
    if (row['awaits'] === AwaitsCode.group) row['ref'] = groups[tasks.ref[index]!];
    return [id, row] as const;
  });
  const byId = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]) => a - b;
  return { rows: rows.sort(byId), names: [...names].sort(byId), lost, sites: sites.length };
}
