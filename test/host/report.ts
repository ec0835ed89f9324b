// Makes each test that ran inside VS Code a test of the run outside, with its own result, so that the counts are true.
import assert from 'node:assert/strict';
import { Suite, Test } from 'mocha';
import type { TestResult } from './link';
import { runSuite, suiteLimit, type SuiteOptions, type SuiteRun } from './run-suite';

/** Declares a describe of that title that runs the suite once and has its tests. */
export function reportSuite(title: string, options: SuiteOptions): void {
  describe(title, function () {
    // Room for VS Code's own installation beside the suite.
    this.timeout(2 * suiteLimit);
    let ended: SuiteRun | undefined;

    before(async function () {
      ended = await runSuite(options);
      const parent = this.test?.parent;
      assert.ok(parent);
      for (const result of ended.results) suiteOf(parent, result.titles.slice(0, -1)).addTest(testOf(result));
    });

    it('runs to its end', function () {
      assert.ok(ended && ended.results.length > 0, 'the suite has no tests');
      process.stderr.write(`      VS Code: ${ended.where}\n`);
    });
  });
}

function suiteOf(parent: Suite, titles: string[]): Suite {
  const [title, ...rest] = titles;
  if (title === undefined) return parent;
  const existing = parent.suites.find((suite) => suite.title === title);
  return suiteOf(existing ?? Suite.create(parent, title), rest);
}

function testOf(result: TestResult): Test {
  const title = result.titles.at(-1) ?? '';
  if (result.state === 'pending') return new Test(title);
  return new Test(title, () => {
    if (result.state !== 'failed') return;
    const failure = new Error(result.error?.message);
    if (result.error?.stack) failure.stack = result.error.stack;
    throw failure;
  });
}
