import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';
import { makeFolder, type Folder } from '../../folder';

/*
 * How projects lay out their packages and name each other's files: in each of these `load` blocks, an async function in
 * another file calls it, and the finding has to stand there, once, with the way to the blocking call.
 */
const load = "import { readFileSync } from 'node:fs';\nexport function load(file: string): string {\n  return readFileSync(file, 'utf8');\n}\n";
const loadInJs = load.replaceAll(': string', '');

function page(specifier: string): string {
  return `import { load } from '${specifier}';\nexport async function page(file: string): Promise<string> {\n  await Promise.resolve();\n  return load(file);\n}\n`;
}

const pageInJs = (specifier: string): string => page(specifier).replaceAll(/: (?:string|Promise<string>)/g, '');

const strict = { strict: true, target: 'es2022', skipLibCheck: true };
const config = (compilerOptions: object, others: object = { include: ['src'] }): string => JSON.stringify({ compilerOptions: { ...strict, ...compilerOptions }, ...others });
const nodenext = { module: 'nodenext', outDir: 'dist', rootDir: 'src' };
const bundler = { module: 'esnext', moduleResolution: 'bundler' };

interface Layout {
  readonly files: Readonly<Record<string, string>>;
  /** Symbolic links, as package managers make them: where to, relative to the folder, by the link's path. */
  readonly links?: Readonly<Record<string, string>>;
  /** The file with `page` in it, and that with `load`. */
  readonly from: string;
  readonly to: string;
}

/** Two packages of a workspace, the second of which imports the first by its name. */
function workspace(entry: object, first: object, second: object): Layout {
  return {
    files: {
      'packages/a/package.json': JSON.stringify({ name: '@x/a', type: 'module', ...entry }),
      'packages/a/tsconfig.json': config({ ...nodenext, ...first }),
      'packages/a/src/index.ts': load,
      'packages/b/package.json': JSON.stringify({ name: '@x/b', type: 'module', dependencies: { '@x/a': '*' } }),
      'packages/b/tsconfig.json': config(nodenext, { include: ['src'], ...second }),
      'packages/b/src/page.ts': page('@x/a'),
    },
    links: { 'node_modules/@x/a': 'packages/a' },
    from: 'packages/b/src/page.ts',
    to: 'packages/a/src/index.ts',
  };
}

function withFiles(layout: Layout, files: Record<string, string>): Layout {
  return { ...layout, files: { ...layout.files, ...files } };
}

const built = { exports: { types: './dist/index.d.ts', default: './dist/index.js' } };

const layouts: Readonly<Record<string, Layout>> = {
  'paths in one configuration': {
    files: { 'tsconfig.json': config({ ...bundler, paths: { '@x/*': ['./packages/*/index.ts'] } }, {}), 'packages/a/index.ts': load, 'packages/b/page.ts': page('@x/a') },
    from: 'packages/b/page.ts',
    to: 'packages/a/index.ts',
  },
  'imports relative to baseUrl': {
    files: { 'tsconfig.json': config({ ...bundler, baseUrl: 'src' }), 'src/lib/load.ts': load, 'src/page.ts': page('lib/load') },
    from: 'src/page.ts',
    to: 'src/lib/load.ts',
  },
  'paths relative to the baseUrl of a configuration that is extended': {
    files: {
      'base/tsconfig.json': config({ module: 'commonjs', moduleResolution: 'node', baseUrl: '../packages', paths: { '@x/*': ['*/src/index'] } }, {}),
      'packages/b/tsconfig.json': JSON.stringify({ extends: '../../base/tsconfig.json' }),
      'packages/a/src/index.ts': load,
      'packages/b/src/page.ts': page('@x/a'),
    },
    from: 'packages/b/src/page.ts',
    to: 'packages/a/src/index.ts',
  },
  "package.json's imports of what is built": {
    files: {
      'package.json': JSON.stringify({ type: 'module', imports: { '#lib/*': './dist/lib/*.js' } }),
      'tsconfig.json': config(nodenext),
      'src/lib/load.ts': load,
      'src/page.ts': page('#lib/load'),
    },
    from: 'src/page.ts',
    to: 'src/lib/load.ts',
  },
  'a workspace whose packages export their sources': workspace({ exports: './src/index.ts' }, {}, {}),
  'a workspace with a condition for sources': workspace({ exports: { source: './src/index.ts', default: './dist/index.js' } }, {}, { compilerOptions: { ...strict, ...nodenext, customConditions: ['source'] } }),
  'project references, nothing built': workspace(built, { composite: true }, { references: [{ path: '../a' }] }),
  'a workspace whose packages are not built': workspace(built, {}, {}),
  'a workspace with what its packages were built to': withFiles(workspace(built, {}, {}), {
    'packages/a/dist/index.d.ts': 'export declare function load(file: string): string;\n',
    'packages/a/dist/index.js': loadInJs,
  }),
  'a jsconfig with an alias': {
    files: { 'jsconfig.json': config({ ...bundler, paths: { '~/*': ['./src/*'] } }), 'src/load.js': loadInJs, 'src/page.js': pageInJs('~/load') },
    from: 'src/page.js',
    to: 'src/load.js',
  },
  'a workspace in JavaScript without any configuration': {
    files: { 'packages/a/package.json': '{"name": "@x/a", "main": "index.mjs"}', 'packages/a/index.mjs': loadInJs, 'packages/b/page.mjs': pageInJs('@x/a') },
    links: { 'packages/b/node_modules/@x/a': 'packages/a' },
    from: 'packages/b/page.mjs',
    to: 'packages/a/index.mjs',
  },
};

