// Asks the agent in a debugged program what has blocked its event loop. Part of the bundle that holds the tracer.
import type * as vscode from 'vscode';
import { formatAddress } from '../../tracer/inspector/target';
import { connect } from '../../tracer/inspector/websocket';
import { CompiledTexts } from '../../tracer/live/compiled-texts';
import { BlockedLoopReader, RemoteWatchdog, type BlockedReport } from '../../tracer/live/blocked-loop';
import { lentConnection } from '../tasks/debugged';

export interface BlockedProbe {
  /** Undefined where the process has no agent. Rejects with a one-sentence Error when it has ended. */
  ask(): Promise<BlockedReport | undefined>;
  /** The program stands at a breakpoint. */
  forgive(): Promise<void>;
  close(): Promise<void>;
}

/** `secret` is the agent's. The connection lasts until `close`. */
export async function blockedProbe(session: vscode.DebugSession, secret: string): Promise<BlockedProbe> {
  const { host, port, path } = await lentConnection(session);
  const connection = await connect(`ws://${formatAddress(host, port)}${path}`, { label: 'the debugged process', shared: true });
  const watchdog = new RemoteWatchdog(connection.session, secret);
  const compiled = new CompiledTexts(connection.session, secret);
  const reader = new BlockedLoopReader((files) => compiled.of(files));
  let isWatched = false;
  return {
    async ask() {
      isWatched ||= await watchdog.watch();
      const told = await watchdog.tell();
      return told === undefined ? undefined : reader.read(told);
    },
    forgive: () => watchdog.forgive(),
    async close() {
      await watchdog.leave();
      await connection.close();
    },
  };
}
