// Cold runs of `check` with all rules on, next to other linters on the same files.
import path from 'node:path';
import { measure, type Measured } from './measure';
import { typeorm, typeormCheckout, viem, type BenchProject } from './projects';
import { goalTable, table, type Goal } from './table';
import { tools } from './tools';

interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** How many files it says it has linted. */
  files(run: Measured): number;
}

/** The contestants run this often, in turn; the best run of each counts, since what disturbs a run only makes it slower. */
const rounds = Number(process.env.ASYNCSCOPE_BENCH_ROUNDS ?? 3);

const number = (pattern: RegExp) => (run: Measured) => Number(pattern.exec(run.stdout + run.stderr)?.[1]?.replace(/\D/g, '') ?? -1);

function contestants(): Record<'ours' | 'tsgolint' | 'eslint' | 'biome', Contestant> {
  const bin = (name: string): string => path.join(tools(), '.bin', name);
  return {
    ours: {
      name: 'asyncscope, all rules',
      command: [process.execPath, path.resolve('dist/cli.js'), 'check', '--preset', 'all'],
      files: number(/ (\d+) files? checked/),
    },
    tsgolint: {
      name: 'oxlint + tsgolint, 3 promise rules',
      command: [bin('oxlint'), '--type-aware', '-c', '.oxlintrc.json'],
      files: number(/ on ([\d,]+) files/),
    },
    eslint: {
      name: 'typescript-eslint, 4 promise rules',
      command: [bin('eslint'), '--no-inline-config', '--format', 'json'],
      files: (run) => (JSON.parse(run.stdout) as { filePath: string }[]).filter(({ filePath }) => filePath.endsWith('.ts')).length,
    },
    biome: {
      name: 'Biome, 2 promise rules, types of its own',
      command: [bin('biome'), 'lint', '--max-diagnostics=none'],
      files: number(/Checked ([\d,]+) files/),
    },
  };
}

/** Prints the runs and ratios of every project; the goals, with what was reached. */
export async function benchCheck(): Promise<Goal[]> {
  const checkout = typeormCheckout();
  const goals = await on(viem(), 0.5);
  return checkout === undefined ? goals : [...goals, ...(await on(typeorm(checkout), 0.8))];
}

async function on(project: BenchProject, tsgolintLimit: number): Promise<Goal[]> {
  const all = contestants();
  // oxlint looks for tsgolint in the project and on the PATH.
  const environment = { PATH: [path.join(tools(), '.bin'), process.env.PATH].join(path.delimiter) };
  const best = new Map<Contestant, Measured>();
  const first = new Map<Contestant, Measured>();
  for (let round = 0; round < rounds; round++) {
    for (const one of Object.values(all)) {
      // It takes a minute: it is compared with the first round of the others.
      if (one === all.eslint && round > 0) continue;
      const [command, ...args] = one.command;
      const run = await measure(command, [...args, ...project.sources], project.folder, environment);
      const files = one.files(run);
      if (files !== project.files) {
        throw new Error(`${one.name} linted ${files} of the ${project.files} files of ${project.name}:\n${(run.stderr || run.stdout).slice(-2000)}`);
      }
      if (round === 0) first.set(one, run);
      if (run.wallMs < (best.get(one)?.wallMs ?? Infinity)) best.set(one, run);
    }
  }
  const seconds = (ms: number | undefined): string => (ms === undefined ? '?' : `${(ms / 1000).toFixed(2)} s`);
  const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '?' : `${(bytes / 1e6).toFixed(0)} MB`);
  const rows = [...best].map(([{ name }, run]) => [name, seconds(run.wallMs), seconds(run.cpuMs), megabytes(run.peakBytes)]);
  process.stdout.write(`${table([[`${project.name}, ${project.files} files`, 'wall', 'processor', 'peak memory'], ...rows])}\n`);
  const ratio = (runs: Map<Contestant, Measured>, other: Contestant, what: (run: Measured) => number | undefined): number =>
    (what(runs.get(all.ours) as Measured) ?? NaN) / (what(runs.get(other) as Measured) ?? NaN);
  const goals: Goal[] = [
    { what: `${project.name}: wall time / oxlint + tsgolint`, value: ratio(best, all.tsgolint, (run) => run.wallMs), limit: tsgolintLimit },
    { what: `${project.name}: wall time / typescript-eslint`, value: ratio(first, all.eslint, (run) => run.wallMs), limit: 1 / 8 },
    { what: `${project.name}: peak memory / typescript-eslint`, value: ratio(first, all.eslint, (run) => run.peakBytes), limit: 0.5 },
  ];
  process.stdout.write(`${goalTable(goals)}\n`);
  return goals;
}
