// The real projects that are checked, laid out so that every tool lints the same files with the same options.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { benchFolder, installed, tools } from './tools';

export interface BenchProject {
  readonly name: string;
  /** Has a tsconfig.json and the tools' configurations. */
  readonly folder: string;
  /** Folders in it that hold all there is to be linted, and nothing else. */
  readonly sources: readonly string[];
  readonly files: number;
}

const strictNode = { strict: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', noEmit: true, skipLibCheck: true };

/** viem's npm package: type-heavy TypeScript sources. */
export function viem(): BenchProject {
  const modules = installed('viem-package', {
    viem: '2.57.20',
    '@types/node': '24.10.1',
    '@types/ws': '8.18.1',
    typescript: '6.0.3',
  });
  const source = path.join(modules, 'viem');
  const options = { ...strictNode, lib: ['es2022', 'dom'], types: ['node'], allowImportingTsExtensions: true };
  // Its builds are left out: `_cjs`, `_esm`, `_types`.
  const folders = readdirSync(source).filter((name) => !name.startsWith('_'));
  return laidOut('viem', modules, Object.fromEntries(folders.map((name) => [`src/${name}`, path.join(source, name)])), {
    compilerOptions: options,
    include: ['src/**/*.ts'],
  });
}

/** A checkout of typeorm with its packages installed. */
export function typeorm(checkout: string): BenchProject {
  const sources = Object.fromEntries(['src', 'test'].map((name) => [name, path.join(checkout, name)]));
  return laidOut('typeorm', path.join(checkout, 'node_modules'), sources, {
    // As its own, but for "moduleResolution": "node", with which tsgolint checks nothing.
    compilerOptions: {
      ...strictNode,
      lib: ['es2023'],
      module: 'preserve',
      allowSyntheticDefaultImports: true,
      emitDecoratorMetadata: true,
      esModuleInterop: true,
      experimentalDecorators: true,
      resolveJsonModule: true,
      strictFunctionTypes: false,
      strictPropertyInitialization: false,
      useDefineForClassFields: false,
      useUnknownInCatchVariables: false,
    },
    include: ['src', 'test'],
  });
}

/** Copies sources, by their place in the new folder, and writes each tool's configuration. */
function laidOut(name: string, modules: string, sources: Record<string, string>, tsconfig: object): BenchProject {
  const folder = path.join(benchFolder, name);
  rmSync(folder, { recursive: true, force: true });
  for (const [place, source] of Object.entries(sources)) {
    cpSync(source, path.join(folder, place), { recursive: true, filter: (file) => path.basename(file) !== 'node_modules' });
  }
  const write = (file: string, content: unknown): void =>
    writeFileSync(path.join(folder, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  let files = 0;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.ts') && !file.endsWith('.d.ts')) files++;
    else if (/\.[cm]?[jt]sx?$|(^|[\\/])(package|tsconfig[^\\/]*)\.json$/.test(file)) rmSync(path.join(folder, file));
  }
  symlinkSync(modules, path.join(folder, 'node_modules'));
  // The top of a repository: the tools look no further up for files to ignore.
  mkdirSync(path.join(folder, '.git'));
  write('package.json', { name, private: true, type: 'module' });
  write('tsconfig.json', tsconfig);
  write('.oxlintrc.json', {
    plugins: ['typescript'],
    categories: { correctness: 'off' },
    rules: Object.fromEntries(['no-floating-promises', 'no-misused-promises', 'await-thenable'].map((rule) => [`typescript/${rule}`, 'error'])),
  });
  write('eslint.config.mjs', eslintConfig(path.join(tools(), 'typescript-eslint/dist/index.js')));
  write('biome.json', {
    files: { includes: ['**/*.ts'] },
    linter: { rules: { recommended: false, nursery: { noFloatingPromises: 'error', noMisusedPromises: 'error' } } },
    formatter: { enabled: false },
    assist: { enabled: false },
  });
  return { name, folder, sources: [...new Set(Object.keys(sources).map((place) => place.split('/')[0] ?? place))], files };
}

function eslintConfig(entry: string): string {
  const rules = ['no-floating-promises', 'no-misused-promises', 'await-thenable', 'return-await'];
  return `import tseslint from ${JSON.stringify(entry)};
export default [{
  files: ['**/*.ts'],
  languageOptions: { parser: tseslint.parser, parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
  linterOptions: { reportUnusedDisableDirectives: 'off' },
  plugins: { '@typescript-eslint': tseslint.plugin },
  rules: ${JSON.stringify(Object.fromEntries(rules.map((rule) => [`@typescript-eslint/${rule}`, 'error'])))},
}];
`;
}

/** The checkout of typeorm to use, or undefined with a word on how to get one. */
export function typeormCheckout(): string | undefined {
  const given = process.env.ASYNCSCOPE_BENCH_TYPEORM;
  if (given !== undefined && existsSync(path.join(given, 'node_modules')) && existsSync(path.join(given, 'src'))) return path.resolve(given);
  const problem = given === undefined ? 'ASYNCSCOPE_BENCH_TYPEORM is not set' : `${given} is no checkout with its packages installed`;
  process.stdout.write(
    `typeorm is left out: ${problem}. To include it: git clone --depth 1 https://github.com/typeorm/typeorm, install its\n` +
      'packages there, and give the path in ASYNCSCOPE_BENCH_TYPEORM.\n\n',
  );
  return undefined;
}
