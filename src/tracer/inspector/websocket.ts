// Carries a session over the WebSocket of an inspector.
import { ProtocolSession } from './protocol-session';
import { TargetError } from './target';
import { WebSocketClient } from './websocket-client';

export interface Connection {
  readonly session: ProtocolSession;
  /** Resolves when the connection is down, whoever ended it. */
  readonly gone: Promise<void>;
  /** Drops the connection. Commands that were sent before are still carried out by the target. Never rejects. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** The target as a sentence names it: `process 123`. */
  label: string;
  shared?: boolean;
  timeoutMs?: number;
  /** Says why the connection ended, as a clause; asked when we had not closed it, and told when nobody wants to know any more. */
  whyEnded?: (unwanted: AbortSignal) => Promise<string>;
}

export async function connect(url: string, options: ConnectionOptions): Promise<Connection> {
  const { label } = options;
  const session = new ProtocolSession({ label, shared: options.shared, write: (text) => socket.send(text) });
  const socket = await WebSocketClient.open(new URL(url), { timeoutMs: options.timeoutMs ?? 5_000, onMessage: take }).catch((error: unknown) => {
    throw new TargetError(`Cannot connect to ${label} at ${url}: ${(error as Error).message}.`);
  });
  function take(message: Buffer): void {
    try {
      session.receive(message);
    } catch (error) {
      session.end(`${label} sent what cannot be read: ${(error as Error).message}`);
      socket.destroy();
    }
  }
  let closing = false;
  const gone = socket.closed;
  const ended = new AbortController();
  void gone.then(async () => {
    const reason = closing ? 'the connection was closed' : await options.whyEnded?.(ended.signal);
    session.end(reason ?? `${label} closed the connection`);
  });
  if (!session.shared) {
    // Node waits at its exit until every debugger has gone: we must hear of it, and go.
    session.on('NodeRuntime.waitingForDisconnect', () => {
      session.end(`${label} exited while we looked at it`);
      socket.destroy();
    });
    // Other runtimes refuse it, which the first question to them shows more clearly. Waited for, since a second small answer
    // would stay in the target's socket until the first is acknowledged, 40 ms later; but not for long, since a blocked process gives none.
    await session.send('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true }, { timeoutMs: 1_000 }).catch(() => undefined);
  }
  return {
    session,
    gone,
    async close() {
      closing = true;
      ended.abort();
      // A target that is blocked would never answer the closing handshake.
      const timer = setTimeout(() => socket.destroy(), 500);
      socket.close();
      await gone;
      clearTimeout(timer);
    },
  };
}
