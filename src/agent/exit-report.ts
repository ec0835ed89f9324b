// Tells who started the program what is pending when it ends: one file for each process and thread, in a private folder.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';
import type { AgentHandle } from './install';
import type { AgentPart } from './part';
import { listenToProcess } from './process-listeners';
import { PROTOCOL_VERSION, type EndReason, type ExitReport, type PollRequest } from './protocol';

/**
 * Writes a report when this process or thread ends. Only in the main thread a listener is added for the signals that a
 * person or a supervisor sends, which ends the process by the same signal, unless the program listens as well.
 */
export function reportAtExit(folder: string, handle: AgentHandle): AgentPart {
  // As they are now: the program may put others in their places.
  const [writeFile, rename, remove] = [writeFileSync, renameSync, rmSync];
  const file = join(folder, `${process.pid}-${threadId}`);
  const started = `${file}.running`;
  let dry = false;

  const write = (reason: EndReason, code: number | null): void => {
    try {
      const report: ExitReport = { version: PROTOCOL_VERSION, command: process.argv.slice(1), reason, code, answer: handle.poll(WHOLE_REQUEST) };
      // Renamed, so that nobody ever reads half of it.
      writeFile(`${file}.part`, JSON.stringify(report), { mode: 0o600 });
      rename(`${file}.part`, `${file}.json`);
      remove(started, { force: true });
    } catch {
      // The folder is gone: nobody waits for the report any more.
    }
  };
  const onBeforeExit = (): void => {
    // A signal that the program sent itself as its last act comes with the next turn of the loop. Programs that listen
    // for the end see it once only, as ever.
    if (!dry && isMainThread && process.listenerCount('beforeExit') === 1) setImmediate(() => undefined);
    dry = true;
  };
  const onExit = (code: number): void => write(dry || code === UNSETTLED_TOP_LEVEL_AWAIT ? 'dry' : 'exit', code);
  const onSignal = (signal: NodeJS.Signals): void => {
    write(signal as EndReason, null);
    if (process.listenerCount(signal) > 1) return;
    // Node writes to stderr where a session of the inspector, the watching thread's, is there at the end.
    handle.remove();
    process.kill(process.pid, signal);
  };

  try {
    writeFile(started, '', { mode: 0o600 });
  } catch {
    return { poll: () => undefined, remove: () => undefined };
  }
  const stopListening = listenToProcess({ beforeExit: onBeforeExit, exit: onExit, ...(isMainThread && { SIGINT: onSignal, SIGTERM: onSignal }) });
  return { poll: () => undefined, remove: stopListening };
}

const WHOLE_REQUEST = JSON.stringify({ version: PROTOCOL_VERSION, sites: 0 } satisfies PollRequest);

/** Node's exit code for it; it emits no `beforeExit` then. */
const UNSETTLED_TOP_LEVEL_AWAIT = 13;
