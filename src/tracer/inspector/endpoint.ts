// Asks the HTTP side of an inspector for its WebSocket URL.
import http from 'node:http';
import { formatAddress, TargetError } from './target';

interface ListedTarget {
  type?: string;
  title?: string;
  webSocketDebuggerUrl?: string;
}

/** The WebSocket URL of the Node process whose inspector listens at that address; throws a TargetError where none does. */
export async function inspectorUrl(host: string, port: number, timeoutMs = 5_000): Promise<string> {
  const address = formatAddress(host, port);
  const body = await get(host, port, timeoutMs);
  let listed: unknown;
  try {
    listed = JSON.parse(body);
  } catch {
    throw notAnInspector(address);
  }
  if (!Array.isArray(listed)) throw notAnInspector(address);
  const target = (listed as ListedTarget[]).find((each) => each.type === 'node');
  if (!target) throw new TargetError(`${address} is an inspector, but not of a Node process.`);
  if (!target.webSocketDebuggerUrl) throw new TargetError(`Another debugger holds the inspector at ${address}; disconnect it first.`);
  // The listed URL has the host that the process sees, which behind a port forwarding is not the one to connect to.
  return `ws://${address}${new URL(target.webSocketDebuggerUrl).pathname}`;
}

function notAnInspector(address: string): TargetError {
  return new TargetError(`${address} is not a Node inspector; give the host:port that node --inspect printed, or the process id.`);
}

function get(host: string, port: number, timeoutMs: number): Promise<string> {
  const address = formatAddress(host, port);
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, path: '/json/list', agent: false, headers: { Host: `localhost:${port}` } });
    const timer = setTimeout(
      () => request.destroy(new TargetError(`${address} gave no answer within ${timeoutMs / 1000} s; it is no inspector, or its process is stopped.`)),
      timeoutMs,
    );
    request.once('close', () => clearTimeout(timer));
    request.once('error', (error: NodeJS.ErrnoException) => reject(requestError(error, address)));
    request.once('response', (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        return reject(notAnInspector(address));
      }
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
        if (body.length > 1_000_000) request.destroy(notAnInspector(address));
      });
      response.once('error', (error) => reject(requestError(error, address)));
      response.once('end', () => resolve(body));
    });
  });
}

function requestError(error: NodeJS.ErrnoException, address: string): TargetError {
  if (error instanceof TargetError) return error;
  if (error.code === 'ECONNREFUSED') return new TargetError(`Nothing listens at ${address}; start the program with --inspect, or give its process id.`);
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return new TargetError(`The host of ${address} is not known.`);
  if (error.code?.startsWith('HPE_') || error.code === 'ECONNRESET') return notAnInspector(address);
  return new TargetError(`Cannot reach ${address}: ${error.message}.`);
}
