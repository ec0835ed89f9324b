import assert from 'node:assert/strict';
import path from 'node:path';
import { BlockingGraph } from '../../../src/analyzer/blocking/graph';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Fixer } from '../../../src/analyzer/fixes';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';
import { makeFolder } from '../../folder';

const configs = new ConfigFinder({
  rules: Object.fromEntries(rules.filter((rule) => rule.id !== 'no-blocking-call').map((rule) => [rule.id, 'off' as const])),
});

const options = { strict: true, module: 'nodenext', noEmit: true };
const read = (file: string): string => `import { readFileSync } from 'node:fs';\nexport const read = (): string => readFileSync('${file}', 'utf8');\n`;

// The sources of `base` are part of all three programs; what `#reader` is differs from one to another.
const files = {
  'package.json': '{"private": true, "type": "module"}',
  'base/tsconfig.json': JSON.stringify({ compilerOptions: { ...options, paths: { '#reader': ['./slow.ts'] } } }),
  'base/slow.ts': read('a'),
  'base/load.ts': "import { read } from '#reader';\nexport const load = (): string => read();\nexport async function own(): Promise<string> {\n  return load();\n}\n",
  'one/tsconfig.json': JSON.stringify({ compilerOptions: { ...options, paths: { '#reader': ['./quick.ts'] } } }),
  'one/quick.ts': "export const read = (): string => 'a';\n",
  'one/page.ts': "import { load } from '../base/load.js';\nexport async function page(): Promise<string> {\n  return load();\n}\n",
  'two/tsconfig.json': JSON.stringify({ compilerOptions: { ...options, paths: { '#reader': ['../base/slow.ts'] } } }),
  'one/vault.ts': 'export interface Vault {\n  open(): string;\n}\nexport const use = async (vault: Vault): Promise<string> => vault.open();\n',
  'two/vault.ts':
    "import { readFileSync } from 'node:fs';\nexport interface Vault {\n  open(): string;\n}\nexport class FileVault implements Vault {\n  open(): string {\n    return readFileSync('v', 'utf8');\n  }\n}\nexport const use = async (vault: Vault): Promise<string> => vault.open();\n",
  'two/page.ts': "import { load } from '../base/load.js';\nexport async function page(): Promise<string> {\n  return load();\n}\n",
};

describe('a graph of several programs', () => {
  const folder = makeFolder(files);
  let programs: Programs;
  let linter: Linter;
  beforeEach(() => {
    programs = new Programs(folder.path);
    linter = new Linter(programs, configs);
  });
  afterEach(() => programs.close());
  after(() => folder.remove());

  /** How many findings each file has, those that were checked before included. */
  function check(...names: string[]): number[] {
    const reports = [...linter.check(names.map((name) => folder.file(name)))];
    assert.deepEqual(reports.flatMap(({ errors }) => errors), []);
    return reports.map(({ findings }) => findings.length);
  }

  it('asks about a file in its own program', () => {
    assert.deepEqual(check('one/page.ts', 'two/page.ts', 'base/load.ts'), [1, 1, 1]);
  });

  it('asks about it in the first that holds it as long as its own is not open', () => {
    assert.deepEqual(check('one/page.ts'), [0]);
    assert.deepEqual(check('two/page.ts', 'one/page.ts'), [0, 0]);
    // From here on its own decides.
    assert.deepEqual(check('base/load.ts', 'two/page.ts', 'one/page.ts'), [1, 1, 1]);
  });

  it('takes an edit into account for the files of all', () => {
    check('base/load.ts', 'one/page.ts', 'two/page.ts');
    const edit = (text: string): number[] => {
      programs.setText(folder.file('base/load.ts'), text);
      programs.refresh();
      return check('base/load.ts', 'one/page.ts', 'two/page.ts');
    };
    assert.deepEqual(edit(files['base/load.ts'].replace('=> read()', "=> ''")), [0, 0, 0]);
    assert.deepEqual(edit(files['base/load.ts']), [1, 1, 1]);
  });

  it('asks again about the files of those programs only that hold what was edited', () => {
    check('base/load.ts', 'one/page.ts', 'two/page.ts');
    const { memory } = new BlockingGraph(programs, undefined);
    const staleAfter = (name: keyof typeof files): string[] => {
      programs.setText(folder.file(name), `${files[name]}export const more = 1;\n`);
      programs.refresh();
      memory.stale.clear();
      new BlockingGraph(programs, memory);
      return [...new Set([...memory.stale].map(({ within }) => path.relative(folder.path, within.path)))].sort();
    };
    assert.deepEqual(staleAfter('one/page.ts'), ['one/vault.ts']);
    assert.deepEqual(staleAfter('two/page.ts'), ['two/vault.ts']);
    assert.deepEqual(staleAfter('base/load.ts'), ['base/slow.ts', 'one/page.ts', 'one/vault.ts', 'two/page.ts', 'two/vault.ts']);
  });

  it('takes no class of another program for what implements an interface', () => {
    assert.deepEqual(check('one/vault.ts', 'two/vault.ts'), [0, 1]);
  });

  it('refuses to make functions async that the program of the caller does not hold', () => {
    const [report] = linter.check(['one/page.ts', 'base/load.ts'].map((name) => folder.file(name)));
    const [finding] = report?.findings ?? [];
    assert.ok(finding);
    const [offer] = new Fixer(programs).offered([finding]);
    assert.deepEqual((offer?.fixes ?? []).map(({ title }) => title), []);
    assert.deepEqual((offer?.refused ?? []).map(({ reason }) => reason), ['the call at slow.ts:2 is in another program.']);
  });
});
