import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ancestors, type SourceFile } from '../program';

/**
 * What a file is for, as far as a blocked event loop goes. `exempt`: it delays nobody (tests, build configuration, the
 * code of worker threads); `command`: run by hand, one thing after another; `code`: everything else.
 */
export type FileRole = 'exempt' | 'command' | 'code';

const testNames = /\.(?:test|tests|spec|bench|e2e|cy|stories)\.[cm]?[jt]sx?$/;
const testFolders = /(?:^|\/)(?:tests?|__tests__|__mocks__|__fixtures__|specs?|e2e|cypress|fixtures|bench|benchmarks?)\//;
const configNames = /(?:^|\/)(?:[\w.-]+\.config|\.[\w-]+rc|[Gg]ulpfile|Gruntfile|Jakefile|plopfile)\.[cm]?[jt]s$/;
const testCalls = /^(?:describe|it|test|suite)(?:\.\w+)*\(/m;
const workerPort = /\bparentPort\b|\bworkerData\b|\bworkerpool\.worker\s*\(/;
/** Who starts worker threads gives them their `workerData`. */
const mainThread = /\bisMainThread\b|\bnew Worker\b/;
const commandFolders = /^(?:scripts?|tasks|bin|hack|ci|\.github|(?:turbo\/)?generators)\//;
/** Of what is run by hand, or of what a server offers to language models: those files export something. */
const toolFolders = /^tools?\//;
/** Where oclif looks for a program's commands, and for what runs before and after them. */
const oclifFolders = /(?:^|\/)(?:commands|hooks)\//;
const exporting = /^export\b|\bmodule\.exports\b|^exports\.\w/m;

/** What a program does that waits for others: from then on blocking delays somebody. */
const serving =
  /\.listen\s*\(|\bcreate(?:Secure)?Server\b|\bsetInterval\s*\(|\b(?:Bun|Deno)\.serve\b|\bserve\s*\(|new (?:WebSocketServer|WebSocket\.Server|Server|CronJob)\b|\.(?:subscribe|consume|schedule)\s*\(|\.on\(\s*['"`](?:message|request|connection|job)['"`]/g;

/** Whether a file is exempt by its path below the nearest package.json: its text need not be read. */
export function isExemptPath(file: string): boolean {
  const below = belowPackage(file);
  return isTestPath(below) || configNames.test(below);
}

/** Whether a file is a test, or belongs to tests. */
export function isTest(file: string, text: string): boolean {
  return isTestPath(belowPackage(file)) || testCalls.test(text);
}

function isTestPath(below: string): boolean {
  return testNames.test(below) || testFolders.test(below);
}

/** A file's path below the nearest package.json. */
function belowPackage(file: string): string {
  return relative(packageDirectories(path.dirname(file))[0] ?? path.dirname(file), file);
}

/** Judged by the path, by the scripts of its package and by what the text says. */
export function fileRole(file: string, text: string): FileRole {
  if (isExemptPath(file) || testCalls.test(text) || (workerPort.test(text) && !mainThread.test(text))) return 'exempt';
  const packages = packageDirectories(path.dirname(file));
  const isCommand = text.startsWith('#!') || packages.some((directory) => isCommandPath(relative(directory, file), text) || isRunByPackage(directory, file));
  return isCommand && text.search(serving) < 0 ? 'command' : 'code';
}

function isCommandPath(below: string, text: string): boolean {
  return commandFolders.test(below) || (toolFolders.test(below) && !exporting.test(text));
}

function relative(directory: string, file: string): string {
  return file.startsWith(directory) ? file.slice(directory.length + 1) : file;
}

/** Where a file starts to serve others, as offsets, in order. */
export function servingPlaces(sourceFile: SourceFile): readonly number[] {
  const matches = [...sourceFile.text.matchAll(serving)];
  // A server that is made serves nobody until it listens.
  const listens = matches.some(([text]) => text.startsWith('.listen'));
  return matches.filter(([text]) => !(listens && text.startsWith('create'))).map((match) => match.index);
}

const directories = new Map<string, readonly string[]>();
const manifests = new Map<string, boolean>();

/** The directories with a package.json that a directory is in, nearest first. */
export function packageDirectories(directory: string): readonly string[] {
  let found = directories.get(directory);
  if (!found) directories.set(directory, (found = [...ancestors(directory)].filter((at) => hasPackage(at))));
  return found;
}

function hasPackage(directory: string): boolean {
  let found = manifests.get(directory);
  if (found === undefined) manifests.set(directory, (found = existsSync(path.join(directory, 'package.json'))));
  return found;
}

/** What a package.json says of the files that are run by hand. */
interface Run {
  /** The files that the package's scripts name, other than those that start the program itself. */
  readonly scripts: ReadonlySet<string>;
  /** The package is a command line made with oclif. */
  readonly oclif: boolean;
}

const runs = new Map<string, Run>();

function isRunByPackage(directory: string, file: string): boolean {
  let run = runs.get(directory);
  if (!run) runs.set(directory, (run = readRun(directory)));
  return run.scripts.has(file) || (run.oclif && oclifFolders.test(relative(directory, file)));
}

function readRun(directory: string): Run {
  try {
    const { scripts = {}, oclif } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { scripts?: Record<string, string>; oclif?: unknown };
    const commands = Object.entries(scripts).filter(([name]) => !/^(?:start|dev|serve|server|watch)/.test(name));
    const words = commands.flatMap(([, command]) => command.split(/[\s'"=]+/));
    const files = words.filter((word) => /\.[cm]?[jt]sx?$/.test(word)).map((word) => path.join(directory, word));
    return { scripts: new Set(files), oclif: oclif !== undefined };
  } catch {
    return { scripts: new Set(), oclif: false };
  }
}
