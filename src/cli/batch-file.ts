// Windows starts batch files, such as npm.cmd, only through its shell, which takes one line and reads it in its own way.
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The batch file that a command means on Windows; undefined where it means a program, or nothing that is there. */
export function batchFile(command: string, env: NodeJS.ProcessEnv, exists: (file: string) => boolean = existsSync): string | undefined {
  const { win32 } = path;
  const hasFolder = /[\\/]/.test(command);
  const folders = hasFolder ? [''] : ['', ...(env['PATH'] ?? '').split(win32.delimiter).filter(Boolean)];
  const endings = win32.extname(command) ? ['', ...programEndings(env)] : programEndings(env);
  const found = folders.flatMap((folder) => endings.map((ending) => win32.join(folder, command + ending))).find((file) => exists(file));
  return found !== undefined && /\.(cmd|bat)$/i.test(found) ? found : undefined;
}

function programEndings(env: NodeJS.ProcessEnv): string[] {
  return (env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').split(';').filter(Boolean);
}

/** The line that has cmd.exe run a batch file with exactly these arguments. */
export function batchLine(file: string, args: readonly string[]): string {
  return [file, ...args].map((word) => quoted(word).replace(/[()%!^"<>&|;, *?]/g, '^$&')).join(' ');
}

/** As programs of Windows take words apart: a backslash counts only before a quote. */
function quoted(word: string): string {
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}
