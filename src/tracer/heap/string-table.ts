/**
 * The strings of a snapshot as one run of bytes (JSON-escaped UTF-8, as they came) and where each ends. A string is
 * decoded when it is asked for: a big heap has a million, of which a task list needs some hundreds.
 */
export class StringTable {
  /** bytes: all strings back to back; starts[i]..starts[i+1] is string i, so `starts` has `count + 1` used entries. */
  constructor(
    private readonly bytes: Buffer,
    private readonly starts: Uint32Array,
    readonly count: number,
  ) {}

  get(index: number): string {
    const start = this.starts[index];
    const end = this.starts[index + 1];
    if (start === undefined || end === undefined || index >= this.count) throw new RangeError(`no string ${index}`);
    const text = this.bytes.toString('utf8', start, end);
    return text.includes('\\') ? unescapeJson(text) : text;
  }

  /** The index of each of `names` (-1 for one that does not occur), in one pass over the table. */
  indexesOf(names: readonly string[]): Map<string, number> {
    const found = new Map<string, number>(names.map((name) => [name, -1]));
    const byLength: ({ name: string; bytes: Buffer }[] | undefined)[] = [];
    for (const name of found.keys()) {
      const bytes = Buffer.from(JSON.stringify(name).slice(1, -1));
      (byLength[bytes.length] ??= []).push({ name, bytes });
    }
    const { bytes, starts } = this;
    for (let i = 0; i < this.count; i++) {
      const start = starts[i]!;
      const candidates = byLength[starts[i + 1]! - start];
      if (!candidates) continue;
      for (const candidate of candidates) {
        if (sameBytes(bytes, start, candidate.bytes)) found.set(candidate.name, i);
      }
    }
    return found;
  }

  /** The indexes of the strings that begin with one of `prefixes`. */
  indexesWithPrefix(prefixes: readonly string[]): Map<number, string> {
    const found = new Map<number, string>();
    const wanted = prefixes.map((prefix) => ({ prefix, bytes: Buffer.from(prefix) }));
    const first = new Set(wanted.map(({ bytes }) => bytes[0]!));
    for (let i = 0; i < this.count; i++) {
      const start = this.starts[i]!;
      if (!first.has(this.bytes[start]!)) continue;
      for (const { prefix, bytes } of wanted) {
        if (this.starts[i + 1]! - start >= bytes.length && sameBytes(this.bytes, start, bytes)) {
          found.set(i, prefix);
        }
      }
    }
    return found;
  }
}

function sameBytes(all: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (all[start + i] !== expected[i]) return false;
  return true;
}

/** V8 cuts long strings at a fixed length, so an escape at the end may be cut too: then the text is kept as it came. */
function unescapeJson(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
