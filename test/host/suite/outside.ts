// The suite's end of the link to the test run outside, which holds the browser.
import net from 'node:net';
import { createInterface } from 'node:readline';
import type { SuiteMessage, WindowAnswer, WindowRequest } from '../link';
import { portVariable } from '../link';

const waiting: ((answer: WindowAnswer) => void)[] = [];
let connection: Promise<net.Socket> | undefined;

/** Each compiled test file has its own copy of this module, and so its own connection. */
function connect(): Promise<net.Socket> {
  connection ??= new Promise((resolve, reject) => {
    const socket = net.connect(Number(process.env[portVariable]), '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
    createInterface(socket).on('line', (line) => waiting.shift()?.(JSON.parse(line) as WindowAnswer));
  });
  return connection;
}

export async function send(message: SuiteMessage): Promise<void> {
  const socket = await connect();
  await new Promise<void>((resolve, reject) => {
    socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

async function ask(request: WindowRequest): Promise<WindowAnswer> {
  const answer = new Promise<WindowAnswer>((resolve) => waiting.push(resolve));
  await send(request);
  const { error, ...said } = await answer;
  if (error !== undefined) throw new Error(error);
  return said;
}

/** Has a picture of the window taken; returns its path, or undefined in the desktop VS Code, whose window is out of reach. */
export async function screenshot(name: string): Promise<string | undefined> {
  return (await ask({ kind: 'screenshot', name })).file;
}

/** Visible texts of the elements that a CSS selector finds in the window; undefined in the desktop VS Code. */
export async function texts(selector: string): Promise<string[] | undefined> {
  return (await ask({ kind: 'texts', selector })).texts;
}

/** Clicks an element of the window once it is there; false in the desktop VS Code. */
export async function click(selector: string): Promise<boolean> {
  return (await ask({ kind: 'click', selector })).texts !== undefined;
}

/** Types a text into an element once it is there, or presses a key such as `Enter`; false in the desktop VS Code. */
export async function type(selector: string, typed: { text?: string; key?: string }): Promise<boolean> {
  return (await ask({ kind: 'type', selector, ...typed })).texts !== undefined;
}
