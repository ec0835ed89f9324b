import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';

const root = path.resolve('test/fixtures/rules/no-blocking-call/flagged');
const configs = new ConfigFinder({
  rules: Object.fromEntries(rules.filter((rule) => rule.id !== 'no-blocking-call').map((rule) => [rule.id, 'off' as const])),
});

/** A project with unsaved edits, checked by one graph that is renewed after each. */
class Editor {
  readonly programs = new Programs(root);
  private readonly linter = new Linter(this.programs, configs);
  private readonly texts = new Map<string, string>();

  constructor(private readonly files: readonly string[]) {
    this.check(files);
  }

  text(file: string): string {
    return this.texts.get(file) ?? readFileSync(path.join(root, file), 'utf8');
  }

  /** Replaces text of a file, and checks it first and then the others, as an editor does. */
  edit(file: string, find: string, replacement: string): Map<string, string[]> {
    const text = this.text(file);
    assert.ok(text.includes(find), `${file} has no ${find}`);
    this.texts.set(file, text.replace(find, replacement));
    this.programs.setText(path.join(root, file), this.text(file));
    this.programs.refresh();
    return new Map([...this.check([file]), ...this.check(this.files.filter((other) => other !== file))]);
  }

  /** What a graph made anew says of the same text. */
  afresh(): Map<string, string[]> {
    const programs = new Programs(root);
    try {
      for (const [file, text] of this.texts) programs.setText(path.join(root, file), text);
      return check(new Linter(programs, configs), this.files);
    } finally {
      programs.close();
    }
  }

  private check(files: readonly string[]): Map<string, string[]> {
    return check(this.linter, files);
  }
}

/** Findings by file, with their severity and the way to the API. */
function check(linter: Linter, files: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const report of linter.check(files.map((file) => path.join(root, file)))) {
    assert.deepEqual(report.errors, []);
    const text = report.unit?.text ?? '';
    found.set(
      path.relative(root, report.path),
      report.findings.map(({ start, end, severity, message, related }) => [text.slice(start, end), severity, message, ...related.map((place) => place.message)].join(' | ')),
    );
  }
  return found;
}

const sorted = (found: Map<string, string[]>): [string, string[]][] => [...found].sort(([a], [b]) => (a < b ? -1 : 1));

