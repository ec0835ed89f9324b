// What npm would publish: packed, installed into an empty folder, and run by every Node that we support.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { nodeBinary, nodeMajors } from '../host/provision';

const shell = process.platform === 'win32';
const program = "import { writeFile } from 'node:fs/promises';\nwriteFile('a', 'b');\n";

describe('the package for npm', function () {
  this.timeout(180_000);
  let folder: string;
  const installed = (...names: string[]): string => path.join(folder, 'app/node_modules', ...names);

  before(async () => {
    folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'asyncscope-npm-')));
    // The bundles are built into the folder that is packed: a copy of what npm needs, to leave dist/ alone.
    const source = path.join(folder, 'source');
    await mkdir(source);
    await promisify(execFile)(process.execPath, ['esbuild.js', '--production', `--outdir=${path.join(source, 'dist')}`]);
    for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'runtime.d.ts', 'docs', 'media', 'schemas', 'src', 'test']) {
      await cp(name, path.join(source, name), { recursive: true });
    }
    await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: source, shell });
    const app = path.join(folder, 'app');
    await mkdir(app);
    await writeFile(path.join(app, 'package.json'), '{}');
    await writeFile(path.join(app, 'a.mjs'), program);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', `../asyncscope-${version}.tgz`], { cwd: app, shell });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('has what runs and what is read, and nothing else', async () => {
    const { stdout } = await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--dry-run', '--json'], { cwd: path.join(folder, 'source'), shell });
    const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
    const files = packed?.files.map((file) => file.path) ?? [];
    const tops = new Set(files.map((file) => file.split('/')[0]));
    assert.deepEqual([...tops].sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'media', 'package.json', 'runtime.d.ts', 'schemas']);
    assert.ok(files.includes('dist/cli.js') && files.includes('dist/agent.js') && files.includes('docs/rules/no-blocking-call.md'));
    assert.deepEqual(files.filter((file) => file.endsWith('.map')), []);
    // Each file that the README shows or leads to.
    const readme = await readFile('README.md', 'utf8');
    for (const [, link] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) assert.ok(files.includes(link ?? ''), link);
  });

  it('has the licence of every package that is in its bundles', async () => {
    const notices = await readFile(installed('asyncscope/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['typescript', 'commander', 'ws', 'vscode-languageserver', 'acorn']) assert.match(notices, new RegExp(`^${name} [\\d.]+\\S* \\(`, 'm'));
    assert.match(notices, /Permission is hereby granted/);
  });

  for (const major of nodeMajors) {
    it(`runs on Node ${major}`, async () => {
      assert.match(await check(major), /^a\.mjs:2:1 error .*no-floating-promises/);
    });
  }

  it('takes its own compiler, not one of the project', async () => {
    const scope = installed('@typescript');
    await mkdir(installed('typescript7/node_modules'));
    await rename(scope, installed('typescript7/node_modules/@typescript'));
    const other = path.join(scope, `typescript-${process.platform}-${process.arch}`);
    await mkdir(path.join(other, 'lib'), { recursive: true });
    await writeFile(path.join(other, 'package.json'), '{}');
    assert.match(await check(20), /^a\.mjs:2:1 error .*no-floating-promises/);
  });

  async function check(major: (typeof nodeMajors)[number]): Promise<string> {
    const { stdout, stderr, status } = spawnSync(await nodeBinary(major), [installed('asyncscope/dist/cli.js'), 'check'], { cwd: path.join(folder, 'app'), encoding: 'utf8' });
    assert.equal(status, 1, stderr);
    return stdout;
  }
});
