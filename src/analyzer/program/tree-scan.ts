import { SyntaxKind, type Identifier, type Node, type SourceFile } from 'typescript7/ast';

/** Kinds of nodes to look for. */
export type KindSet = Uint8Array;

export function kindSet(kinds: Iterable<SyntaxKind>): KindSet {
  const set = new Uint8Array(512);
  for (const kind of kinds) set[kind] = 1;
  return set;
}

/**
 * How the compiler's trees come over the pipe: records of a fixed length in the order in which a walk meets the nodes,
 * of which the client makes objects only when they are asked for. Not in its declarations.
 */
interface EncodedFile {
  readonly view: DataView;
  readonly nodes: readonly (Node | undefined)[];
  readonly _offsetNodes: number;
  getOrCreateNodeAtIndex(index: number): Node;
}

// A record's fields, in words of 32 bits. A list of nodes is a record too, of kind -1 when read with a sign: so all kinds
// are small integers, without which V8 compiles the loops below over and over.
const recordWords = 7;
const kindWord = 0;
const endWord = 2;
const nextWord = 3;
const parentWord = 4;
const comment: number = SyntaxKind.JSDoc;
const identifier: number = SyntaxKind.Identifier;
const list = -1;

const recordsOf = new WeakMap<EncodedFile, Int32Array>();

/** The records of a file; the first is of nothing, the second of the file itself. */
function records(file: EncodedFile): Int32Array {
  let words = recordsOf.get(file);
  if (!words) {
    const { buffer, byteOffset, byteLength } = file.view;
    const start = byteOffset + file._offsetNodes;
    const end = byteOffset + byteLength;
    words = start % 4 === 0 ? new Int32Array(buffer, start, (end - start) >> 2) : new Int32Array(buffer.slice(start, end));
    recordsOf.set(file, words);
  }
  return words;
}

/** The first record after a node and all below it. */
function afterTree(words: Int32Array, index: number): number {
  for (let at = index; at > 1; at = words[at * recordWords + parentWord] as number) {
    const next = words[at * recordWords + nextWord] as number;
    if (next !== 0) return next;
  }
  return words.length / recordWords;
}

/** Levels of a file's tree, as far as `limit`; objects are made of none. */
export function depthOf(sourceFile: SourceFile, limit: number): number {
  const words = records(sourceFile as unknown as EncodedFile);
  const depths = new Uint32Array(words.length / recordWords);
  let deepest = 0;
  // Parents come before their children. The lists between them are no levels.
  for (let index = 2; index < depths.length && deepest < limit; index++) {
    const above = depths[words[index * recordWords + parentWord] as number] as number;
    const depth = (words[index * recordWords + kindWord] as number) === list ? above : above + 1;
    depths[index] = depth;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/**
 * Calls `visit` for all nodes of a file that are of certain kinds, parents before children, in the order of the text.
 * No objects are made of the others, which is most of what walking a tree costs. Comments (JSDoc) are left out, as
 * `forEachChild` does.
 */
export function forEachOfKind(sourceFile: SourceFile, kinds: KindSet, visit: (found: Node) => void): void {
  const file = sourceFile as unknown as EncodedFile;
  const words = records(file);
  const end = words.length / recordWords;
  for (let index = 1; index < end; index++) {
    const kind = words[index * recordWords + kindWord] as number;
    if (kind === comment) index = afterTree(words, index) - 1;
    else if (kind > 0 && kinds[kind] === 1) visit(file.nodes[index] ?? file.getOrCreateNodeAtIndex(index));
  }
}

/**
 * The same for the nearest descendants of a node: what is below one that is found is left to `visit`, which stops the
 * search where it returns true.
 */
export function forEachNearest(node: Node, kinds: KindSet, visit: (found: Node) => boolean | void): void {
  const file = node.getSourceFile() as unknown as EncodedFile;
  const words = records(file);
  const { index: top } = node as unknown as { index: number };
  const end = afterTree(words, top);
  for (let index = top + 1; index < end; ) {
    const kind = words[index * recordWords + kindWord] as number;
    if (kind === comment) index = afterTree(words, index);
    else if (kind > 0 && kinds[kind] === 1) {
      if (visit(file.nodes[index] ?? file.getOrCreateNodeAtIndex(index)) === true) return;
      index = afterTree(words, index);
    } else index++;
  }
}

const identifierPart = /[\p{ID_Continue}$\u200c\u200d]/u;

/** The identifiers of a name below a node, in the order of the text; objects are made of these alone. */
export function identifiersNamed(name: string, node: Node): Identifier[] {
  const sourceFile = node.getSourceFile();
  const { text } = sourceFile;
  const file = sourceFile as unknown as EncodedFile;
  const words = records(file);
  const { index: top } = node as unknown as { index: number };
  const end = afterTree(words, top);
  const found: Identifier[] = [];
  for (let index = top + 1; index < end; ) {
    const kind = words[index * recordWords + kindWord] as number;
    if (kind === comment) {
      index = afterTree(words, index);
      continue;
    }
    if (kind === identifier) {
      const start = (words[index * recordWords + endWord] as number) - name.length;
      if (text.startsWith(name, start) && !identifierPart.test(text[start - 1] ?? '')) found.push(file.getOrCreateNodeAtIndex(index) as Identifier);
    }
    index++;
  }
  return found;
}
