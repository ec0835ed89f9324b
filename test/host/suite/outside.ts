// The suite's end of the link to the test run outside, which holds the browser.
import net from 'node:net';
import { createInterface } from 'node:readline';
import type { ScreenshotTaken, SuiteMessage } from '../link';
import { portVariable } from '../link';

const waiting: ((answer: ScreenshotTaken) => void)[] = [];
let connection: Promise<net.Socket> | undefined;

/** Each compiled test file has its own copy of this module, and so its own connection. */
function connect(): Promise<net.Socket> {
  connection ??= new Promise((resolve, reject) => {
    const socket = net.connect(Number(process.env[portVariable]), '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
    createInterface(socket).on('line', (line) => waiting.shift()?.(JSON.parse(line) as ScreenshotTaken));
  });
  return connection;
}

export async function send(message: SuiteMessage): Promise<void> {
  const socket = await connect();
  await new Promise<void>((resolve, reject) => {
    socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** Has a picture of the window taken; returns its path, or undefined in the desktop VS Code, which has no page. */
export async function screenshot(name: string): Promise<string | undefined> {
  const answer = new Promise<ScreenshotTaken>((resolve) => waiting.push(resolve));
  await send({ kind: 'screenshot', name });
  return (await answer).file;
}
