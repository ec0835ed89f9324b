// The test suites of popular packages, as their authors wrote them, with the agent in the process and without it.
import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { nodeBinary, npmPackages } from '../host/provision';
import { agentFixtures, runToEnd, withAgent, type Ended } from './agent-process';

const PACKAGES = [
  'fastq@1.19.1',
  'light-my-request@6.8.1',
  'promises-aplus-tests@2.1.2',
  'resolve@1.22.10',
  // What their tests need.
  'end-of-stream@1.4.5',
  'express@5.1.0',
  'form-auto-content@3.2.1',
  'form-data@4.0.4',
  'formdata-node@6.0.3',
  'multer@2.0.2',
  'object-keys@1.1.1',
  'tape@5.9.0',
  'undici@7.16.0',
];

interface Suite {
  /** Below the packages' folder, where there is none of our own. */
  program?: string;
  /** The package's test files, each given to `node`, with these arguments before. */
  tests?: string;
  args?: string[];
  /** Files left out: their output has the order in which the disk answers. */
  without?: string[];
  /** At least so many tests ran. */
  least: number;
}

const SUITES: Record<string, Suite> = {
  fastq: { tests: 'fastq/test', least: 200 },
  'light-my-request': { tests: 'light-my-request/test', args: ['--test', '--test-reporter=tap'], least: 100 },
  'promises-aplus-tests': { program: path.join(agentFixtures, 'promises-aplus.js'), args: ['--unhandled-rejections=none'], least: 800 },
  resolve: { tests: 'resolve/test', without: ['node_path.js'], least: 250 },
};

describe('the suites of popular packages', function () {
  this.timeout(600_000);

  for (const [name, { program, tests, args = [], without = [], least }] of Object.entries(SUITES)) {
    it(`${name} passes under the agent exactly as without it`, async () => {
      const node = await nodeBinary(24);
      const modules = path.join(await npmPackages('suites-1', PACKAGES, () => undefined), 'node_modules');
      const files = program ? [program] : readdirSync(path.join(modules, tests!)).filter((file) => file.endsWith('.js') && !without.includes(file)).sort().map((file) => path.join(modules, tests!, file));
      let passed = 0;
      for (const file of files) {
        const cwd = program ? process.cwd() : path.join(modules, tests!, '..');
        const env = { ...process.env, NODE_PATH: modules };
        const [alone, watched] = await Promise.all([runToEnd(node, [...args, file], env, cwd), runToEnd(node, [...args, file], { ...env, ...withAgentOnly() }, cwd)]);
        assert.deepEqual(withoutTimes(watched), withoutTimes(alone), path.basename(file));
        passed += alone.stdout.match(/^\s*ok \d+/gm)?.length ?? 0;
      }
      assert.ok(passed >= least, `${passed} tests passed`);
    });
  }
});

/** The variables that bring the agent; whoever runs these tests has others. */
function withAgentOnly(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, ASYNCSCOPE_AGENT } = withAgent();
  return { NODE_OPTIONS, ASYNCSCOPE_AGENT };
}

/** Durations, process ids and ports differ from run to run. */
function withoutTimes({ code, signal, stdout, stderr }: Ended): Ended {
  const clean = (text: string) => text.replace(/duration_ms[: ]+[\d.]+/g, 'duration_ms').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1').replace(/\(node:\d+\)/g, '(node)').replace(/# (?:duration|time).*/g, '');
  return { code, signal, stdout: clean(stdout), stderr: clean(stderr) };
}
