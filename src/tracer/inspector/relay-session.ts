// A session that outlives its connection: what was found over one can be asked about over the next one to the same thread.
import type { InspectorSession, SendOptions, SessionEnd } from './session';

export class RelaySession implements InspectorSession {
  private readonly listeners = new Set<{ event: string; listener: (params: never) => void; stop: () => void }>();

  constructor(private session: InspectorSession) {}

  get shared(): boolean {
    return this.session.shared;
  }

  get closed(): Promise<SessionEnd> {
    return this.session.closed;
  }

  /** From now on commands go to this session, and its events come. */
  connect(session: InspectorSession): void {
    if (session === this.session) return;
    this.session = session;
    for (const entry of this.listeners) {
      entry.stop();
      entry.stop = session.on(entry.event, entry.listener);
    }
  }

  send<T = unknown>(method: string, params?: object, options?: SendOptions): Promise<T> {
    return this.session.send<T>(method, params, options);
  }

  on<T = unknown>(event: string, listener: (params: T) => void): () => void {
    const entry = { event, listener, stop: this.session.on(event, listener) };
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
      entry.stop();
    };
  }
}
