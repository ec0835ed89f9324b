// `npm run bench [TOPIC…]`: measures and prints ratios, each beside its goal; exit code 1 when one is missed.
import { benchActivation } from './activation';
import { benchBlockedLoop } from './blocked-loop';
import { benchCheck } from './check';
import { benchDebug } from './debug';
import { benchExplorer } from './explorer';
import { benchPs } from './ps';
import { benchServer } from './server';
import { benchSnapshot } from './snapshot';
import { benchSoak } from './soak';
import type { Goal } from './table';
import { benchTrack } from './track';

const topics: Record<string, () => Promise<Goal[]>> = {
  check: benchCheck,
  server: benchServer,
  activation: benchActivation,
  ps: benchPs,
  snapshot: benchSnapshot,
  explorer: benchExplorer,
  track: benchTrack,
  loop: benchBlockedLoop,
  debug: benchDebug,
};

/** Those that take minutes, and run only when they are named. */
const longTopics: Record<string, () => Promise<Goal[]>> = { soak: benchSoak };

async function main(wanted: readonly string[]): Promise<void> {
  for (const topic of wanted.length > 0 ? wanted : Object.keys(topics)) {
    const run = topics[topic] ?? longTopics[topic];
    if (!run) throw new Error(`There is no benchmark "${topic}". Known: ${Object.keys({ ...topics, ...longTopics }).join(', ')}.`);
    const goals = await run();
    if (goals.some(({ value, limit }) => !(value <= limit))) process.exitCode = 1;
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
