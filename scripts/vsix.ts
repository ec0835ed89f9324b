// The VSIX for this platform. It carries the native TypeScript compiler, its library files and Node's types, so that it
// needs nothing from npm once it is installed.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createVSIX } from '@vscode/vsce';

const files = ['.vscodeignore', 'README.md', 'CHANGELOG.md', 'LICENSE', 'package.nls.json', 'media', 'schemas', 'syntaxes', 'docs'];

/** As VS Code's marketplace names platforms, such as "linux-x64". */
export const target = `${process.platform}-${process.arch}`;

/** Builds it from the source at `file`. */
export async function packageExtension(file: string): Promise<void> {
  const stage = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-vsix-'));
  try {
    const dist = path.join(stage, 'dist');
    await mkdir(dist);
    await promisify(execFile)(process.execPath, ['esbuild.js', '--production', `--outdir=${dist}`]);
    await copyCompiler(path.join(dist, 'typescript'));
    await copyNodeTypes(path.join(dist, 'types'));
    for (const entry of files) await copyIfThere(entry, path.join(stage, entry));
    await writeFile(path.join(stage, 'package.json'), JSON.stringify(await manifest(), undefined, 2));
    await createVSIX({
      cwd: stage,
      packagePath: path.resolve(file),
      target,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What an editor needs of package.json: an installed extension has neither scripts nor packages. */
async function manifest(): Promise<object> {
  const all = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, unknown>;
  const { files: _files, scripts: _scripts, dependencies: _dependencies, devDependencies: _devDependencies, ...kept } = all;
  return kept;
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** The native compiler's binary with the lib.*.d.ts beside it, and its licence. */
async function copyCompiler(to: string): Promise<void> {
  const from = installed(`@typescript/typescript-${target}`);
  await cp(path.join(from, 'lib'), to, { recursive: true });
  for (const notice of ['LICENSE', 'NOTICE.txt']) await cp(path.join(from, notice), path.join(to, notice));
}

/** Node's own types, for projects that have none installed; they refer to those of fetch by package name. */
async function copyNodeTypes(to: string): Promise<void> {
  await cp(installed('@types/node'), path.join(to, 'node'), { recursive: true });
  await cp(installed('undici-types'), path.join(to, 'node/node_modules/undici-types'), { recursive: true });
}

/** Folder of an installed package. */
function installed(name: string): string {
  return path.dirname(createRequire(path.resolve('package.json')).resolve(`${name}/package.json`));
}
