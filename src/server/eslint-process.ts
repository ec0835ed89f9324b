import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { ProbeAnswer, ProbeRequest } from './eslint-probe';

/** ESLint has so long to tell which rules are on. Milliseconds. */
const answerLimit = 20_000;

/** The workspace's ESLint in a process of its own. Asked one question at a time. */
export class EslintProcess {
  private child: ChildProcess | undefined;

  /** `base`: the folder of ESLint's configuration. */
  constructor(readonly base: string) {}

  /** Never rejects. After a failure the process is gone. */
  ask(request: ProbeRequest): Promise<ProbeAnswer> {
    this.child ??= this.start();
    const { child } = this;
    return new Promise((resolve) => {
      const settle = (answer: ProbeAnswer): void => {
        clearTimeout(timer);
        child.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error');
        // It may still end badly: an event that nobody listens to would end the server.
        child.on('error', () => undefined);
        if ('failed' in answer) this.close();
        resolve(answer);
      };
      const timer = setTimeout(() => settle({ failed: `no answer within ${answerLimit / 1000} s` }), answerLimit);
      child.once('message', (message) => settle(message as ProbeAnswer));
      child.once('error', (error) => settle({ failed: error.message }));
      child.once('exit', (code, signal) => settle({ failed: `its process ended (${signal ?? code})` }));
      child.send(request, (error) => error && settle({ failed: error.message }));
    });
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private start(): ChildProcess {
    const child = fork(path.join(__dirname, 'eslint-probe.js'), [], { cwd: this.base, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    child.unref();
    child.channel?.unref();
    return child;
  }
}
