// Runs a command and measures it with all the processes that it starts. Processor time and memory come from /proc, so
// on other systems than Linux only the wall time is known.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

export interface Measured {
  wallMs: number;
  /** User and system time of all processes together. */
  cpuMs: number | undefined;
  /** The most memory that all processes together had resident at one time, in bytes. */
  peakBytes: number | undefined;
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Often enough for a peak that lasts, seldom enough not to disturb what is measured. */
const sampleEveryMs = 40;
const hasProc = existsSync('/proc/self/stat');
// The kernel counts time in ticks of 10 ms and memory in pages of 4 kB, everywhere that Node runs.
const tickMs = 10;
const pageBytes = 4096;

/** Runs a command to its end; its exit code is given, not judged. */
export function measure(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const ticks = new Map<number, number>();
    let peakPages = 0;
    const sample = (): void => {
      let pages = 0;
      for (const { pid, cpuTicks, residentPages } of processTree(child.pid ?? -1)) {
        ticks.set(pid, cpuTicks);
        pages += residentPages;
      }
      peakPages = Math.max(peakPages, pages);
    };
    const timer = hasProc ? setInterval(sample, sampleEveryMs) : undefined;
    child.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearInterval(timer);
      const cpuMs = [...ticks.values()].reduce((sum, one) => sum + one, 0) * tickMs;
      resolve({
        wallMs: performance.now() - started,
        cpuMs: hasProc ? cpuMs : undefined,
        peakBytes: hasProc ? peakPages * pageBytes : undefined,
        code,
        ...output,
      });
    });
  });
}

interface ProcessUse {
  pid: number;
  cpuTicks: number;
  residentPages: number;
}

/** A process and all below it; those that have just ended are left out. */
function processTree(root: number): ProcessUse[] {
  const found: ProcessUse[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold anything; the third field is the first after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const field = (number: number): number => Number(fields[number - 3]);
      found.push({ pid, cpuTicks: field(14) + field(15), residentPages: field(24) });
      // A process belongs to the thread that started it.
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
        waiting.push(...children.split(' ').filter(Boolean).map(Number));
      }
    } catch {
      continue;
    }
  }
  return found;
}
