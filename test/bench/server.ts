// How fast the language server answers in a large project.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Editor, uriOf } from '../server/editor';
import { typeorm, typeormCheckout, viem } from './projects';
import { goalTable, table, type Goal } from './table';

interface ServerFigures {
  /** From the start of the process to the first file's diagnostics. Milliseconds. */
  first: number;
  /** From an edit to the diagnostics of the edited file, sorted. Milliseconds. */
  edited: number[];
  /** From an edit to the renewed diagnostics of all open dependants, sorted. Milliseconds. */
  dependants: number[];
  openDependants: number;
  /** Resident memory of the server and its compiler, at the end. Bytes. */
  memory: number;
}

const dependantCount = 10;
const edits = 60;

/** Runs the built server on a project as an editor would; nothing is written. */
async function measureServer(folder: string, file: string): Promise<ServerFigures> {
  const started = performance.now();
  const editor = await Editor.start({ folders: [folder], settings: { eslint: false } });
  try {
    const text = readFileSync(file, 'utf8');
    const withProbe = (returns: string, round: number): string =>
      `${text}\nexport function asyncscopeProbe(): ${returns} {\n  return undefined as never\n}\n// edit ${round}\n`;
    editor.open(file, withProbe('void', 0));
    await editor.diagnostics(file);
    const first = performance.now() - started;

    const dependants = readdirSync(path.dirname(file))
      .filter((name) => /(?<!\.d)\.ts$/.test(name) && name !== path.basename(file))
      .slice(0, dependantCount)
      .map((name) => path.join(path.dirname(file), name));
    const specifier = `./${path.basename(file, '.ts')}`;
    for (const dependant of dependants) {
      editor.open(dependant, `import { asyncscopeProbe } from "${specifier}"\n${readFileSync(dependant, 'utf8')}\nasyncscopeProbe()\n`);
    }
    for (const dependant of dependants) await editor.diagnostics(dependant);

    const edited: number[] = [];
    const renewed: number[] = [];
    const probed = (dependant: string): number =>
      (editor.published.findLast(({ uri }) => uri === uriOf(dependant))?.diagnostics ?? []).filter(({ code }) => code === 'no-floating-promises').length;
    const base = dependants.map(probed);
    for (let round = 1; round <= edits; round++) {
      // As somebody types: not all at once.
      await pause(150);
      const floats = round % 2;
      const from = performance.now();
      const version = editor.change(file, withProbe(floats ? 'Promise<void>' : 'void', round));
      await editor.diagnostics(file, (shown) => shown.version === version);
      edited.push(performance.now() - from);
      await editor.until(() => dependants.every((dependant, index) => probed(dependant) === (base[index] ?? 0) + floats));
      renewed.push(performance.now() - from);
    }
    const sorted = (list: number[]): number[] => list.sort((a, b) => a - b);
    return { first, edited: sorted(edited), dependants: sorted(renewed), openDependants: dependants.length, memory: memoryOf(editor.process.pid ?? 0) };
  } finally {
    await editor.stop();
  }
}

/** The value that a share of the sorted values does not exceed. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Resident bytes of a process and its children, from /proc; NaN elsewhere. */
function memoryOf(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return [String(pid), ...children]
      .map((one) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0) * 1024)
      .reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return Number.NaN;
  }
}

/** Measures the server in typeorm where there is a checkout of it, else in viem, and prints the figures. */
export async function benchServer(): Promise<Goal[]> {
  const checkout = typeormCheckout();
  const project = checkout === undefined ? viem() : typeorm(checkout);
  const file = path.join(project.folder, checkout === undefined ? 'src/utils/promise/withTimeout.ts' : 'src/query-builder/QueryBuilder.ts');
  const { first, edited, dependants, openDependants, memory } = await measureServer(project.folder, file);
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const row = (what: string, list: readonly number[]): string[] => [what, ms(percentile(list, 0.5)), ms(percentile(list, 0.95))];
  process.stdout.write(
    `language server, ${project.name} (${project.files} files); ${(memory / 1e6).toFixed(0)} MB with its compiler\n` +
      table([
        ['', 'median', 'p95'],
        row('first diagnostics after start', [first]),
        row('edit to diagnostics, the edited file', edited),
        row(`edit to diagnostics, ${openDependants} open dependants`, dependants),
      ]),
  );
  const goals = [
    { what: 'server: first diagnostics, ms', value: first, limit: 2500 },
    { what: 'server: edit to diagnostics, p95, ms', value: percentile(edited, 0.95), limit: 50 },
    { what: 'server: edit to open dependants, p95, ms', value: percentile(dependants, 0.95), limit: 300 },
  ];
  process.stdout.write(`\n${goalTable(goals)}\n`);
  return goals;
}
