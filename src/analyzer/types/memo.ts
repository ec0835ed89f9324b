import { until, type Asking } from '../program';

/** Answers kept for each key, so that the compiler is asked about a type once in a snapshot. */
export class Memo<Key, Value> {
  private readonly known = new Map<Key, Value>();
  /** Keys that some asking works on: who needs the same answer waits for it. */
  private readonly underWay = new Set<Key>();

  constructor(private readonly compute: (key: Key) => Asking<Value>) {}

  *get(key: Key): Asking<Value> {
    for (let isWaiting = true; ; ) {
      const known = this.known.get(key);
      if (known !== undefined || this.known.has(key)) return known as Value;
      if (!isWaiting || !this.underWay.has(key)) break;
      isWaiting = yield* until(() => !this.underWay.has(key));
    }
    this.underWay.add(key);
    try {
      const value = yield* this.compute(key);
      this.known.set(key, value);
      return value;
    } finally {
      this.underWay.delete(key);
    }
  }
}
