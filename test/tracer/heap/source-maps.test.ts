// Bundles made by esbuild from TypeScript: every place leads back to what was written, and damaged maps do no harm.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import type { Task } from '../../../src/tracer/task';
import { nodeMajors } from '../../host/provision';
import { tasksOf } from './captured-program';
import { describeFound, readExpectations, unmatched } from './expectation';

const sources = ['main.ts', 'mailer.ts'].map((file) => path.resolve('test/fixtures/tracer/bundled', file));

const bundles: [name: string, options: BuildOptions][] = [
  ['an inline map', { sourcemap: 'inline', format: 'esm' }],
  ['a map beside the bundle', { sourcemap: 'linked', format: 'cjs' }],
  ['a minified bundle', { sourcemap: 'linked', minify: true, format: 'esm' }],
];

describe('source maps', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'asyncscope-'))));
  afterEach(() => rm(folder, { recursive: true }));

  async function bundle(options: BuildOptions): Promise<string> {
    const outfile = path.join(folder, options.format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
    await build({ entryPoints: [sources[0]!], bundle: true, platform: 'node', outfile, logLevel: 'silent', ...options });
    return outfile;
  }

  for (const [name, options] of bundles) {
    it(`are followed: ${name}`, async () => {
      const program = await bundle(options);
      const text = await readFile(program, 'utf8');
      for (const major of nodeMajors) {
        const found = await tasksOf(program, major);
        // What `this` is called at run time stays as it is.
        const receiver = found.find(({ task }) => task.receiver)?.task.receiver ?? '';
        const expected = sources.flatMap(readExpectations).map((one) => (one.receiver ? { ...one, receiver } : one));
        const { missing, extra } = unmatched(expected, found);
        assert.deepEqual([...missing.map((one) => one.text), ...extra.map(describeFound)], [], `Node ${major}`);
        for (const { task } of found) {
          const generated = task.at!.generated!;
          assert.equal(generated.file, program);
          assert.match(text.split('\n')[generated.line - 1]!.slice(generated.column - 1), /^await\b/);
        }
      }
    });
  }

  it('of a bundle with a scheme of its own lead to files that exist', async () => {
    const program = await bundle({ sourcemap: 'linked', format: 'esm' });
    const map = JSON.parse(await readFile(`${program}.map`, 'utf8')) as { sources: string[] };
    await writeFile(path.join(folder, 'mailer.ts'), '');
    map.sources = map.sources.map((source) => `webpack://app/./${path.basename(source)}`);
    await writeFile(`${program}.map`, JSON.stringify(map));
    const files = (await tasksOf(program, 24)).map(({ task }) => task.at!.file);
    assert.deepEqual(files.sort(), [path.join(folder, 'mailer.ts'), path.join(folder, 'mailer.ts'), 'webpack://app/main.ts'].sort());
  });

  it('are found, and lead to the sources, where folders and files have characters that mean something in a URL', async () => {
    const project = path.join(folder, 'C# 100% früh');
    const source = path.join(project, 'src/mailer #1.ts');
    await mkdir(path.dirname(source), { recursive: true });
    await writeFile(source, 'interface Mail {\n  to: string;\n}\nexport async function send(_mail: Mail): Promise<void> {\n  await new Promise((resolve) => setTimeout(resolve, 1e8));\n}\nvoid send({ to: "" });\nconsole.log("ready");\n');
    const outfile = path.join(project, 'dist/mailer #1.cjs');
    await build({ entryPoints: [source], platform: 'node', format: 'cjs', outfile, logLevel: 'silent', sourcemap: 'linked' });
    for (const major of nodeMajors) {
      const at = (await tasksOf(outfile, major)).map(({ task }) => task.at);
      assert.deepEqual(at.map((place) => [place?.file, place?.line, place?.column]), [[source, 5, 3]], `Node ${major}`);
    }
  });

  const broken: [what: string, map: string | undefined][] = [
    ['missing', undefined],
    ['empty', ''],
    ['no JSON', 'not a map'],
    ['without mappings', '{"version":3,"sources":[],"names":[],"mappings":""}'],
    ['cut off', '{"version":3,"sources":["a.ts"],"mapp'],
    ['of another kind', '[1,2,3]'],
    ['with mappings that are none', '{"version":3,"sources":["a.ts"],"names":[],"mappings":"!!!"}'],
  ];
  for (const [what, map] of broken) {
    it(`that are ${what} leave the places that run`, async () => {
      const program = await bundle({ sourcemap: 'linked', format: 'esm' });
      if (map === undefined) await rm(`${program}.map`);
      else await writeFile(`${program}.map`, map);
      const found: Task[] = (await tasksOf(program, 24)).map(({ task }) => task);
      assert.deepEqual(found.map((task) => task.name).sort(), ['Mailer.connect', 'Mailer.deliver', 'start']);
      for (const task of found) {
        assert.equal(task.at!.file, program);
        assert.equal(task.at!.generated, undefined);
        assert.equal(task.atIsExact, true);
      }
    });
  }
});
