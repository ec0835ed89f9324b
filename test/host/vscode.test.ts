import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { reportSuite } from './report';

reportSuite('in VS Code', { workspace: 'examples', files: ['activation', 'diagnostics', 'server-life'] });

reportSuite('in VS Code, with several folders', {
  workspace: 'test/fixtures/host/folders',
  workspaceFile: 'all.code-workspace',
  files: ['folders'],
});

/** The project's own ESLint, as the workspace's. */
function installEslint(folder: string): Promise<void> {
  return symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
}

reportSuite('in VS Code, in a folder that is not trusted', {
  workspace: 'test/fixtures/host/eslint',
  prepare: installEslint,
  workspaceTrust: true,
  files: ['untrusted'],
});

reportSuite('in VS Code, installed from its VSIX', {
  workspace: 'examples',
  extension: 'test/fixtures/host/no-extension',
  vsix: async (file) => {
    await promisify(execFile)(process.execPath, ['out/scripts/package.js', file]);
  },
  files: ['activation', 'diagnostics'],
});
