import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { SourceFile } from 'typescript7/ast';
import { API } from 'typescript7/sync';

/** The compiler process is gone (crashed or killed); start another with the same state. */
export class CompilerDied extends Error {
  constructor(cause: unknown) {
    super('The TypeScript compiler process ended unexpectedly.', { cause });
    this.name = 'CompilerDied';
  }
}

/** The platform's package could not be found: the installation lacks its compiler. */
export class CompilerMissing extends Error {
  override name = 'CompilerMissing';
}

/**
 * Path of the native TypeScript compiler: shipped beside the bundle (`dist/typescript/`, in a VSIX), else from the
 * npm package of this platform.
 */
export function compilerPath(): string {
  const name = process.platform === 'win32' ? 'tsc.exe' : 'tsc';
  const shipped = path.join(__dirname, 'typescript', name);
  if (existsSync(shipped)) return shipped;
  const platformPackage = `@typescript/typescript-${process.platform}-${process.arch}`;
  try {
    // From where its API is: beside us there may be another version, of the project that we are installed in.
    const api = createRequire(__filename).resolve('typescript7/package.json');
    const manifest = createRequire(api).resolve(`${platformPackage}/package.json`);
    return path.join(path.dirname(manifest), 'lib', name);
  } catch {
    throw new CompilerMissing(
      `The TypeScript compiler for this platform is missing. Install ${platformPackage}, or install Asyncscope again without --omit=optional.`,
    );
  }
}

/** Starts a compiler process. It ends with {@link API.close}, or when this process does. */
export function startCompiler(cwd: string): API {
  return new API({ cwd, tsserverPath: compilerPath() });
}

/** The part of the API's client that tells whether its process lives; not in its declarations. */
interface ClientInternals {
  client?: { channel?: { child?: { pid?: number; exitCode: number | null; signalCode: string | null } } };
}

/** The process id of the compiler, for tests and for the watchdog that ends one that hangs. */
export function compilerPid(api: API): number | undefined {
  return (api as unknown as ClientInternals).client?.channel?.child?.pid;
}

/** Where the API's client holds a file's tree; not in its declarations. */
interface Held {
  readonly symbolCache?: { file: SourceFile | undefined };
}

/** Has the API's client hold a file's tree no longer: it asks the compiler for it when it is needed again. */
export function letGo(sourceFile: SourceFile): void {
  const { symbolCache } = sourceFile as Held;
  if (symbolCache?.file === sourceFile) symbolCache.file = undefined;
}

/** Whether an error thrown by a request means that the process is gone, rather than that the question was bad. */
export function isChannelFailure(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return /^Unexpected EOF while reading from child|^SyncRpcChannel is closed|^Child process exited|\b(EPIPE|ECONNRESET|EBADF)\b/.test(message);
}
