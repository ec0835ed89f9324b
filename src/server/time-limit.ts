import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** What the thread that watches the time shares with the server: places in an Int32Array. */
export const slot = {
  /** Number of the piece of work under way, 0 for none. */
  work: 0,
  /** Process id of the compiler that works. */
  pid: 1,
  /** How long the work may take. Milliseconds. */
  limit: 2,
  /** Number of the last piece of work whose compiler was ended. */
  killed: 3,
} as const;

/** Ends the compiler process when a piece of work with it takes too long; the question then fails as if it had crashed. */
export class TimeLimit {
  private readonly shared = new Int32Array(new SharedArrayBuffer(4 * Object.keys(slot).length));
  private readonly worker: Worker;
  private works = 0;

  /** `limit` in milliseconds. */
  constructor(private readonly limit: number) {
    this.worker = new Worker(path.join(__dirname, 'watchdog.js'), { workerData: this.shared.buffer });
    this.worker.unref();
  }

  /** Runs work that asks the compiler with this process id; throws what it throws. */
  run<T>(pid: number | undefined, work: () => T): T {
    if (pid === undefined || Atomics.load(this.shared, slot.work) !== 0) return work();
    this.works = (this.works % 0x7fffffff) + 1;
    Atomics.store(this.shared, slot.pid, pid);
    Atomics.store(this.shared, slot.limit, this.limit);
    this.set(this.works);
    try {
      return work();
    } finally {
      this.set(0);
    }
  }

  /** Whether the last piece of work took too long. */
  get exceeded(): boolean {
    return this.works !== 0 && Atomics.load(this.shared, slot.killed) === this.works;
  }

  close(): void {
    void this.worker.terminate();
  }

  private set(work: number): void {
    Atomics.store(this.shared, slot.work, work);
    Atomics.notify(this.shared, slot.work);
  }
}
