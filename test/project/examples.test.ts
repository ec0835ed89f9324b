import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { nodeBinary } from '../host/provision';

interface Configuration {
  name: string;
  program: string;
}

const { configurations } = JSON.parse(readFileSync('examples/.vscode/launch.json', 'utf8')) as { configurations: Configuration[] };

describe('the programs to debug in examples/', function () {
  this.timeout(60_000);
  let program: ChildProcess | undefined;

  afterEach(() => program?.kill('SIGKILL'));

  /** Runs it on the oldest Node that we support; settles with what it prints first. */
  async function start({ program: file }: Configuration): Promise<string> {
    const child = spawn(await nodeBinary(20), ['--inspect-port=127.0.0.1:0', file.replace('${workspaceFolder}', path.resolve('examples'))], { stdio: ['ignore', 'pipe', 'inherit'] });
    program = child;
    const [printed] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => [`it ended with exit code ${child.exitCode}`])])) as [unknown];
    return String(printed);
  }

  for (const configuration of configurations) {
    it(`run on Node 20: ${configuration.name}`, async () => {
      assert.match(await start(configuration), /kitchen is open|mail has started|report 1, \d+ ticks/);
    });
  }

  it('have tasks that are proved stuck', async () => {
    const circle = configurations.find(({ name }) => name.includes('stuck'));
    assert.ok(circle);
    await start(circle);
    // The circle closes some time after the first service has started.
    const look = () => promisify(execFile)(process.execPath, ['dist/cli.js', 'ps', String(program?.pid), '--stuck', '--json']);
    while (!/"stuck":true.*waits for it in turn/.test((await look()).stdout));
  });
});
