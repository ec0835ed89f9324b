import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openPage, screenshot } from '../host/workbench';

describe('npm start', function () {
  this.timeout(300_000);

  it('lists the findings of examples/, and serves VS Code with the extension until it is interrupted', async () => {
    const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
    const start = spawn(process.execPath, ['out/scripts/start.js'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let output = '';
      const url = await new Promise<string>((resolve, reject) => {
        start.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const found = /http:\/\/127\.0\.0\.1:\S+/.exec(output);
          if (found && output.includes('Ctrl-C')) resolve(found[0]);
        });
        start.once('exit', (code) => reject(new Error(`it ended with exit code ${code}: ${output}`)));
      });
      assert.match(output, /examples\/src\/orders\.ts:\d+:\d+ error .*no-floating-promises/);
      const workbench = await openPage(url);
      try {
        await workbench.page.waitForSelector('.squiggly-error', { timeout: 60_000 });
        await screenshot(workbench.page, 'start');
      } finally {
        await workbench.close();
      }
    } finally {
      start.kill('SIGINT');
    }
    const [code] = (await once(start, 'exit')) as [number | null];
    assert.equal(code, 0);
  });
});
