import type { Connection } from 'vscode-languageserver/node';
import { statusMethod, type StatusParams } from './protocol';

/** Pauses between two notifications, so that typing does not make the status flicker. Milliseconds. */
const quiet = 100;

/** Tells the client what the server does and has found, whenever that has changed. */
export class Status {
  private told = '';
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly current: () => StatusParams,
  ) {}

  /** Something may have changed. */
  changed(): void {
    this.timer ??= setTimeout(() => this.tell(), quiet);
  }

  /** The same, told at once: what follows blocks the server. */
  tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const status = this.current();
    const text = JSON.stringify(status);
    if (text === this.told) return;
    this.told = text;
    void this.connection.sendNotification(statusMethod, status);
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
