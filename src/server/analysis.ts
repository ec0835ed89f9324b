import type { Measured } from '../analyzer/blocking/measured';
import { Fixer } from '../analyzer/fixes';
import { Linter, type FileReport } from '../analyzer/linter';
import { CompilerDied, Programs, type DiskChanges } from '../analyzer/program';
import type { FileConfigs } from './file-configs';
import type { TimeLimit } from './time-limit';

/** So many crashes within a minute are mended at once; then each further one costs a pause, twice as long as the last. */
const freeRestarts = 3;
const crashWindow = 60_000;
const longestPause = 60_000;

/** One compiler, and what works with it. */
export interface Tools {
  readonly programs: Programs;
  readonly linter: Linter;
  readonly fixer: Fixer;
}

export interface AnalysisEvents {
  log(message: string): void;
  /** The compiler keeps crashing: checks rest for so many milliseconds. Called once for each such series. */
  resting(pause: number): void;
}

/**
 * The analyzer with a compiler that may crash or hang: starts it again, and leaves a file alone that it cannot take.
 * All calls are synchronous.
 */
export class Analysis {
  private tools: Tools | undefined;
  private readonly texts = new Map<string, string>();
  /** Files whose check ended the compiler, left alone until their text changes. */
  private readonly faulty = new Map<string, string>();
  private crashes: number[] = [];
  private restingUntil = 0;
  private compilers = 0;
  private configNotes: Programs['notes'] = [];

  constructor(
    private readonly cwd: string,
    private readonly configs: FileConfigs,
    private readonly timeLimit: TimeLimit,
    private readonly measured: Measured,
    private readonly events: AnalysisEvents,
  ) {}

  /** Milliseconds until checks are possible again; 0 when they are. */
  get pause(): number {
    return Math.max(0, this.restingUntil - Date.now());
  }

  /** Names the snapshot: what was found in another one must be looked at again before its nodes are used. */
  get snapshot(): string {
    return `${this.compilers}.${this.tools?.programs.version}`;
  }

  /** What is wrong with the tsconfig files in use, as of the last check. */
  get notes(): Programs['notes'] {
    return this.configNotes;
  }

  /** The text of a file as the compiler has it; undefined where it has none. */
  textOf(path: string): string | undefined {
    return this.attempt(({ programs }) => programs.textOf(path));
  }

  /** Sets a document's text; undefined: the disk counts. */
  setText(path: string, text: string | undefined): void {
    if (text === undefined) this.texts.delete(path);
    else this.texts.set(path, text);
    this.faulty.delete(path);
    this.tools?.programs.setText(path, text);
  }

  /** Files changed on disk. */
  notify(changes: DiskChanges): void {
    for (const file of [...(changes.changed ?? []), ...(changes.deleted ?? [])]) this.faulty.delete(file);
    if (this.tools) this.attempt(({ programs }) => programs.notify(changes));
  }

  /**
   * Checks files as they are now. Files that are excluded give no report. Undefined while the compiler rests after
   * crashes ({@link pause}).
   */
  check(paths: readonly string[]): FileReport[] | undefined {
    const skipped = paths.filter((path) => this.faulty.has(path)).map((path) => this.skippedReport(path));
    const able = paths.filter((path) => !this.faulty.has(path));
    if (able.length === 0) return skipped;
    if (able.length > 1) {
      const reports = this.tryCheck(able);
      if (reports) return [...reports, ...skipped];
    }
    // Alone, or each by itself to find the one that the compiler died of.
    const reports = able.map((path) => this.checkOne(path));
    return reports.includes(undefined) ? undefined : [...reports.flatMap((one) => one ?? []), ...skipped];
  }

  /** Moves on to a snapshot with all changes. */
  refresh(): void {
    this.attempt(() => undefined);
  }

  /** Runs work that asks the compiler, in a snapshot that has all changes; undefined where it died of it, or rests. */
  attempt<T>(work: (tools: Tools) => T): T | undefined {
    if (this.pause > 0) return undefined;
    try {
      const tools = this.start();
      return this.timeLimit.run(tools.programs.pid, () => {
        tools.programs.refresh();
        return work(tools);
      });
    } catch (error) {
      if (!(error instanceof CompilerDied)) throw error;
      this.crashed();
      return undefined;
    }
  }

  close(): void {
    this.tools?.programs.close();
    this.timeLimit.close();
  }

  private start(): Tools {
    if (this.tools) return this.tools;
    const programs = new Programs(this.cwd);
    for (const [path, text] of this.texts) if (!this.faulty.has(path)) programs.setText(path, text);
    this.tools = { programs, linter: new Linter(programs, this.configs, this.measured), fixer: new Fixer(programs) };
    this.compilers++;
    this.events.log(`Compiler started (process ${programs.pid}).`);
    return this.tools;
  }

  private tryCheck(paths: readonly string[]): FileReport[] | undefined {
    return this.attempt(({ programs, linter }) => {
      const reports = [...linter.check(paths)];
      this.configNotes = programs.notes;
      return reports;
    });
  }

  private checkOne(path: string): FileReport[] | undefined {
    // What the compiler dies of may come from outside: one more try, unless that would mean to wait for it again.
    for (let tries = 0; tries < 2; tries++) {
      const reports = this.tryCheck([path]);
      if (reports || this.pause > 0) return reports;
      if (this.timeLimit.exceeded) break;
    }
    this.leaveAlone(path);
    return [this.skippedReport(path)];
  }

  private leaveAlone(path: string): void {
    this.faulty.set(path, 'the TypeScript compiler crashed or hung on this file; it is left alone until it changes.');
    this.events.log(`${path}: ${this.faulty.get(path)}`);
  }

  private skippedReport(path: string): FileReport {
    return { path, unit: undefined, findings: [], errors: [{ path, message: this.faulty.get(path) ?? '' }] };
  }

  private crashed(): void {
    const reason = this.timeLimit.exceeded ? 'did not answer and was ended' : 'ended unexpectedly';
    this.events.log(`The compiler (process ${this.tools?.programs.pid}) ${reason}; it is started again.`);
    this.tools?.programs.close();
    this.tools = undefined;
    const now = Date.now();
    this.crashes = [...this.crashes.filter((time) => now - time < crashWindow), now];
    const over = this.crashes.length - freeRestarts;
    if (over <= 0) return;
    const pause = Math.min(longestPause, 1000 * 2 ** over);
    this.restingUntil = now + pause;
    if (over === 1) this.events.resting(pause);
  }
}
