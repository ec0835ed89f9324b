// Carries a session over the WebSocket of an inspector.
import { WebSocket } from 'ws';
import { ProtocolSession } from './protocol-session';
import { TargetError } from './target';

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
  const timeoutMs = options.timeoutMs ?? 5_000;
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    maxPayload: 0,
    skipUTF8Validation: true,
    // Node answers only where the Host header is an address or localhost (against DNS rebinding).
    headers: { Host: `localhost:${new URL(url).port || 80}` },
  });
  await opened(socket, url, options.label);
  const session = new ProtocolSession({ label: options.label, shared: options.shared, write: (text) => socket.send(text) });
  let closing = false;
  socket.on('message', (data: Buffer) => {
    try {
      session.receive(data);
    } catch (error) {
      session.end(`${options.label} sent what cannot be read (${(error as Error).message}): it may be no inspector`);
      socket.terminate();
    }
  });
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => socket.terminate()); // 'close' follows
  const ended = new AbortController();
  void gone.then(async () => {
    const reason = closing ? 'the connection was closed' : await options.whyEnded?.(ended.signal);
    session.end(reason ?? `${options.label} closed the connection`);
  });
  if (!session.shared) {
    // Node waits at its exit until every debugger has gone: we must hear of it, and go.
    session.on('NodeRuntime.waitingForDisconnect', () => {
      session.end(`${options.label} exited while we looked at it`);
      socket.terminate();
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
      const timer = setTimeout(() => socket.terminate(), 500);
      socket.close();
      await gone;
      clearTimeout(timer);
    },
  };
}

function opened(socket: WebSocket, url: string, label: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (error) => {
      socket.on('error', () => undefined);
      reject(new TargetError(`Cannot connect to ${label} at ${url}: ${error.message}.`));
    });
  });
}
