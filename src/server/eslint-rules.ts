import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { rules } from '../analyzer/rules';
import { isSource } from '../analyzer/source-files';
import { EslintProcess } from './eslint-process';

/** A process that has nothing to do for so long is ended. Milliseconds. */
const idle = 30_000;
/** In folders larger than this, files are asked about as they come. */
const largeFolder = 500;

const configFiles = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts']
  .map((extension) => `eslint.config.${extension}`)
  .concat(['', '.js', '.cjs', '.json', '.yaml', '.yml'].map((extension) => `.eslintrc${extension}`));

/** Names of other linters' rules that ours equal, and the ids of ours. */
const idsByName = new Map(rules.flatMap(({ id, equals }) => equals.map((name) => [name, id] as const)));
const none: ReadonlySet<string> = new Set();
const allEqual: ReadonlySet<string> = new Set(idsByName.values());

export interface EslintEvents {
  log(message: string): void;
  /** What holds for these files is known now. */
  known(files: readonly string[]): void;
}

/**
 * Which of our rules have their equal on in the workspace's own ESLint, file by file. ESLint is asked in a process of
 * its own, and only about files that have a configuration of it in a folder above.
 */
export class EslintRules {
  private readonly byFile = new Map<string, ReadonlySet<string>>();
  private readonly bases = new Map<string, string | undefined>();
  private readonly failures = new Map<string, string>();
  /** Files to be asked about, by the folder of their configuration. */
  private readonly waiting = new Map<string, Set<string>>();
  private asking: Promise<void> | undefined;
  private generation = 0;
  private process: EslintProcess | undefined;
  private idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly events: EslintEvents) {}

  /** Why ESLint could not be asked, a sentence for each folder. */
  get problems(): string[] {
    return [...this.failures.values()];
  }

  /**
   * Ids of our rules that ESLint checks in a file. While it has not answered yet, all that it might: nothing is shown
   * that would vanish again.
   */
  of(file: string): ReadonlySet<string> {
    const known = this.byFile.get(file);
    if (known) return known;
    const base = this.baseOf(path.dirname(file));
    if (base === undefined) return none;
    const waiting = this.waiting.get(base) ?? new Set();
    this.waiting.set(base, waiting);
    // Whoever opens one file soon opens another beside it.
    if (!waiting.has(file)) for (const sibling of siblings(file)) if (!this.byFile.has(sibling)) waiting.add(sibling);
    waiting.add(file);
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return allEqual;
  }

  /** Ids of our rules that ESLint is known to check in a file. */
  knownOf(file: string): ReadonlySet<string> {
    return this.byFile.get(file) ?? none;
  }

  /** Settles when nothing is being asked. */
  get settled(): Promise<void> {
    return this.asking ?? Promise.resolve();
  }

  /** Configurations have changed: what was answered counts no more. */
  reset(): void {
    this.generation++;
    this.byFile.clear();
    this.bases.clear();
    this.failures.clear();
    this.waiting.clear();
    this.close();
  }

  /** Ends ESLint's process. */
  close(): void {
    clearTimeout(this.idleTimer);
    this.process?.close();
    this.process = undefined;
  }

  private async ask(): Promise<void> {
    // What is asked about in one turn of the event loop goes together.
    await new Promise(setImmediate);
    for (let next = [...this.waiting][0]; next; next = [...this.waiting][0]) {
      const [base, files] = next;
      this.waiting.delete(base);
      const { generation } = this;
      const answer = await this.processFor(base).ask({ files: [...files], names: [...idsByName.keys()] });
      if (generation !== this.generation) continue;
      if ('failed' in answer) this.close();
      if ('failed' in answer) {
        const message = `${base}: ESLint could not tell which rules are on (${answer.failed.split('\n', 1)[0]}); all of Asyncscope's are.`;
        this.failures.set(base, message);
        this.events.log(message);
      }
      const on = 'on' in answer ? answer.on : {};
      for (const file of files) this.byFile.set(file, new Set((on[file] ?? []).flatMap((name) => idsByName.get(name) ?? [])));
      this.events.known([...files]);
    }
  }

  private processFor(base: string): EslintProcess {
    if (this.process?.base !== base) this.close();
    this.process ??= new EslintProcess(base);
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => this.close(), idle).unref();
    return this.process;
  }

  /** The nearest folder with a configuration of ESLint. */
  private baseOf(directory: string): string | undefined {
    if (this.bases.has(directory)) return this.bases.get(directory);
    const parent = path.dirname(directory);
    const base = hasConfig(directory) ? directory : parent === directory ? undefined : this.baseOf(parent);
    this.bases.set(directory, base);
    return base;
  }
}

/** The source files of a file's folder. */
function siblings(file: string): string[] {
  const directory = path.dirname(file);
  try {
    const names = readdirSync(directory).filter((name) => isSource(name));
    return names.length > largeFolder ? [] : names.map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

function hasConfig(directory: string): boolean {
  if (configFiles.some((name) => existsSync(path.join(directory, name)))) return true;
  try {
    return 'eslintConfig' in (JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as object);
  } catch {
    return false;
  }
}
