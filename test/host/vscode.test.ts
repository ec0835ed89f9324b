import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { reportSuite } from './report';

reportSuite('in VS Code', { workspace: 'examples', files: ['activation', 'diagnostics', 'server-life'] });

reportSuite('in VS Code, with several folders', {
  workspace: 'test/fixtures/host/folders',
  workspaceFile: 'all.code-workspace',
  files: ['folders'],
});

/** So many files that a check of all of them takes long enough to be cancelled. */
async function addFiles(folder: string): Promise<void> {
  const text = await readFile('test/fixtures/host/folders/api/app.ts', 'utf8');
  await mkdir(path.join(folder, 'src'));
  for (let index = 0; index < 3000; index++) await writeFile(path.join(folder, 'src', `part${index}.ts`), text);
}

reportSuite('in VS Code, with thousands of files', {
  workspace: 'test/fixtures/host/folders/api',
  prepare: addFiles,
  files: ['workspace-check'],
});

/** The project's own ESLint, as the workspace's. */
function installEslint(folder: string): Promise<void> {
  return symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
}

reportSuite('in VS Code, with ESLint', { workspace: 'test/fixtures/host/eslint', prepare: installEslint, files: ['eslint-trusted'] });

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
