import type { Asking } from '../program';

/** Answers kept for each key, so that the compiler is asked about a type once in a snapshot. */
export class Memo<Key, Value> {
  private readonly known = new Map<Key, Value>();

  constructor(private readonly compute: (key: Key) => Asking<Value>) {}

  *get(key: Key): Asking<Value> {
    const known = this.known.get(key);
    if (known !== undefined || this.known.has(key)) return known as Value;
    const value = yield* this.compute(key);
    this.known.set(key, value);
    return value;
  }
}