describe('blocking graph, renewed after edits', () => {
  const cases: { name: string; files: string[]; edits: [file: string, find: string, replacement: string, expected: [file: string, count: number]][] }[] = [
    {
      name: 'a helper three calls away stops blocking and blocks again',
      files: ['helper-chain/server.ts', 'helper-chain/config.ts', 'helper-chain/read-json.ts'],
      edits: [
        ['helper-chain/read-json.ts', "readFileSync(file, 'utf8')", 'file', ['helper-chain/server.ts', 0]],
        ['helper-chain/read-json.ts', 'JSON.parse(file)', "JSON.parse(readFileSync(file, 'utf8'))", ['helper-chain/server.ts', 1]],
        ['helper-chain/config.ts', 'readJson(file) as', '({ file }) as', ['helper-chain/server.ts', 0]],
        ['helper-chain/config.ts', '({ file }) as', 'readJson(file) as', ['helper-chain/server.ts', 1]],
        ['helper-chain/server.ts', 'loadConfig(', "[].map(loadConfig)[0] ?? loadConfig(", ['helper-chain/server.ts', 2]],
      ],
    },
    {
      name: 'a re-export stands for something else',
      files: ['re-export/release.ts', 're-export/index.ts', 're-export/io.ts', 're-export/checksum.ts'],
      edits: [
        ['re-export/io.ts', 'readFileSync as readText', 'promises as readText', ['re-export/release.ts', 2]],
        ['re-export/io.ts', 'promises as readText', 'existsSync as readText', ['re-export/release.ts', 3]],
        ['re-export/checksum.ts', 'export default function (', 'export default async function (', ['re-export/release.ts', 2]],
        ['re-export/checksum.ts', 'export default async function (', 'export default function sum(', ['re-export/release.ts', 3]],
      ],
    },
    {
      name: 'what default imports are called by in the file that is edited',
      files: ['npm-packages.js'],
      edits: [
        ['npm-packages.js', 'register(user)', 'register(somebody)', ['npm-packages.js', 6]],
        ['npm-packages.js', 'import syncFetch', 'import fetchNow', ['npm-packages.js', 5]],
        ['npm-packages.js', 'syncFetch(', 'fetchNow(', ['npm-packages.js', 6]],
      ],
    },
    {
      name: 'a default import of a helper is edited around',
      files: ['re-export/release.ts', 're-export/index.ts', 're-export/io.ts', 're-export/checksum.ts'],
      edits: [
        ['re-export/release.ts', 'import', "import sumOf from './checksum.js';\nimport", ['re-export/release.ts', 3]],
        ['re-export/release.ts', 'checksum(', 'sumOf(', ['re-export/release.ts', 3]],
        ['re-export/release.ts', 'import', '// Again.\nimport', ['re-export/release.ts', 3]],
        ['re-export/checksum.ts', 'import', '// Again.\nimport', ['re-export/release.ts', 3]],
      ],
    },
    {
      name: 'a class gets other methods',
      files: ['methods/sync.ts', 'methods/store.ts'],
      edits: [
        ['methods/store.ts', "return fs.readFileSync(this.path(key), 'utf8')", 'return this.path(key)', ['methods/sync.ts', 2]],
        ['methods/store.ts', 'JSON.parse(super.get(key))', 'JSON.parse(super.get(key) + this.size(key))', ['methods/sync.ts', 3]],
        ['methods/store.ts', 'fs.mkdirSync(directory, { recursive: true });', '', ['methods/sync.ts', 2]],
        ['methods/sync.ts', 'store.parse(key)', 'store.path(key)', ['methods/sync.ts', 1]],
      ],
    },
    {
      name: 'an object literal gets other members',
      files: ['object-literal/handler.ts', 'object-literal/cache.ts'],
      edits: [
        ['object-literal/cache.ts', 'save(key, cache.load(key));', '', ['object-literal/handler.ts', 2]],
        ['object-literal/cache.ts', '  save,', '  save: (key: string, value: string) => void [key, value],', ['object-literal/handler.ts', 1]],
        ['object-literal/handler.ts', 'cache.touch(', 'cache.load(', ['object-literal/handler.ts', 2]],
      ],
    },
    {
      name: 'one of two implementations of an interface stops blocking, blocks again and is joined by a third',
      files: ['open-members.ts'],
      edits: [
        ['open-members.ts', "return readFileSync(`secrets/${name}`, 'utf8')", 'return name', ['open-members.ts', 1]],
        ['open-members.ts', 'return name', "return readFileSync(`secrets/${name}`, 'utf8')", ['open-members.ts', 2]],
        ['open-members.ts', 'export const vaults', 'export const none: Vault = { readSecret: () => "" };\nexport const vaults', ['open-members.ts', 1]],
      ],
    },
  ];

  for (const { name, files, edits } of cases) {
    it(name, () => {
      const editor = new Editor(files);
      try {
        for (const [file, find, replacement, [where, count]] of edits) {
          const found = editor.edit(file, find, replacement);
          assert.equal(found.get(where)?.length, count, `${where} after ${find} became ${replacement}: ${found.get(where)?.join('\n')}`);
          assert.deepEqual(sorted(found), sorted(editor.afresh()), `after ${find} became ${replacement}`);
        }
      } finally {
        editor.programs.close();
      }
    });
  }

  it('is the same after the compiler was started anew', () => {
    const editor = new Editor(['helper-chain/server.ts', 'helper-chain/config.ts', 'helper-chain/read-json.ts']);
    try {
      editor.programs.restart();
      const found = editor.edit('helper-chain/read-json.ts', 'readFileSync(file', "readFileSync(file + ''");
      assert.equal(found.get('helper-chain/server.ts')?.length, 1);
      assert.deepEqual(sorted(found), sorted(editor.afresh()));
    } finally {
      editor.programs.close();
    }
  });
});
