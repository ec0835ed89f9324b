import { awaitThenable } from './await-thenable';
import { noAsyncPromiseExecutor } from './no-async-promise-executor';
import { noBlockingCall } from './no-blocking-call';
import { noFloatingPromises } from './no-floating-promises';
import { noLateAwait } from './no-late-await';
import { noMisusedPromises } from './no-misused-promises';
import { returnAwait } from './return-await';
import type { Rule } from './rule';

/** Every rule, in the order of the documentation. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each rule has options of its own
export const rules: readonly Rule<any>[] = [
  noFloatingPromises,
  noMisusedPromises,
  awaitThenable,
  returnAwait,
  noLateAwait,
  noAsyncPromiseExecutor,
  noBlockingCall,
];

const byId = new Map(rules.map((rule) => [rule.id, rule]));

export function ruleById(id: string): Rule | undefined {
  return byId.get(id);
}
