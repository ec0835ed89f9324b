// A Node process that runs one program with its inspector open, for the time of a test.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { attach, type Attachment } from '../../../src/tracer/inspector/attachment';

export interface TargetOptions {
  node: string;
  /** Arguments after `--inspect`: options, the program, its arguments. */
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts the program, waits until it says `ready` on a line of its own, and attaches to it. */
export class TargetProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly attachment: Attachment,
  ) {}

  static async start({ node, args, cwd, env }: TargetOptions): Promise<TargetProcess> {
    const child = spawn(node, ['--inspect=127.0.0.1:0', ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...(cwd && { cwd }), ...(env && { env }) });
    try {
      const [url] = await Promise.race([
        Promise.all([seen(child.stderr, /ws:\/\/\S+/), seen(child.stdout, /^ready$/m)]),
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`the program ended with code ${code} before it was ready`))),
      ]);
      return new TargetProcess(child, await attach({ kind: 'url', url }));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Ends the program; `gently` for one that exits when its input ends, because it has children of its own. */
  async stop(gently = false): Promise<void> {
    await this.attachment.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    if (gently) this.child.stdin!.end();
    else this.child.kill('SIGKILL');
    await exited;
  }
}

/** Resolves with what a stream's text so far has that matches. */
function seen(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match) resolve(match[0]);
    });
  });
}
