import { strict as assert } from 'node:assert';
import path from 'node:path';
import type { TaskDescription } from '../../runtime';
import { nodeBinary, nodeMajors } from '../host/provision';
import { agentFixtures, runToEnd, withAgent } from './agent-process';

const program = path.join(agentFixtures, 'named.mjs');

describe('asyncscope/runtime', function () {
  this.timeout(60_000);

  for (const major of nodeMajors) {
    it(`lists and names the program's own tasks on Node ${major}`, async () => {
      const ended = await runToEnd(await nodeBinary(major), [program], withAgent());
      assert.equal(ended.stderr, '');
      const { tasks } = JSON.parse(ended.stdout) as { tasks: TaskDescription[] };
      assert.deepEqual(
        tasks.map(({ name, label, line }) => ({ name, label, line })),
        [7, 8].map((id) => ({ name: 'order', label: `order ${id}, paid`, line: 8 })),
      );
      for (const { file, ageMs } of tasks) {
        assert.match(file, /named\.mjs$/);
        assert.ok(ageMs >= 0);
      }
    });
  }

  it('does nothing without the agent', async () => {
    const ended = await runToEnd(process.execPath, [program]);
    assert.deepEqual(JSON.parse(ended.stdout), { outside: false, tasks: [] });
  });
});
