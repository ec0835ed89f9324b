// The tools that we are compared with, at fixed versions, installed outside the project.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const versions = {
  '@biomejs/biome': '2.6.8',
  eslint: '10.15.0',
  oxlint: '1.94.0',
  'oxlint-tsgolint': '7.0.2007',
  typescript: '6.0.3',
  'typescript-eslint': '8.73.0',
};

/** Folder of all that the benchmarks install or copy. */
export const benchFolder = path.resolve('.cache/bench');

/** Installs packages into a folder below the cache, unless these very versions are there; returns its node_modules. */
export function installed(name: string, dependencies: Record<string, string>): string {
  const folder = path.join(benchFolder, name);
  const manifest = JSON.stringify({ private: true, dependencies });
  const marker = path.join(folder, 'installed.json');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== manifest) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), manifest);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(marker, manifest);
  }
  return path.join(folder, 'node_modules');
}

/** The node_modules folder of the tools. */
export function tools(): string {
  return installed('tools', versions);
}
