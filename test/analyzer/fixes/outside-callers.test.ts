import assert from 'node:assert/strict';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer } from '../../../src/analyzer/fixes';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { makeFolder } from '../../folder';

const helper = "import { readFileSync } from 'node:fs';\n\nexport function load(file: string): string {\n  return readFileSync(file, 'utf8');\n}\n";
const page = "import { load } from 'HELPER';\n\nexport async function page(): Promise<string> {\n  return load('page.html');\n}\n";
const config = (options: object, others: object): string => JSON.stringify({ compilerOptions: { strict: true, module: 'nodenext', noEmit: true, ...options }, ...others });

/** What is offered and refused for the blocking call in one file, the only one that is open. */
function offered(file: string, files: Record<string, string>): { titles: string[]; reasons: string[] } {
  const folder = makeFolder(files);
  const programs = new Programs(folder.path);
  try {
    const [report] = [...new Linter(programs, new ConfigFinder({})).check([folder.file(file)])];
    const [finding, ...others] = report?.findings ?? [];
    assert.ok(finding && others.length === 0);
    const [offer] = new Fixer(programs).offered([finding]);
    return { titles: (offer?.fixes ?? []).map(({ title }) => title), reasons: (offer?.refused ?? []).map(({ reason }) => reason) };
  } finally {
    programs.close();
    folder.remove();
  }
}

describe('the migration of a helper whose callers are not all in the program', () => {
  const apart = {
    'package.json': '{"private": true, "type": "module"}',
    'tsconfig.json': config({}, { include: ['src'] }),
    'src/load.ts': helper,
    'src/page.ts': page.replace('HELPER', './load.js'),
  };

  it('is refused where tests of another program use it', () => {
    const test = "import { load } from '../src/load.js';\nif (load('a') !== 'text') throw new Error();\n";
    const { titles, reasons } = offered('src/page.ts', { ...apart, 'test/load.ts': test });
    assert.deepEqual({ titles, reasons }, { titles: [], reasons: ["'load' may be used in test/load.ts, which is not in the same program."] });
  });

  it('is offered where others use only what else its file has, or something else of that name', () => {
    const { titles, reasons } = offered('src/page.ts', {
      ...apart,
      'test/other.ts': "import { save } from '../src/load.js';\nsave();\n",
      'test/own.ts': "import { load } from './own-helper.js';\nload();\n",
    });
    assert.deepEqual({ titles, reasons }, { titles: ["Make 'load' async, awaiting what blocks in it: 'readFile' of 'fs/promises'"], reasons: [] });
  });

  it('is refused where another package of the workspace uses it', () => {
    const paths = { module: 'esnext', moduleResolution: 'bundler', paths: { '@x/a': ['../a/index.ts'] } };
    const { titles, reasons } = offered('packages/b/page.ts', {
      'package.json': '{"private": true, "workspaces": ["packages/*"]}',
      'packages/a/package.json': '{"name": "@x/a", "private": true}',
      'packages/a/index.ts': helper,
      'packages/b/package.json': '{"name": "@x/b", "private": true}',
      'packages/b/tsconfig.json': config(paths, { include: ['.'] }),
      'packages/b/page.ts': page.replace('HELPER', '@x/a'),
      'packages/c/package.json': '{"name": "@x/c", "private": true}',
      'packages/c/print.ts': "import { load } from '@x/a';\nconsole.log(load('a').length);\n",
    });
    assert.deepEqual({ titles, reasons }, { titles: [], reasons: ["'load' may be used in packages/c/print.ts, which is not in the same program."] });
  });
});
