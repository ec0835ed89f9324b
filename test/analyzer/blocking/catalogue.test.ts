import assert from 'node:assert/strict';
import { builtinModules, createRequire } from 'node:module';
import path from 'node:path';
import { apiLabel, blockingApis, calledName, costs, findApi, notBlocking, type BlockingApi } from '../../../src/analyzer/blocking/catalogue';
import { ConfigFinder } from '../../../src/analyzer/config/config';
import { Linter } from '../../../src/analyzer/linter';
import { Programs } from '../../../src/analyzer/program';
import { rules } from '../../../src/analyzer/rules';

const load = createRequire(__filename);

/** A member of a module of this Node, by an entry's `export`; undefined where this version lacks it. */
function member(api: BlockingApi): unknown {
  let holder: unknown = api.module === 'global' ? globalThis : builtin(api.module);
  for (const name of api.export.replace(/^new |\(\)$/g, '').split('.')) holder = (holder as Record<string, unknown> | undefined)?.[name];
  return holder;
}

function builtin(module: string): unknown {
  try {
    return load(`node:${module}`);
  } catch {
    return undefined;
  }
}

/** Node's own entries that Node 20 does not have yet, or has on objects that cannot be had without side effects. */
const elsewhere =
  /^(?:fs (?:globSync$|lchmodSync$|mkdtempDisposableSync|openAsBlobSync|Utf8Stream\.|Dir\.)|crypto (?:argon2Sync|encapsulate|decapsulate|diffieHellman)|zlib (?:zstd|createZipArchiveSync)|sqlite |dgram |module (?:findPackageJSON|stripTypeScriptTypes)|sea |v8 queryObjects|wasi |process loadEnvFile)/;

describe('catalogue of blocking APIs', () => {
  it('lists each API once, with a known cost', () => {
    assert.ok(blockingApis.length > 350);
    assert.equal(new Set(blockingApis.map((api) => `${api.module} ${api.export}`)).size, blockingApis.length);
    for (const api of blockingApis) assert.ok(costs.includes(api.cost), apiLabel(api));
  });

  it("names functions that Node's modules have", () => {
    const own = blockingApis.filter((api) => api.module === 'global' || builtinModules.includes(api.module));
    assert.ok(own.length > 100);
    const missing = own.filter((api) => typeof member(api) !== 'function' && !elsewhere.test(`${api.module} ${api.export}`));
    assert.deepEqual(missing.map(apiLabel), []);
  });

  it("knows every function of Node's modules whose name ends in Sync", () => {
    const unknown = builtinModules
      .filter((module) => !module.startsWith('_') && !module.includes('/'))
      .flatMap((module) =>
        Object.entries((builtin(module) ?? {}) as Record<string, unknown>)
          .filter(([name, value]) => name.endsWith('Sync') && typeof value === 'function')
          .filter(([name]) => !findApi(module, name) && !notBlocking.includes(`${module}.${name}`))
          .map(([name]) => `${module}.${name}`),
      );
    assert.deepEqual(unknown, []);
  });

  it('has every API reported in code without types for it', () => {
    const directory = path.resolve('test/fixtures/rules');
    const file = path.join(directory, 'every-api.mjs');
    const lines = blockingApis.map(snippet);
    const programs = new Programs(directory);
    try {
      programs.setText(file, lines.join('\n'));
      const others = Object.fromEntries(rules.filter((rule) => rule.id !== 'no-blocking-call').map((rule) => [rule.id, 'off' as const]));
      const [report] = [...new Linter(programs, new ConfigFinder({ rules: others })).check([file])];
      assert.deepEqual(report?.errors, []);
      const byLine = new Map<number, string>();
      for (const finding of report?.findings ?? []) byLine.set((report?.unit?.text ?? '').slice(0, finding.start).split('\n').length, finding.message);
      const missed = blockingApis.filter((api, index) => byLine.get(index + 1)?.startsWith(`${apiLabel(api)} blocks`) !== true);
      assert.deepEqual(missed.map((api) => `${api.module} ${api.export}`), []);
    } finally {
      programs.close();
    }
  });
});

/** A line of code whose async function runs an API. */
function snippet(api: BlockingApi, index: number): string {
  const name = `module${index}`;
  const isDefault = /(?:^|^new )default/.test(api.export);
  const bind = api.module === 'global' || api.module === 'process' ? '' : isDefault ? `import ${name} from '${api.module}'; ` : `import * as ${name} from '${api.module}'; `;
  const root = (exported: string): string => {
    if (api.module === 'global') return exported;
    if (api.module === 'process') return `process.${exported}`;
    return exported === 'default' ? name : `${name}.${exported}`;
  };
  const given = api.syncWhenOption ? `({ ${api.syncWhenOption}: true })` : api.whenNumber !== undefined ? '(2048)' : '(given)';
  const isMaker = api.export.endsWith('()');
  const exported = api.export.replace(/^new |\(\)$/g, '');
  const [holder = '', method] = exported.split('.prototype.');
  const callee = method === undefined ? root(exported) : `object.${method}`;
  const object = method === undefined ? '' : `const object = new ${root(holder)}(given); `;
  const made = isMaker ? `const made = ${callee}(given); ` : '';
  const call = isMaker ? `made${given}` : `${api.export.startsWith('new ') ? 'new ' : ''}${callee}${given}`;
  assert.ok(calledName(api).length > 0);
  return `${bind}export async function run${index}(given) { ${object}${made}${call}; }`;
}
