// How fast the language server answers in a large project: `node out/test/bench/server.js FOLDER [FILE]`. FILE is edited
// (without being written); files beside it are the open dependants.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Editor, uriOf } from '../server/editor';

export interface ServerFigures {
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
export async function measureServer(folder: string, file: string): Promise<ServerFigures> {
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
export function percentile(sorted: readonly number[], share: number): number {
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

async function main(folder: string, file: string): Promise<void> {
  const { first, edited, dependants, openDependants, memory } = await measureServer(path.resolve(folder), path.resolve(folder, file));
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const shares = (list: readonly number[]): string => `median ${ms(percentile(list, 0.5))}, p95 ${ms(percentile(list, 0.95))}`;
  process.stdout.write(`first diagnostics after start    ${ms(first)}\n`);
  process.stdout.write(`edit to diagnostics, edited file ${shares(edited)}\n`);
  process.stdout.write(`edit to ${openDependants} open dependants       ${shares(dependants)}\n`);
  process.stdout.write(`memory, server and compiler      ${(memory / 1e6).toFixed(0)} MB\n`);
}

if (require.main === module) {
  const [folder = '.', file = 'src/index.ts'] = process.argv.slice(2);
  main(folder, file).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
}
