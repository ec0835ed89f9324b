import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { makeFolder, type Folder } from '../../folder';
import { asyncscope } from '../command';

const app = `import { load } from './lib.mjs';
export async function page(): Promise<string> {
  save();
  return load();
}
async function save(): Promise<void> {
  throw new Error('full');
}
`;
const lib = `import { execSync } from 'node:child_process';
export function load(): string {
  return execSync('git log').toString();
}
`;

type Shape = string | { [name: string]: Shape };

/** Names and kinds of values; those of a list's elements together. */
function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return { '[]': value.map(shapeOf).reduce<Shape>(merged, {}) };
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

function merged(one: Shape, other: Shape): Shape {
  if (typeof one === 'string' || typeof other === 'string') return other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, merged(one[name] ?? {}, other[name] ?? {})]));
}

describe('the JSON of a check', () => {
  let folder: Folder;
  before(() => (folder = makeFolder({ 'app.mts': app, 'lib.mts': lib, 'broken.mts': 'export const = 1;\n' })));
  after(() => folder.remove());

  it('has the shape that docs/cli.md shows', async () => {
    const { stdout } = await asyncscope(['check', '--format', 'json'], { cwd: folder.path });
    const [, documented = ''] = /```json\n([^]*?)```/.exec(readFileSync('docs/cli.md', 'utf8')) ?? [];
    assert.deepEqual(shapeOf(JSON.parse(stdout)), shapeOf(JSON.parse(documented)));
  });
});
