import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { nodeBinaries, vsCodeServer } from './provision';

describe('provisioning', function () {
  this.timeout(600_000);

  it('has a Node of each supported version', async () => {
    for (const [major, binary] of await nodeBinaries()) {
      const version = execFileSync(binary, ['--version'], { encoding: 'utf8' });
      assert.ok(version.startsWith(`v${major}.`), `${binary} is ${version}`);
    }
  });

  it('has a VS Code server whose native modules load', async () => {
    const { node, dir } = await vsCodeServer();
    assert.ok(existsSync(path.join(dir, 'out/server-main.js')));
    execFileSync(node, ['-e', "require('@vscode/spdlog'); require('node-pty'); require('@parcel/watcher')"], { cwd: dir });
  });
});
