// What the user may point at, as typed on the command line or picked in the editor.
import { isIP } from 'node:net';
import { existsSync } from 'node:fs';

/** A target that cannot be looked at; the message is one sentence that says what is wrong and what to do. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

export interface ProcessTarget {
  kind: 'process';
  pid: number;
}

/** An inspector's HTTP address, as `node --inspect` prints it. */
export interface AddressTarget {
  kind: 'address';
  host: string;
  port: number;
}

export interface UrlTarget {
  kind: 'url';
  url: string;
}

/** A debugger's proxy to a session that it has open: what js-debug's `requestCDPProxy` command answers. */
export interface ProxyTarget {
  kind: 'proxy';
  host: string;
  port: number;
  path: string;
}

export interface FileTarget {
  kind: 'file';
  path: string;
}

export type LiveTarget = ProcessTarget | AddressTarget | UrlTarget | ProxyTarget;
export type Target = LiveTarget | FileTarget;

const forms = 'a process id, host:port, a ws:// URL or a .heapsnapshot file';

/** Reads a TARGET argument; throws a TargetError where it is none. */
export function parseTarget(text: string): Target {
  if (/^\d+$/.test(text)) {
    const pid = Number(text);
    if (pid < 1 || pid > 0x7fffffff) throw new TargetError(`${text} is no process id; give ${forms}.`);
    return { kind: 'process', pid };
  }
  if (/^wss?:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw new TargetError(`${text} is not a valid URL; give ${forms}.`);
    return { kind: 'url', url: text };
  }
  if (text.endsWith('.heapsnapshot')) return { kind: 'file', path: text };
  const address = /^(?:http:\/\/)?(\[[^\]]+\]|[^:/[\]]*):(\d+)\/?$/.exec(text);
  if (address) {
    const host = (address[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1';
    const port = Number(address[2]);
    if (port < 1 || port > 65535) throw new TargetError(`${text}: a port is a number from 1 to 65535.`);
    return { kind: 'address', host, port };
  }
  if (existsSync(text)) return { kind: 'file', path: text };
  throw new TargetError(`${text} is neither ${forms}.`);
}

/** `host:port` for a URL or a message. */
export function formatAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
