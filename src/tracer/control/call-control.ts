// What a user can do to one suspended call. Nothing of it happens unasked.
import { endHold, forgiveHold, longestHoldMs } from '../heap/forgiven-hold';
import { CallInspector } from '../heap/inspection';
import type { InspectorSession } from '../inspector/session';
import type { CallInHeap } from '../task';
import { abort, findAborts, type AbortChoice } from './aborts';
import { evaluateIn, type Evaluation } from './evaluation';
import { ResumeBreak } from './resume-break';
import { clearTimer, describeTimer, fireTimer, type TimerChoice } from './timers';

export interface CallChoices {
  aborts: AbortChoice[];
  timers: TimerChoice[];
}

/** `abort`: an AbortController; the others: a timer. `heapId` is that of the choice. */
export interface CallChange {
  kind: 'abort' | 'fire' | 'clear';
  heapId: number;
}

const changes = { abort, fire: fireTimer, clear: clearTimer };

export class CallControl {
  readonly #inspector: CallInspector;

  constructor(
    private readonly session: InspectorSession,
    private readonly call: CallInHeap,
  ) {
    this.#inspector = new CallInspector(session);
  }

  /** What could be aborted, fired or cleared; undefined where the call has finished. Changes nothing. */
  choices(): Promise<CallChoices | undefined> {
    return this.#held(async () => {
      const call = await this.#inspector.inspect(this.call.heapId);
      if (call?.state !== 'suspended') return undefined;
      const objects = async (className: string) =>
        Promise.all(this.call.waitsFor.filter((one) => one.className === className).map(({ heapId }) => this.#inspector.object(heapId)));
      const signals = (await objects('AbortSignal')).filter((objectId) => objectId !== undefined);
      const timers = this.call.waitsFor.filter(({ className }) => className === 'Timeout').map(({ heapId }) => describeTimer(this.#inspector, heapId));
      return {
        aborts: await findAborts(this.session, this.#inspector, call, signals),
        timers: (await Promise.all(timers)).filter((timer) => timer !== undefined),
      };
    });
  }

  /** False where what should be changed is gone or over. */
  change({ kind, heapId }: CallChange): Promise<boolean> {
    return this.#held(() => changes[kind](this.session, this.#inspector, heapId));
  }

  /** Undefined where the call has finished. */
  evaluate(expression: string, mayChange: boolean): Promise<Evaluation | undefined> {
    return this.#held(async () => {
      const call = await this.#inspector.inspect(this.call.heapId);
      return call?.state === 'suspended' ? evaluateIn(this.session, this.#inspector, call, expression, mayChange) : undefined;
    });
  }

  /** Stops the debugger where the call goes on; `isRunning` is an expression that is true only while this call runs. Undefined where it has finished. */
  breakOnResume(isRunning: string): Promise<ResumeBreak | undefined> {
    return this.#held(async () => {
      const call = await this.#inspector.inspect(this.call.heapId);
      return call?.state === 'suspended' ? ResumeBreak.set(this.session, this.#inspector, call, isRunning) : undefined;
    });
  }

  async #held<T>(use: () => Promise<T>): Promise<T> {
    // Each object is found by a walk through the heap.
    const told = this.session.send('Runtime.evaluate', { expression: forgiveHold(longestHoldMs), silent: true });
    try {
      return (await Promise.all([use(), told]))[0];
    } finally {
      endHold(this.session);
      await this.#inspector.release();
    }
  }
}
