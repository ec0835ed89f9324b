// `npm start`: opens VS Code with the extension on examples/. The desktop VS Code where there is one, its server build
// otherwise, kept running until Ctrl-C; where nobody can see a page, the command line's findings as well.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeSettings } from '../test/host/settings';
import { linkExtension, startServer, type RunningServer } from '../test/host/vscode-server';
import { workbenchUrl } from '../test/host/workbench';

const extension = path.resolve('.');
const examples = path.resolve('examples');
/** A place with findings around it. */
const place = path.join(examples, 'src/orders.ts:43');

async function main(): Promise<void> {
  if (hasDisplay() && openDesktop()) return;
  if (!hasDisplay()) check();
  await serve();
}

async function serve(): Promise<void> {
  let server: RunningServer | undefined;
  // What was started until then ends with this process.
  const stop = () => (server ? void server.stop() : process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  const connectionToken = randomBytes(16).toString('hex');
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'asyncscope-start-'));
  try {
    await writeSettings(dataDir, false);
    await linkExtension(extension, dataDir);
    server = await startServer({ connectionToken, dataDir });
    const url = workbenchUrl(server, { workspace: examples, file: place }, connectionToken);
    process.stdout.write(`VS Code runs with the extension on examples/. Open\n\n  ${url}\n\nCtrl-C ends it.\n`);
    await server.ended;
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/** False where there is no `code` command. */
function openDesktop(): boolean {
  const shell = process.platform === 'win32';
  if (spawnSync('code', ['--version'], { shell, stdio: 'ignore' }).status !== 0) return false;
  spawn('code', ['--new-window', `--extensionDevelopmentPath=${extension}`, examples, '--goto', place], { shell, stdio: 'ignore' });
  process.stdout.write('VS Code opens with the extension on examples/.\n');
  return true;
}

function check(): void {
  process.stdout.write('What `asyncscope check examples` finds:\n\n');
  spawnSync(process.execPath, [path.resolve('dist/cli.js'), 'check', 'examples'], { stdio: ['ignore', 'inherit', 'inherit'] });
  process.stdout.write('\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
