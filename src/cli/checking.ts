import { setTimeout as wait } from 'node:timers/promises';
import type { FileReport, Linter } from '../analyzer/linter';
import { CompilerDied, type Programs } from '../analyzer/program';

/** After this many deaths of the compiler in one run it is given up. */
const maxDeaths = 10;
/** How many files are checked one by one after the compiler died, to find the one that it dies of. */
const suspectCount = 64;
/** How long signals may have to wait while files are checked, in milliseconds. */
const turnEvery = 50;

/**
 * Checks files in order, one report each. When the compiler dies it is started again, and the files that it was working
 * on are checked one by one, so that only the one it dies of is lost. Throws CompilerDied when it keeps dying.
 */
export async function* checkFiles(programs: Programs, linter: Linter, files: readonly string[]): AsyncGenerator<FileReport> {
  let done = 0;
  let suspects = 0;
  let deaths = 0;
  let turned = -Infinity;
  while (done < files.length) {
    const alone = suspects > 0;
    try {
      turned = await turn(turned);
      for (const report of linter.check(alone ? files.slice(done, done + 1) : files.slice(done))) {
        done++;
        if (alone) suspects--;
        yield report;
        // What has findings is looked at again, to show and to mend them.
        if (report.unit && report.findings.length === 0) programs.release(report.unit);
        turned = await turn(turned);
      }
    } catch (error) {
      if (!(error instanceof CompilerDied) || ++deaths > maxDeaths) throw error;
      // Ctrl-C reaches the compiler too: let our own signal come in first.
      await wait(20);
      programs.restart();
      if (alone) {
        const path = files[done++] as string;
        suspects--;
        yield { path, unit: undefined, findings: [], errors: [{ path, message: 'the TypeScript compiler crashed on this file; it was skipped.' }] };
      } else {
        suspects = Math.min(suspectCount, files.length - done);
      }
    }
  }
}

/** The compiler is asked synchronously: without a break now and then no signal would come through until the end. */
async function turn(last: number): Promise<number> {
  if (performance.now() - last < turnEvery) return last;
  await new Promise(setImmediate);
  return performance.now();
}
