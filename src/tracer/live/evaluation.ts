// Runs text in the process, over the inspector session.
import { readFile } from 'node:fs/promises';
import type { InspectorSession } from '../inspector/session';

interface EvaluateResult {
  result: { value?: unknown };
  exceptionDetails?: { text: string; exception?: { description?: string } };
}

/** An answer about very many tasks takes the process a while. */
const TIMEOUT_MS = 20_000;

/** The value of an expression, which must be JSON. Rejects with a one-sentence Error where it throws. */
export async function evaluate(session: InspectorSession, expression: string): Promise<unknown> {
  const params = { expression, includeCommandLineAPI: true, returnByValue: true, silent: true };
  return valueOf(await session.send<EvaluateResult>('Runtime.evaluate', params, { timeoutMs: TIMEOUT_MS }));
}

/**
 * Calls functions in one process, again and again. V8 keeps every text that it has ever evaluated, and makes one of each
 * argument, too: so functions and arguments must come from a few.
 */
export class ProcessCalls {
  private globalObject: Promise<string | undefined> | undefined;

  constructor(private readonly session: InspectorSession) {}

  /** What the function of this text gives, called on the global object; must be JSON. Rejects with a one-sentence Error where it throws. */
  async call(functionDeclaration: string, ...args: (string | number)[]): Promise<unknown> {
    this.globalObject ??= this.session
      .send<{ result: { objectId?: string } }>('Runtime.evaluate', { expression: 'globalThis', silent: true })
      .then(({ result }) => result.objectId);
    const params = { objectId: await this.globalObject, functionDeclaration, arguments: args.map((value) => ({ value })), returnByValue: true, silent: true };
    return valueOf(await this.session.send<EvaluateResult>('Runtime.callFunctionOn', params, { timeoutMs: TIMEOUT_MS }));
  }
}

function valueOf({ result, exceptionDetails }: EvaluateResult): unknown {
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
