import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { WebSocketClient } from '../../../src/tracer/inspector/websocket-client';

describe('the WebSocket client', () => {
  let server: WebSocketServer;
  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  });

  /** A client and the server's end of its connection. `next` resolves with the next message that the client has not given yet. */
  async function connected(timeoutMs = 5_000): Promise<{ client: WebSocketClient; peer: WebSocket; next: () => Promise<Buffer> }> {
    const arrived: Buffer[] = [];
    let notice: (() => void) | undefined;
    const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/some/path?query=1`);
    const onMessage = (message: Buffer) => {
      arrived.push(Buffer.from(message));
      notice?.();
    };
    const [client, [peer, request]] = await Promise.all([
      WebSocketClient.open(url, { timeoutMs, onMessage }),
      once(server, 'connection') as Promise<[WebSocket, http.IncomingMessage]>,
    ]);
    assert.equal(request.url, '/some/path?query=1');
    const next = async () => {
      while (arrived.length === 0) await new Promise<void>((resolve) => (notice = resolve));
      return arrived.shift()!;
    };
    return { client, peer, next };
  }

  it('carries messages of every size both ways', async () => {
    const { client, peer, next } = await connected();
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 5_000_001]) {
      const text = '0123456789é'.repeat(length).slice(0, length);
      const echoed = once(peer, 'message') as Promise<[Buffer, boolean]>;
      client.send(text);
      const [received, isBinary] = await echoed;
      assert.ok(received.equals(Buffer.from(text)) && !isBinary, `${length} sent`);
      peer.send(received.toString());
      assert.ok((await next()).equals(received), `${length} received`);
    }
  });

  it('keeps many messages in a row apart, and in their order', async () => {
    const { peer, next } = await connected();
    const sizes = Array.from({ length: 400 }, (_, index) => (index * 7_919) % 300_000);
    for (const [index, size] of sizes.entries()) peer.send(`${index} ${'x'.repeat(size)}`);
    for (const [index, size] of sizes.entries()) {
      const message = await next();
      assert.equal(message.toString('latin1', 0, 6).split(' ')[0], String(index));
      assert.equal(message.length, String(index).length + 1 + size);
    }
  });

  it('puts together a message that comes in several frames, with a ping between them', async () => {
    const { peer, next } = await connected();
    const answered = once(peer, 'pong') as Promise<[Buffer]>;
    peer.send('one ', { fin: false });
    peer.ping('still there?');
    peer.send('two ', { fin: false });
    peer.send('three', { fin: true });
    peer.send('four');
    assert.equal((await next()).toString(), 'one two three');
    assert.equal((await next()).toString(), 'four');
    assert.equal((await answered)[0].toString(), 'still there?');
  });

  it('closes as the protocol wants it, whoever begins', async () => {
    const ours = await connected();
    const ended = once(ours.peer, 'close') as Promise<[number]>;
    ours.client.send('last words');
    ours.client.close();
    await Promise.all([ours.client.closed, ended]);
    const theirs = await connected();
    theirs.peer.close(1000);
    const [[code]] = await Promise.all([once(theirs.peer, 'close') as Promise<[number]>, theirs.client.closed]);
    assert.notEqual(code, 1006, 'the answer to the closing came');
  });

  it('ends when the server breaks off', async () => {
    const { client, peer } = await connected();
    peer.terminate();
    await client.closed;
  });

  /** The message of the error that opening a connection to such a server gives. */
  async function refusal(answer: http.Server | net.Server, timeoutMs = 5_000): Promise<string> {
    const sockets: net.Socket[] = [];
    answer.on('connection', (socket: net.Socket) => sockets.push(socket));
    answer.listen(0, '127.0.0.1');
    await once(answer, 'listening');
    const url = new URL(`ws://127.0.0.1:${(answer.address() as AddressInfo).port}`);
    try {
      const client = await WebSocketClient.open(url, { timeoutMs, onMessage: () => undefined });
      client.destroy();
      return 'opened';
    } catch (error) {
      return (error as Error).message;
    } finally {
      for (const socket of sockets) socket.destroy();
      answer.close();
    }
  }

  it('says what is no WebSocket server', async () => {
    const says = (text: string) => net.createServer((socket) => void socket.once('data', () => socket.write(text)));
    assert.equal(await refusal(http.createServer((_, response) => void response.writeHead(400).end())), 'it answered with HTTP status 400');
    assert.equal(await refusal(says('SSH-2.0-OpenSSH_9.6\r\n\r\n')), 'it is no HTTP server');
    assert.equal(await refusal(says('x'.repeat(100_000))), 'it is no HTTP server');
    assert.equal(await refusal(says('HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: nonsense\r\n\r\n')), 'it is no WebSocket server');
    assert.equal(await refusal(net.createServer((socket) => void socket.once('data', () => socket.end()))), 'the connection was closed during the handshake');
    assert.equal(await refusal(net.createServer(), 50), 'the handshake has timed out');
  });

  it('breaks off where frames make no sense', async () => {
    for (const frame of [[0x81, 0x80, 0, 0, 0, 0], [0x83, 0], [0xc1, 0], [0x80, 0], [0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]]) {
      const { client, peer } = await connected();
      (peer as unknown as { _socket: net.Socket })._socket.write(Buffer.from(frame));
      await client.closed;
    }
  });
});
