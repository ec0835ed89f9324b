// A question that a thread is asked again and again. Each text that is evaluated is a script, which a debugger keeps for
// good. So the thread keeps the question, behind a setter of the global object, and the inspector sets that property:
// it does so for a binding, at once, even in a loop or at a breakpoint. The answer is then read as a property.
import { randomBytes } from 'node:crypto';
import type { InspectorSession } from '../inspector/session';
import { AS_OWN, valueOf, type EvaluateResult } from './evaluation';

/** An answer about very many tasks takes the process a while. */
const TIMEOUT_MS = 20_000;

/** What a thread keeps: an object with the newest answer and its number, and no other object for which the inspector would make an id each time. */
const keep = (text: string): string => `function (name, ...args) {
  const run = (${text}).apply(this, args);
  const kept = { __proto__: null, number: 0, told: undefined, failed: undefined };
  // Once the inspector has let go of it, nothing is held.
  const held = typeof WeakRef === 'function' ? new WeakRef(kept) : { deref: () => kept };
  const set = () => {
    const kept = held.deref();
    if (!kept) return;
    kept.number++;
    try {
      kept.told = (${AS_OWN})(run);
    } catch (error) {
      kept.failed = String(error);
    }
  };
  Object.defineProperty(this, name, { set, configurable: true });
  return kept;
}`;

/** As it comes from the thread. */
interface Answer {
  told?: unknown;
  failed?: unknown;
}

interface Property {
  name: string;
  value?: { value?: unknown };
}

interface Kept {
  readonly objectId: string;
  /** The context that it lives in; undefined where its id does not tell. */
  readonly contextId: number | undefined;
  /** Of the newest answer. */
  number: number;
}

export class StandingQuestion {
  private readonly name = `asyncscope:${randomBytes(8).toString('hex')}:ask`;
  private kept: Promise<Kept> | undefined;

  /**
   * `text` is that of a function which, called on the global object with `args`, gives what is called for each answer: a
   * function that gives a string, or undefined.
   */
  constructor(
    private readonly session: InspectorSession,
    private readonly text: string,
    private readonly args: () => readonly (string | number)[],
  ) {}

  /** One answer at a time. Rejects with a one-sentence Error; the thread keeps the question anew then, with new arguments. */
  async ask(): Promise<string | undefined> {
    this.kept ??= this.keep();
    try {
      const kept = await this.kept;
      const { told, failed } = (await this.askByBinding(kept)) ?? (await this.askByScript(kept));
      if (typeof failed === 'string') throw new Error(`The agent failed in the process: ${failed.split('\n')[0]}.`);
      return typeof told === 'string' ? told : undefined;
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** The next answer is by new arguments. */
  forget(): void {
    this.kept?.then(({ objectId }) => this.session.send('Runtime.releaseObject', { objectId })).catch(() => undefined); // it has ended
    this.kept = undefined;
  }

  /** Leaves nothing in the thread. Never rejects. */
  async end(): Promise<void> {
    if (!this.kept) return;
    this.forget();
    await this.session.send('Runtime.evaluate', { expression: `delete globalThis[${JSON.stringify(this.name)}]`, silent: true }).catch(() => undefined); // it has ended
  }

  /** Undefined where the inspector has not set the property. */
  private async askByBinding(kept: Kept): Promise<Answer | undefined> {
    const { name, session } = this;
    const { contextId: executionContextId } = kept;
    if (executionContextId === undefined) return undefined;
    // One after the other: a second small answer stays in the target's socket until the first is acknowledged, 40 ms later.
    await session.send('Runtime.addBinding', { name, executionContextId }, { timeoutMs: TIMEOUT_MS });
    const answer = await this.newAnswer(kept);
    await session.send('Runtime.removeBinding', { name });
    return answer;
  }

  private async askByScript(kept: Kept): Promise<Answer> {
    const params = { expression: `globalThis[${JSON.stringify(this.name)}] = 0`, silent: true };
    valueOf(await this.session.send<EvaluateResult>('Runtime.evaluate', params, { timeoutMs: TIMEOUT_MS }));
    const answer = await this.newAnswer(kept);
    if (!answer) throw new Error('The agent in the process cannot be asked: the program has changed the global object.');
    return answer;
  }

  private async newAnswer(kept: Kept): Promise<Answer | undefined> {
    const { result } = await this.session.send<{ result: Property[] }>('Runtime.getProperties', { objectId: kept.objectId, ownProperties: true }, { timeoutMs: TIMEOUT_MS });
    const { number, ...answer } = Object.fromEntries(result.map(({ name, value }) => [name, value?.value])) as Answer & { number?: unknown };
    if (number !== kept.number + 1) return undefined;
    kept.number++;
    return answer;
  }

  private async keep(): Promise<Kept> {
    const { result } = await this.session.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression: 'globalThis', silent: true });
    const params = { objectId: result.objectId, functionDeclaration: keep(this.text), arguments: [this.name, ...this.args()].map((value) => ({ value })), silent: true };
    const answer = await this.session.send<EvaluateResult>('Runtime.callFunctionOn', params);
    valueOf(answer);
    await this.session.send('Runtime.releaseObject', { objectId: result.objectId });
    const objectId = String(answer.result.objectId);
    return { objectId, contextId: contextOf(objectId), number: 0 };
  }
}

/** V8's ids of objects are `isolate.context.number`. */
function contextOf(objectId: string): number | undefined {
  const [, context] = /^-?\d+\.(\d+)\.\d+$/.exec(objectId) ?? [];
  return context === undefined ? undefined : Number(context);
}
