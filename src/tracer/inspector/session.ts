/** One connection to one JavaScript thread's inspector: what the readers of tasks need of it, however it was reached. */

/** The session ended; `reason` is a clause for a sentence ("the process exited"). */
export interface SessionEnd {
  reason: string;
}

export interface InspectorSession {
  /**
   * Sends a command and resolves with its result. Rejects with a one-sentence Error when the target answers with an
   * error, when it does not answer in `timeoutMs` (every command has a limit; the default suits cheap ones), or when the session ends first.
   */
  send<T = unknown>(method: string, params?: object, options?: SendOptions): Promise<T>;
  /** Calls `listener` with the parameters of each `event` (`Debugger.scriptParsed`); returns what stops that. */
  on<T = unknown>(event: string, listener: (params: T) => void): () => void;
  /** Resolves once, when the session has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<SessionEnd>;
  /**
   * True where others share the session's state (a debugger's proxy): then `X.disable` is never sent,
   * and what is switched on stays on.
   */
  readonly shared: boolean;
}

/**
 * The parameters of `HeapProfiler.addHeapSnapshotChunk`: the text, or, where the session has not decoded it (a snapshot
 * has a hundred megabytes), the bytes between the quotes of the JSON string that it came in.
 */
export type SnapshotChunk = { chunk: string } | { json: Uint8Array };

export interface SendOptions {
  timeoutMs?: number;
}
