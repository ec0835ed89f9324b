import { spawn } from 'node:child_process';

/** Runs one of npm's commands on the project; rejects with its output when it finds something wrong. */
function passes(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`npm run ${script}: exit code ${code}\n${output}`))));
  });
}

describe('the source', function () {
  this.timeout(300_000);

  it('type checks', () => passes('typecheck'));
  it('has no lint findings', () => passes('lint'));
});
