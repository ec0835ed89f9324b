// `npm start`: opens VS Code with the extension on examples/. The desktop VS Code where there is one, its server build
// otherwise, kept running until Ctrl-C; where nobody can see a page, the command line's findings as well.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { writeSettings } from '../test/host/settings';
import { startServer } from '../test/host/vscode-server';
import { workbenchUrl } from '../test/host/workbench';

const extension = path.resolve('.');
const examples = path.resolve('examples');

async function main(): Promise<void> {
  if (hasDisplay() && openDesktop()) return;
  if (!hasDisplay()) check();
  const connectionToken = randomBytes(16).toString('hex');
  const dataDir = path.resolve('.cache/start');
  await writeSettings(dataDir, false);
  await linkExtension(path.join(dataDir, 'extensions'));
  const server = await startServer({ connectionToken, dataDir });
  const url = workbenchUrl(server, { workspace: examples, file: path.join(examples, 'src/orders.ts') }, connectionToken);
  process.stdout.write(`VS Code runs with the extension on examples/. Open\n\n  ${url}\n\nCtrl-C ends it.\n`);
  const stop = () => void server.stop();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  await server.ended;
}

/** Installed as a link, the extension is there in every folder that is opened, and is what was built last. */
async function linkExtension(extensionsDir: string): Promise<void> {
  await rm(extensionsDir, { recursive: true, force: true });
  await mkdir(extensionsDir, { recursive: true });
  await symlink(extension, path.join(extensionsDir, 'asyncscope.asyncscope'), 'junction');
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/** False where there is no `code` command. */
function openDesktop(): boolean {
  const shell = process.platform === 'win32';
  if (spawnSync('code', ['--version'], { shell, stdio: 'ignore' }).status !== 0) return false;
  spawn('code', ['--new-window', `--extensionDevelopmentPath=${extension}`, examples, path.join(examples, 'src/orders.ts')], { shell, stdio: 'ignore' });
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
