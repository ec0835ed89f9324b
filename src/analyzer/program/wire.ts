import type { API } from 'typescript7/sync';

/** The parts of the API's client that talk to its process; not in its declarations. */
interface Channel {
  readonly child: { readonly stdout: { readonly _handle?: { readStop?(): void } } | null };
  readonly _msgType: number;
  readonly _msgPayload: Buffer;
  ensureOpen(): void;
  getMethodBuf(method: string): Buffer;
  writeTuple(type: number, name: Buffer, payload: string): void;
  readTuple(): void;
  requestBytesSync(method: string, payload: string | Uint8Array): Buffer;
}

const noAnswer = Buffer.alloc(0);

const requestMessage = 1;
const responseMessage = 4;

/**
 * So many bytes of requests are under way at most, but for a single one that is longer: what a pipe surely takes (that
 * of Linux 200 kB, but a third of that in small pieces; the smallest is that of macOS). More could wait for the
 * compiler to read while the compiler waits for its response to be read.
 */
const maxBytesUnderWay = process.platform === 'linux' ? 100_000 : 16_000;
/** What a request takes in a pipe beside its payload. */
const bytesAround = 500;

/** So many responses to requests sent ahead are kept at most. */
const maxAhead = 32;

/** A request that is under way. */
export interface Pending {
  /** Waits for the response, and gives its bytes. Throws what the compiler answers in its place. */
  read(): Buffer;
}

interface Request extends Pending {
  readonly method: string;
  readonly payload: string;
  readonly bytes: number;
  response: Buffer | Error | undefined;
}

/**
 * The connection to the compiler's process. Requests can be sent without waiting for their responses, so that the
 * compiler works while the caller does something else. The compiler takes one after the other: to read one response is to
 * read those of all requests before it.
 */
export class Wire {
  private readonly channel: Channel;
  /** In the order in which they were sent. */
  private readonly underWay: Request[] = [];
  private bytesUnderWay = 0;
  /** Requests that the API's client has yet to make, by method and payload. */
  private readonly ahead = new Map<string, Request>();
  /** Requests to let go of snapshots: nobody needs their answers, and the compiler may have much to do for them. */
  private released: string[] = [];

  constructor(api: API) {
    this.channel = (api as unknown as { client: { channel: Channel } }).client.channel;
    // Else Node takes what arrives while the event loop turns: the client never lets it turn with a response under way.
    this.channel.child.stdout?._handle?.readStop?.();
    const request = this.channel.requestBytesSync.bind(this.channel);
    this.channel.requestBytesSync = (method, payload) => {
      const ahead = this.ahead.size > 0 ? this.takeAhead(method, textOf(payload)) : undefined;
      if (ahead) return ahead.read();
      if (method === 'release') {
        this.released.push(textOf(payload));
        return noAnswer;
      }
      this.settle();
      const response = request(method, payload);
      this.sendReleased();
      return response;
    };
  }

  send(method: string, payload: string): Pending {
    return this.begin(method, payload);
  }

  /** Sends a request that the API's own client will make later: it then finds the response under way or there. */
  sendAhead(method: string, params: object): void {
    const payload = JSON.stringify(params);
    const key = aheadKey(method, payload);
    if (this.ahead.has(key)) return;
    this.ahead.set(key, this.begin(method, payload));
    // The client may have no need of some: the first in the map is the oldest.
    for (const oldest of this.ahead.keys()) if (this.ahead.size > maxAhead) this.ahead.delete(oldest);
  }

  private takeAhead(method: string, payload: string): Request | undefined {
    const key = aheadKey(method, payload);
    const request = this.ahead.get(key);
    this.ahead.delete(key);
    return request;
  }

  /** After a request that somebody waits for. */
  private sendReleased(): void {
    const { released } = this;
    this.released = [];
    for (const payload of released) this.begin('release', payload);
  }

  private begin(method: string, payload: string): Request {
    const bytes = Buffer.byteLength(payload) + bytesAround;
    if (this.bytesUnderWay + bytes > maxBytesUnderWay) this.settle();
    this.channel.ensureOpen();
    const request: Request = { method, payload, bytes, response: undefined, read: () => this.response(request) };
    this.channel.writeTuple(requestMessage, this.channel.getMethodBuf(method), payload);
    this.underWay.push(request);
    this.bytesUnderWay += bytes;
    this.sendReleased();
    return request;
  }

  private response(request: Request): Buffer {
    if (!request.response) this.settle(request);
    const { response } = request;
    if (response instanceof Error || !response) throw response ?? new Error(`SyncRpcChannel is closed: no response to ${request.method}`);
    return response;
  }

  /** Reads the responses to all requests under way, or to those up to `last`. */
  private settle(last?: Request): void {
    for (let request = this.underWay.shift(); request; request = this.underWay.shift()) {
      this.bytesUnderWay -= request.bytes;
      try {
        this.channel.readTuple();
        const { _msgType: type, _msgPayload: payload } = this.channel;
        request.response = type === responseMessage ? payload : new Error(payload.toString('utf8'));
      } catch (error) {
        request.response = error instanceof Error ? error : new Error(String(error));
      }
      if (request === last) return;
    }
  }
}

function aheadKey(method: string, payload: string): string {
  return `${method} ${payload}`;
}

function textOf(payload: string | Uint8Array): string {
  return typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
}
