import type { WriteStream } from 'node:tty';

/** How often the line is written again, in milliseconds. */
const interval = 100;

/** One line on a terminal's stderr that says how far a long run is; nothing elsewhere. */
export class Progress {
  private written = 0;
  private shown = false;
  private readonly on: boolean;

  constructor(private readonly stream: WriteStream) {
    this.on = stream.isTTY && process.env.TERM !== 'dumb' && !process.env.CI;
  }

  /** Shows a message in place of the last one, at most ten times a second. */
  show(message: string): void {
    const now = performance.now();
    if (!this.on || (this.shown && now - this.written < interval)) return;
    this.written = now;
    this.shown = true;
    this.stream.write(`\r\u001b[K${message.slice(0, Math.max(10, this.stream.columns - 1))}`);
  }

  /** Takes the line away again. */
  erase(): void {
    if (this.shown) this.stream.write('\r\u001b[K');
    this.shown = false;
  }
}
