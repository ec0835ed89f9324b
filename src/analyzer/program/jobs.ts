import { Batch, type Question } from './questions';
import type { Asking } from './types';
import type { Pending, Wire } from './wire';

/**
 * Work in steps: each yields askings, whose questions go out together, and gets what they return. The askings of a step
 * run side by side; the first that throws ends the step, and the error is thrown where it was yielded.
 */
export type Job<T> = Generator<readonly Asking<unknown>[], T, unknown[]>;

/** Jobs under way at the same time: while the compiler works for some, this process works for another. */
const jobsAtOnce = 4;

/** Runs jobs against one compiler process. */
export class JobRunner {
  constructor(private readonly wire: Wire) {}

  /** Runs a job to its end. */
  run<T>(job: Job<T>): T {
    for (const result of this.runAll([() => job])) return result;
    throw new Error('A job ended without a result.');
  }

  /** Runs jobs, each begun when its turn comes; results in their order. An error of one ends all. */
  *runAll<T>(jobs: Iterable<() => Job<T>>): Generator<T> {
    const upcoming = jobs[Symbol.iterator]();
    const results = new Map<number, { value: T }>();
    let begun = 0;
    let given = 0;
    const tracks: Track<T>[] = [];
    // One at a time: what the last one asks is out before the next does its first work.
    const begin = (): void => {
      if (tracks.length >= jobsAtOnce) return;
      const next = upcoming.next();
      if (!next.done) tracks.push(new Track(next.value(), begun++));
    };
    begin();
    /** Those whose questions are out, in the order of sending. */
    const flying: Track<T>[] = [];
    while (tracks.length > 0) {
      flying.shift()?.proceed(this.wire);
      for (const track of tracks.filter(({ isWaiting }) => isWaiting)) {
        track.send(this.wire);
        flying.push(track);
      }
      for (const track of tracks.filter(({ result }) => result !== undefined)) {
        tracks.splice(tracks.indexOf(track), 1);
        if (track.result) results.set(track.index, track.result);
      }
      begin();
      for (let result = results.get(given); result; result = results.get(given)) {
        results.delete(given++);
        yield result.value;
      }
    }
  }
}

/** An asking that waits for an answer. */
interface Open {
  readonly asking: Asking<unknown>;
  readonly index: number;
}

/** One that waits for what another asking finds out. */
interface Idle extends Open {
  readonly until: Until;
}

/** Yielded in place of a question by an asking that lets another one work for it. */
class Until {
  constructor(readonly isOver: () => boolean) {}
}

/**
 * Lets other askings go on until `isOver`; false where none of those that run side by side with this one will get there
 * by themselves.
 */
export function* until(isOver: () => boolean): Asking<boolean> {
  return (yield new Until(isOver) as never) as boolean;
}

/** One job under way. */
class Track<T> {
  result: { value: T } | undefined;
  private returned: unknown[] = [];
  private open: Open[] = [];
  private idle: Idle[] = [];
  private questions: Question[] = [];
  private batch: Batch | undefined;
  /** The batch is out. */
  private pending: Pending | undefined;
  private nextStep: () => IteratorResult<readonly Asking<unknown>[], T>;

  constructor(
    private readonly job: Job<T>,
    readonly index: number,
  ) {
    this.nextStep = () => job.next([]);
    this.advance();
  }

  /** Whether it has questions to send. */
  get isWaiting(): boolean {
    return this.batch !== undefined && !this.pending;
  }

  send(wire: Wire): void {
    this.pending = this.batch?.send(wire);
  }

  /** Takes the answers to what was sent, and goes on until there are questions that must be sent, or the job is done. */
  proceed(wire: Wire): void {
    if (this.pending) this.batch?.take(this.pending, wire);
    this.pending = undefined;
    this.handOut();
    this.advance();
  }

  private advance(): void {
    while (this.open.length === 0) {
      const { done, value } = this.nextStep();
      if (done) {
        this.result = { value };
        return;
      }
      this.begin(value);
    }
    this.batch = new Batch(this.questions);
  }

  private begin(askings: readonly Asking<unknown>[]): void {
    const returned = (this.returned = new Array<unknown>(askings.length));
    this.nextStep = () => this.job.next(returned);
    this.collect(() => askings.forEach((asking, index) => this.take({ asking, index }, asking.next())));
  }

  private handOut(): void {
    const waiting = this.open;
    const answers = this.batch?.answers ?? [];
    this.batch = undefined;
    this.collect(() =>
      waiting.forEach((one, at) => {
        const { result, error } = answers[at] ?? {};
        this.take(one, error ? one.asking.throw(new Error(error)) : one.asking.next(result));
      }),
    );
  }

  private collect(run: () => void): void {
    this.open = [];
    this.questions = [];
    try {
      run();
      this.wake();
    } catch (error) {
      this.open = [];
      this.idle = [];
      this.nextStep = () => this.job.throw(error);
    }
  }

  /** Goes on with those that waited for another asking. */
  private wake(): void {
    for (;;) {
      const { idle } = this;
      const isOver = idle.map(({ until }) => until.isOver());
      // Where nobody here asks anything, what they wait for is another job's, or their own.
      const areStuck = this.open.length === 0 && !isOver.includes(true);
      if (idle.length === 0 || (!areStuck && !isOver.includes(true))) return;
      this.idle = areStuck ? [] : idle.filter((_, index) => !isOver[index]);
      for (const [index, one] of idle.entries()) if (areStuck || isOver[index]) this.take(one, one.asking.next(!areStuck));
    }
  }

  private take({ asking, index }: Open, step: IteratorResult<unknown, unknown>): void {
    if (step.done) {
      this.returned[index] = step.value;
    } else if (step.value instanceof Until) {
      this.idle.push({ asking, index, until: step.value });
    } else {
      this.open.push({ asking, index });
      this.questions.push(step.value as Question);
    }
  }
}