function link(folder: Folder, links: Readonly<Record<string, string>>): void {
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(path.dirname(folder.file(name)), { recursive: true });
    symlinkSync(folder.file(target), folder.file(name), 'dir');
  }
}

const configs = new ConfigFinder({ rules: Object.fromEntries(rules.map(({ id, severity }) => [id, id === 'no-blocking-call' ? severity : ('off' as const)])) });

describe('a package of a workspace that cannot be followed to its sources', () => {
  for (const [why, config] of Object.entries({ 'it needs baseUrl': '{"compilerOptions": {"baseUrl": "src", "outDir": "dist"}}', 'its configuration is no file': undefined })) {
    it(`is known by its declarations: ${why}`, () => {
      const { files, links = {} } = workspace(built, {}, {});
      const { 'packages/a/tsconfig.json': _first, ...others } = files;
      const folder = makeFolder({
        ...others,
        [config === undefined ? 'packages/a/tsconfig.json/inner.txt' : 'packages/a/tsconfig.json']: config ?? '',
        'packages/a/dist/index.d.ts': 'export declare function load(file: string): Promise<string>;\n',
        'packages/b/src/page.ts': "import { load } from '@x/a';\nload('page.html');\n",
      });
      link(folder, links);
      const programs = new Programs(folder.path);
      try {
        const reports = [...new Linter(programs, new ConfigFinder({})).check([folder.file('packages/b/src/page.ts')])];
        assert.deepEqual(reports.flatMap(({ findings }) => findings.map(({ rule }) => rule)), ['no-floating-promises']);
      } finally {
        programs.close();
        folder.remove();
      }
    });
  }
});

describe('a helper in another package', () => {
  for (const [name, { files, links = {}, from, to }] of Object.entries(layouts)) {
    it(`is followed: ${name}`, () => {
      const folder = makeFolder(files);
      link(folder, links);
      const programs = new Programs(folder.path);
      try {
        const sources = Object.keys(files).filter((file) => /\.m?[jt]s$/.test(file) && !file.includes('/dist/'));
        const reports = [...new Linter(programs, configs).check(sources.map((file) => folder.file(file)))];
        assert.deepEqual(reports.flatMap(({ errors }) => errors), []);
        const [found, ...others] = reports.flatMap(({ findings }) => findings);
        assert.equal(found?.path, folder.file(from));
        assert.deepEqual(found?.related.map((related) => related.path), [folder.file(to)]);
        assert.deepEqual(others, []);
      } finally {
        programs.close();
        folder.remove();
      }
    });
  }
});
