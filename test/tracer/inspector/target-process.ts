// A real Node process that prepared nothing, for the tracer to look at.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface TargetOptions {
  /** Options of Node, before the program. */
  nodeArgs?: string[];
  /** Arguments of the program. */
  args?: string[];
  env?: NodeJS.ProcessEnv;
}

export class TargetProcess {
  stdout = '';
  stderr = '';

  private constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /** Starts `source` and waits until it has printed `ready`. */
  static async start(node: string, source: string, options: TargetOptions = {}): Promise<TargetProcess> {
    const args = [...(options.nodeArgs ?? []), '-e', source, ...(options.args ?? [])];
    const target = new TargetProcess(spawn(node, args, { env: options.env ?? process.env, stdio: 'pipe' }));
    await target.printed('ready');
    return target;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when stdout holds `text` at least `times` times. */
  async printed(text: string, times = 1): Promise<void> {
    while (this.stdout.split(text).length <= times) {
      if (!this.alive) throw new Error(`The target exited before it printed ${text}: ${this.stderr}`);
      const either = new AbortController();
      await Promise.race([once(this.child.stdout!, 'data', either), once(this.child, 'exit', either)]);
      either.abort();
    }
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  async stop(): Promise<void> {
    if (!this.alive) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

/** The ports that a process listens on, read independently of the code under test. */
export function listeningPorts(pid: number): number[] {
  const inodes = new Map<string, number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A') inodes.set(fields[9] ?? '', parseInt((fields[1] ?? '').split(':')[1] ?? '', 16));
    }
  }
  return socketInodes(pid).flatMap((inode) => inodes.get(inode) ?? []);
}

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}
