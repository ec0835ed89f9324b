import { SnapshotError } from './snapshot-layout';
import { StringTable } from './string-table';

const QUOTE = 0x22, BACKSLASH = 0x5c, COMMA = 0x2c, CLOSE_ARRAY = 0x5d;

/** Reads a JSON list of strings, in pieces of any size, into the bytes and offsets of a StringTable. */
export class StringCollector {
  /** Whether the end of the list has been read. */
  isComplete = false;
  count = 0;
  #bytes = new Uint8Array(1 << 20);
  #length = 0;
  #starts = new Uint32Array(1 << 16);
  #inString = false;
  #escaped = false;

  /** Reads from an offset up to the end of the list or of the chunk, and returns where it stopped. */
  read(bytes: Uint8Array, from: number): number {
    // Room for the worst case up front, so that the loop need not check.
    if (this.#length + bytes.length > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, Uint8Array, Math.ceil((this.#length + bytes.length) * 1.5));
    }
    const store = this.#bytes;
    const end = bytes.length;
    let length = this.#length;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let i = from;
    for (; i < end && !this.isComplete; i++) {
      const byte = bytes[i]!;
      if (inString) {
        if (escaped) {
          escaped = false;
          store[length++] = byte;
        } else if (byte === QUOTE) {
          inString = false;
          if (this.count + 2 > this.#starts.length) this.#starts = grown(this.#starts, Uint32Array, this.count * 2);
          this.#starts[++this.count] = length;
        } else {
          escaped = byte === BACKSLASH;
          store[length++] = byte;
        }
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === CLOSE_ARRAY) {
        this.isComplete = true;
      } else if (byte !== COMMA && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        throw new SnapshotError('is damaged: "strings" has something else than strings');
      }
    }
    this.#length = length;
    this.#inString = inString;
    this.#escaped = escaped;
    return i;
  }

  table(): StringTable {
    return new StringTable(Buffer.from(this.#bytes.buffer, 0, this.#length), this.#starts, this.count);
  }
}

/** A longer array that begins with the old one's numbers. */
export function grown<T extends Uint8Array | Uint32Array>(old: T, type: new (length: number) => T, length: number): T {
  const larger = new type(length);
  larger.set(old);
  return larger;
}
