// Async functions that a compiler wrote as generators: programs compiled for engines without async functions have the same tasks.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { nodeMajors } from '../../host/provision';
import { tasksOf } from './captured-program';
import { describeFound, readExpectations, unmatched, type Expectation } from './expectation';

const fixtures = path.resolve('test/fixtures/tracer');
const files = ['abort-signals.mjs', 'mutex.mjs', 'not-stuck.mjs', 'promise-all.mjs', 'promise-race.mjs', 'retries.mjs', 'return-promise.mjs', 'semaphore.mjs', 'stuck-mutual.mjs', 'thenables.mjs'];

type Compiler = (source: string, folder: string) => Promise<string>;

const compilers: Record<string, Compiler> = {
  async esbuild(source, folder) {
    const outfile = path.join(folder, 'program.mjs');
    await build({ entryPoints: [source], outfile, target: 'es2016', format: 'esm', sourcemap: 'linked', logLevel: 'silent' });
    return outfile;
  },
  async TypeScript(source, folder) {
    const outfile = path.join(folder, 'program.mjs');
    const compilerOptions = { target: ts.ScriptTarget.ES2016, module: ts.ModuleKind.ES2022, sourceMap: true, allowJs: true };
    const { outputText, sourceMapText } = ts.transpileModule(await readFile(source, 'utf8'), { compilerOptions, fileName: path.basename(source) });
    const map = JSON.parse(sourceMapText!) as { sources: string[] };
    map.sources = [source];
    await writeFile(path.join(folder, 'program.mjs.map'), JSON.stringify(map));
    await writeFile(outfile, outputText.replace(/^\/\/# sourceMappingURL=.*$/m, '//# sourceMappingURL=program.mjs.map'));
    return outfile;
  },
};

describe('compiled async functions', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'))));
  afterEach(() => rm(folder, { recursive: true }));

  for (const [name, compile] of Object.entries(compilers)) {
    for (const file of files) {
      it(`${file}, compiled by ${name}`, async () => {
        const source = path.join(fixtures, file);
        const program = await compile(source, folder);
        // Compilers rename variables.
        const expected = readExpectations(source).map((one): Expectation => ({ ...one, locals: [] }));
        const found = await Promise.all(nodeMajors.map((major) => tasksOf(program, major)));
        nodeMajors.forEach((major, index) => {
          const { missing, extra } = unmatched(expected, found[index]!);
          assert.deepEqual([...missing.map((one) => one.text), ...extra.map(describeFound)], [], `Node ${major}`);
        });
      });
    }
  }
});
