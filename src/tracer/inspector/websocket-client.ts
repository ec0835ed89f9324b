// The client's side of a WebSocket (RFC 6455) as inspectors speak it: text both ways, no extensions. A snapshot of a hundred
// megabytes comes through it beside the process that writes it, so it is received in place: no copies, nothing for the garbage collector.
import net from 'node:net';

export interface WebSocketClientOptions {
  /** Takes each message. The bytes are overwritten when it has returned. */
  onMessage(message: Buffer): void;
  /** For the connection and the handshake. */
  timeoutMs: number;
}

const enum Opcode {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
}

/** Makes sure that it is a WebSocket server that answers; as we take no answers from a cache, one key will do: that of the RFC, with its answer. */
const handshakeKey = 'dGhlIHNhbXBsZSBub25jZQ==';
const handshakeAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const maxHandshakeBytes = 1 << 16;
const maxMessageBytes = 2 ** 30;
/** Node sends a snapshot in messages of some more than a megabyte. */
const firstCapacity = 1 << 22;
/** There is always room for so many bytes more. */
const leastRoom = 1 << 18;

export class WebSocketClient {
  /** Resolves when the connection is down, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  private readonly socket: net.Socket;
  private buffer = Buffer.allocUnsafeSlow(firstCapacity);
  /** What is received and not yet read: `buffer[start]` up to `buffer[end]`. */
  private start = 0;
  private end = 0;
  private isOpen = false;
  private saidClose = false;
  /** The frames so far of a message that comes in several. */
  private fragments: Buffer[] | undefined;
  private readonly opened: Promise<void>;
  private resolveOpened!: () => void;

  /** `url`: `ws:` or `wss:`. Rejects where no WebSocket server answers. */
  static async open(url: URL, options: WebSocketClientOptions): Promise<WebSocketClient> {
    const isSecure = url.protocol === 'wss:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (isSecure ? 443 : 80);
    const connect: (options: net.TcpNetConnectOpts) => net.Socket = isSecure ? (await import('node:tls')).connect : net.connect;
    const client = new WebSocketClient((onread) => connect({ host, port, onread }), options);
    client.socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\n` +
        // Node answers only where the Host header is an address or localhost (against DNS rebinding).
        `Host: localhost:${port}\r\n` +
        `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${handshakeKey}\r\n\r\n`,
    );
    await client.opened;
    return client;
  }

  private constructor(
    connect: (onread: net.OnReadOpts) => net.Socket,
    private readonly options: WebSocketClientOptions,
  ) {
    this.socket = connect({ buffer: () => this.room(), callback: (bytes) => this.received(bytes) });
    this.socket.setNoDelay();
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.opened = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.socket.destroy(new Error('the handshake has timed out')), options.timeoutMs);
      this.resolveOpened = () => {
        clearTimeout(timer);
        resolve();
      };
      // What goes wrong later shows in `closed`.
      this.socket.on('error', reject);
      this.socket.once('close', () => {
        clearTimeout(timer);
        reject(new Error('the connection was closed during the handshake'));
      });
    });
  }

  send(text: string): void {
    this.sendFrame(Opcode.text, Buffer.from(text));
  }

  /** Asks the server to end the connection. What was sent before is still read by it. */
  close(): void {
    if (!this.saidClose) this.sendFrame(Opcode.close, Buffer.alloc(0));
    this.saidClose = true;
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Where the next bytes go: behind those that are there. */
  private room(): Buffer {
    if (this.start === this.end) this.start = this.end = 0;
    if (this.buffer.length - this.end < leastRoom) this.makeRoom(this.end - this.start + leastRoom);
    return this.buffer.subarray(this.end);
  }

  /** Room for `bytes` in all from `start` on. */
  private makeRoom(bytes: number): void {
    const old = this.buffer;
    if (bytes > old.length) this.buffer = Buffer.allocUnsafeSlow(Math.max(bytes, old.length * 2));
    old.copy(this.buffer, 0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  private received(bytes: number): boolean {
    this.end += bytes;
    try {
      if (!this.isOpen) this.readHandshake();
      while (this.isOpen && this.readFrame());
    } catch (error) {
      this.socket.destroy(error as Error);
    }
    return true;
  }

  private readHandshake(): void {
    const received = this.buffer.subarray(this.start, this.end);
    const length = received.indexOf('\r\n\r\n');
    if (length < 0 && received.length < maxHandshakeBytes) return;
    const head = received.toString('latin1', 0, Math.max(0, length));
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
    if (status === undefined) throw new Error('it is no HTTP server');
    if (status !== '101') throw new Error(`it answered with HTTP status ${status}`);
    if (/^sec-websocket-accept:\s*(\S+)\s*$/im.exec(head)?.[1] !== handshakeAccept) throw new Error('it is no WebSocket server');
    this.start += length + 4;
    this.isOpen = true;
    this.resolveOpened();
  }

  /** False where the next frame has not come as a whole. */
  private readFrame(): boolean {
    const { buffer, start } = this;
    const available = this.end - start;
    if (available < 2) return false;
    const isLast = buffer[start]! >= 0x80;
    const opcode: Opcode = buffer[start]! & 0x7f;
    const short = buffer[start + 1]!;
    if (short > 127) throw new Error('a frame is masked, which only a client does');
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (available < head) return false;
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(start + 2) : Number(buffer.readBigUInt64BE(start + 2));
    if (length > maxMessageBytes) throw new Error(`a message of ${length} bytes is too long`);
    if (available < head + length) {
      if (start + head + length > buffer.length) this.makeRoom(head + length);
      return false;
    }
    this.start += head + length;
    this.take(opcode, isLast, buffer.subarray(start + head, start + head + length));
    return true;
  }

  private take(opcode: Opcode, isLast: boolean, payload: Buffer): void {
    switch (opcode) {
      case Opcode.text:
      case Opcode.binary:
        if (this.fragments) throw new Error('a message begins before the last one has ended');
        if (isLast) this.options.onMessage(payload);
        else this.fragments = [Buffer.from(payload)];
        break;
      case Opcode.continuation: {
        if (!this.fragments) throw new Error('a message goes on that has not begun');
        this.fragments.push(Buffer.from(payload));
        if (!isLast) break;
        const message = Buffer.concat(this.fragments);
        this.fragments = undefined;
        this.options.onMessage(message);
        break;
      }
      case Opcode.ping:
        this.sendFrame(Opcode.pong, payload);
        break;
      case Opcode.pong:
        break;
      case Opcode.close:
        this.close();
        this.socket.end();
        break;
      default:
        throw new Error(`a frame has the unknown kind ${Number(opcode)}`);
    }
  }

  private sendFrame(opcode: Opcode, payload: Buffer): void {
    const { length } = payload;
    const head = Buffer.alloc((length < 126 ? 2 : length < 65_536 ? 4 : 10) + 4);
    head[0] = 0x80 | opcode;
    // A mask keeps scripts of a web page from speaking to a proxy in between. It has to be there; of zeros, it changes nothing.
    head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
    if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
    else if (length >= 126) head.writeUInt16BE(length, 2);
    this.socket.write(Buffer.concat([head, payload]));
  }
}
