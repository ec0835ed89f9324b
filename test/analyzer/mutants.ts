import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Larger ones would only make the run longer. */
const maxSourceBytes = 6_000;
const roots = ['test/fixtures/rules', 'src', 'examples/src', 'node_modules/commander/lib', 'node_modules/ws/lib'];

/** A generator of equally distributed numbers from 0 to 1 that gives the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Our fixtures, our own sources and some of others'. */
function originals(): { extension: string; content: Buffer }[] {
  return roots.flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !file.endsWith('.d.ts'))
      .sort()
      .map((file) => ({ extension: path.extname(file), content: readFileSync(path.join(root, file)) }))
      .filter(({ content }) => content.length <= maxSourceBytes),
  );
}

/** Sources that were cut, spliced with pieces of others, or had bits of some bytes flipped; by file name. */
export function mutants(count: number, seed: number): Record<string, Buffer> {
  const sources = originals();
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const piece = (content: Buffer): Buffer => {
    const start = below(content.length);
    return content.subarray(start, start + below(Math.min(400, content.length - start)) + 1);
  };
  const mutations: ((content: Buffer) => Buffer)[] = [
    (content) => content.subarray(0, below(content.length)),
    (content) => {
      const start = below(content.length);
      return Buffer.concat([content.subarray(0, start), content.subarray(start + below(200) + 1)]);
    },
    (content) => {
      const at = below(content.length);
      return Buffer.concat([content.subarray(0, at), piece(pick(sources).content), content.subarray(at)]);
    },
    (content) => {
      const copy = Buffer.from(content);
      for (let flips = below(8) + 1; flips > 0; flips--) {
        const at = below(copy.length);
        copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
      }
      return copy;
    },
  ];
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const made: Record<string, Buffer> = {};
  for (let index = 0; index < count; index++) {
    const { extension, content } = pick(sources);
    let mutant = content;
    for (let steps = below(3) + 1; steps > 0 && mutant.length > 0; steps--) mutant = pick(mutations)(mutant);
    made[`mutant-${String(index).padStart(4, '0')}${extension}`] = mutant;
  }
  return made;
}
