import { nodeMajors, type NodeMajor } from './host/provision';

/**
 * For tests that mostly wait: runs `body` on every version of Node at once, when it is first wanted on one of them. What
 * comes of it is each version's own.
 */
export function onAllAtOnce(body: (major: NodeMajor) => Promise<void>): (major: NodeMajor) => Promise<void> {
  let runs: Map<NodeMajor, Promise<void>> | undefined;
  return (major) => {
    if (!runs) {
      runs = new Map(nodeMajors.map((each) => [each, body(each)]));
      // One that fails before its test has come says so there.
      for (const run of runs.values()) run.catch(() => undefined);
    }
    return runs.get(major)!;
  };
}
