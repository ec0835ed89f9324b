// Runs text in the process, over the inspector session.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { watchdogNames } from '../../agent/blocked-loop';
import type { InspectorSession } from '../inspector/session';

export interface EvaluateResult {
  result: { value?: unknown; objectId?: string };
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

/** An answer about very many tasks takes the process a while. */
const TIMEOUT_MS = 20_000;

/** Code that does not yield for so long is not waited for. */
const START_TIMEOUT_MS = 3_000;
const START_PAUSE_MS = 10;

/** The text of a function that runs another: where the agent watches the event loop, that is no block of the program's own. */
export const AS_OWN = `(run) => Object.getOwnPropertyNames(globalThis).filter((name) => ${watchdogNames}.test(name)).reduce((rest, name) => () => globalThis[name].own(rest), run)()`;

/** The value of an expression, which must be JSON. Rejects with a one-sentence Error where it throws. */
export async function evaluate(session: InspectorSession, expression: string): Promise<unknown> {
  const params = { expression: `(${AS_OWN})(() => ${expression})`, includeCommandLineAPI: true, returnByValue: true, silent: true };
  return valueOf(await session.send<EvaluateResult>('Runtime.evaluate', params, { timeoutMs: TIMEOUT_MS }));
}

/**
 * Resolves in a turn of the event loop of a thread that has just begun, behind Node's own start: a timer or a module that is
 * asked for in the middle of that ends the process, or is half loaded. Never rejects, and waits for some seconds at most.
 */
export async function afterStart(session: InspectorSession): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  const ask = async (expression: string, awaitPromise: boolean): Promise<unknown> => {
    const params = { expression, awaitPromise, returnByValue: true, silent: true };
    return (await session.send<EvaluateResult>('Runtime.evaluate', params, { timeoutMs: Math.max(1, deadline - performance.now()) })).result.value;
  };
  try {
    // A worker thread is told of its script when it has started.
    while (performance.now() < deadline && !(Number(await ask('process.argv.length', false)) > 1)) await delay(START_PAUSE_MS);
    await ask('new Promise((resolve) => setImmediate(resolve))', true);
  } catch {
    // It has ended, or its code does not yield.
  }
}

/** Calls functions in one process, now and then: each call is a script, and so is each argument. See StandingQuestion for what is asked all the time. */
export class ProcessCalls {
  private globalObject: Promise<string | undefined> | undefined;

  constructor(private readonly session: InspectorSession) {}

  /** What the function of this text gives, called on the global object; must be JSON. Rejects with a one-sentence Error where it throws. */
  async call(functionDeclaration: string, ...args: (string | number)[]): Promise<unknown> {
    this.globalObject ??= this.session
      .send<{ result: { objectId?: string } }>('Runtime.evaluate', { expression: 'globalThis', silent: true })
      .then(({ result }) => result.objectId);
    const asOwn = `function (...args) { return (${AS_OWN})(() => (${functionDeclaration}).apply(this, args)); }`;
    const params = { objectId: await this.globalObject, functionDeclaration: asOwn, arguments: args.map((value) => ({ value })), returnByValue: true, silent: true };
    return valueOf(await this.session.send<EvaluateResult>('Runtime.callFunctionOn', params, { timeoutMs: TIMEOUT_MS }));
  }
}

/** Throws a one-sentence Error where what was evaluated has thrown. */
export function valueOf({ result, exceptionDetails }: EvaluateResult): unknown {
  if (exceptionDetails) {
    const reason = (exceptionDetails.exception?.description ?? exceptionDetails.text).split('\n')[0] ?? '';
    throw new Error(`The agent failed in the process: ${reason}.`);
  }
  return result.value;
}

/** Evaluates a bundle as a module and calls its `start` with `argument`; false where that gives nothing or false. */
export async function startBundle(session: InspectorSession, file: string, argument: string): Promise<boolean> {
  const source = await readFile(file, 'utf8');
  const expression = `(() => {
    const load = typeof require === 'function' ? require : (name) => process.getBuiltinModule(name);
    const module = { exports: {} };
    (function (module, exports, require) {${source}\n})(module, module.exports, load);
    return Boolean(module.exports.start(${JSON.stringify(argument)}));
  })()`;
  return (await evaluate(session, expression)) === true;
}
