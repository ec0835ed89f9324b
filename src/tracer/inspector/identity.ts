// Who answers at the other end of a session.
import type { InspectorSession } from './session';
import { TargetError } from './target';

/** A process's own id, and its version of Node (`v24.1.0`). */
export interface Identity {
  pid: number;
  node: string;
}

/** Reads `process.pid` and `process.version`; a TargetError where that is no Node process. */
export async function readIdentity(session: InspectorSession): Promise<Identity> {
  const { result } = await session.send<{ result: { value?: string } }>('Runtime.evaluate', {
    // Stands alone, so that a debugger does not stop in it; whatever the program did to its globals, it throws nothing.
    expression: "typeof process === 'object' && process ? process.pid + ' ' + process.version : ''",
    silent: true,
    returnByValue: true,
  });
  const [pid, node] = String(result.value ?? '').split(' ');
  if (!pid || !node?.startsWith('v')) throw new TargetError('The target answers as an inspector, but it is not a Node process.');
  return { pid: Number(pid), node };
}
