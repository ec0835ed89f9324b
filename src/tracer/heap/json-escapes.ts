const COMMA = 0x2c, BACKSLASH = 0x5c, LETTER_U = 0x75;
const CONTROL: Record<number, number> = { 0x62: 0x08, 0x66: 0x0c, 0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09 };

/** How long a piece is, about. */
const PIECE = 4096;

/** The end of a piece that begins at `from` and cuts no escape in two. */
export function endOfPiece(bytes: Uint8Array, from: number): number {
  const comma = from + PIECE < bytes.length ? bytes.lastIndexOf(COMMA, from + PIECE) : -1;
  return comma >= from ? comma + 1 : bytes.length;
}

/** The text of a JSON string, as UTF-8; `bytes` are what stands between its quotes. */
export function unescapedJson(bytes: Uint8Array): Uint8Array {
  // No escape is shorter than what it stands for.
  const text = new Uint8Array(bytes.length);
  let length = 0;
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i++]!;
    if (byte !== BACKSLASH) {
      text[length++] = byte;
      continue;
    }
    const letter = bytes[i++]!;
    if (letter !== LETTER_U) {
      text[length++] = CONTROL[letter] ?? letter;
      continue;
    }
    let units = String.fromCharCode(hexDigits(bytes, i));
    i += 4;
    // The second half of a character beyond the first 65,536.
    if (/[\uD800-\uDBFF]/.test(units) && bytes[i] === BACKSLASH && bytes[i + 1] === LETTER_U) {
      units += String.fromCharCode(hexDigits(bytes, i + 2));
      i += 6;
    }
    length += Buffer.from(text.buffer).write(units, length, 'utf8');
  }
  return text.subarray(0, length);
}

function hexDigits(bytes: Uint8Array, at: number): number {
  return parseInt(String.fromCharCode(...bytes.subarray(at, at + 4)), 16);
}
