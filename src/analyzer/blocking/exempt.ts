import { existsSync } from 'node:fs';
import path from 'node:path';
import { ancestors } from '../program';
import type { FileFacts } from './facts';

const testNames = /\.(?:test|spec|bench|e2e|cy|stories)\.[cm]?[jt]sx?$/;
const testFolders = /(?:^|\/)(?:tests?|__tests__|__mocks__|__fixtures__|spec|specs|e2e|cypress|fixtures|bench|benchmarks?)\//;
const testCalls = ['describe', 'it', 'test', 'suite', 'beforeEach', 'afterEach', 'beforeAll', 'afterAll'];
const configNames = /(?:^|\/)(?:[\w.-]+\.config|\.[\w-]+rc|[Gg]ulpfile|Gruntfile)\.[cm]?[jt]s$/;

const known = new WeakMap<FileFacts, boolean>();

/**
 * Files in which a blocked event loop delays nobody: tests, configuration of build tools, and the code of worker threads.
 * Judged by the path below the nearest package.json and by what the file itself does.
 */
export function isExemptFile(facts: FileFacts): boolean {
  let exempt = known.get(facts);
  if (exempt === undefined) known.set(facts, (exempt = isTest(facts) || isWorker(facts)));
  return exempt;
}

function isTest(facts: FileFacts): boolean {
  const below = path.relative(packageDirectory(path.dirname(facts.path)), facts.path).split(path.sep).join('/');
  if (testNames.test(below) || testFolders.test(below) || configNames.test(below)) return true;
  return testCalls.some((name) => facts.sites.get(name)?.some((site) => site.within.kind === 'module' && site.kind === 'call' && site.nameNode === (site.node as { expression?: unknown }).expression));
}

const workerPort = /\bparentPort\b|\bworkerData\b|workerpool\.worker\s*\(/;

/** A file that talks to the thread that started it, and does not also work on the main thread. */
function isWorker(facts: FileFacts): boolean {
  const { text } = facts.sourceFile;
  return workerPort.test(text) && !/\bisMainThread\b/.test(text);
}

const packages = new Map<string, string>();

/** The nearest directory with a package.json. */
function packageDirectory(directory: string): string {
  let found = packages.get(directory);
  if (found === undefined) {
    found = directory;
    for (const at of ancestors(directory)) {
      if (!existsSync(path.join(at, 'package.json'))) continue;
      found = at;
      break;
    }
    packages.set(directory, found);
  }
  return found;
}
