import { accessSync, constants, statSync } from 'node:fs';
import type { Measured } from './blocking/measured';
import type { ConfigFinder } from './config/config';
import type { FileError, Finding } from './finding';
import { CompilerDied, forEachOfKind, isChannelFailure, isTooDeep, kindSet, SyntaxKind, type Asking, type Job, type Node, type Programs, type SourceUnit } from './program';
import type { Listener, Report, Rule } from './rules/rule';
import { SharedFacts } from './shared';
import { withoutSuppressed } from './suppressions';

/** Larger files are generated or bundled; walking them costs more than their findings are worth. */
export const maxFileBytes = 2_000_000;

/** What checking one file gave. */
export interface FileReport {
  readonly path: string;
  /** Undefined where the file could not be checked; `errors` says why. */
  readonly unit: SourceUnit | undefined;
  readonly findings: readonly Finding[];
  readonly errors: readonly FileError[];
}

/** Why files cannot be checked at all. */
type Problems = ReadonlyMap<string, string | undefined>;

/** How many files are walked before their questions go out together. */
const chunkSize = 8;

/** Checks files with the rules that their configuration turns on: one engine for editor and command line. */
export class Linter {
  private readonly facts: SharedFacts;

  constructor(
    private readonly programs: Programs,
    private readonly configs: Pick<ConfigFinder, 'forFile'>,
    private readonly measured: Measured = () => [],
  ) {
    this.facts = new SharedFacts(programs);
  }

  /**
   * Checks files, in order; excluded ones give no report. A generator so that the caller can show progress or stop.
   * Throws CompilerDied when the compiler process is gone, ConfigError for a wrong configuration.
   */
  *check(paths: readonly string[]): Generator<FileReport> {
    const wanted = paths.filter((path) => !this.configs.forFile(path).excluded);
    const problems = new Map(wanted.map((path) => [path, this.problem(path)]));
    this.programs.open(wanted.filter((path) => problems.get(path) === undefined));
    for (const done of this.programs.run(this.jobs(wanted, problems))) for (const walk of done) yield walk.report();
  }

  /** Each made when its turn comes: nothing holds what is known of files whose reports are out. */
  private *jobs(paths: readonly string[], problems: Problems): Generator<() => Job<readonly Walk[]>> {
    const chunk = (at: number): readonly string[] => paths.slice(at, at + chunkSize);
    const prefetch = (at: number): void => this.programs.prefetch(chunk(at).filter((path) => problems.get(path) === undefined));
    prefetch(0);
    for (let at = 0; at < paths.length; at += chunkSize) {
      const walks: Walk[] = [];
      yield () => {
        // The compiler answers in order: asked for later, they would wait for all that others ask until then.
        prefetch(at + chunkSize);
        return this.places(walks, chunk(at), problems);
      };
      yield () => this.wholeFiles(walks);
    }
  }

  /** What rules ask at single places. */
  private *places(walks: Walk[], paths: readonly string[], problems: Problems): Job<readonly Walk[]> {
    walks.push(...this.walks(paths, problems));
    const syntax = walks.map((walk) => walk.askSyntax());
    yield [...syntax, ...walks.flatMap((walk) => walk.takeAskings())];
    return [];
  }

  /** What they find out of whole files, while the compiler works on the places. */
  private *wholeFiles(walks: readonly Walk[]): Job<readonly Walk[]> {
    for (const walk of walks) walk.visitFile();
    yield walks.flatMap((walk) => walk.takeAskings());
    return walks;
  }

  private walks(paths: readonly string[], problems: Problems): Walk[] {
    return paths.map((path) => {
      const problem = problems.get(path);
      const unit = problem === undefined ? this.programs.unit(path) : undefined;
      if (!unit) return unchecked(path, problem ?? 'the compiler could not read it; it may have been deleted in the meantime.');
      // The compiler, too, calls it binary, but as a syntax error in every place.
      if (unit.text.includes('\0')) return unchecked(path, 'binary content; the file was skipped.');
      if (isTooDeep(unit.sourceFile)) return unchecked(path, 'its code is nested too deeply to be checked; it was skipped.');
      return this.walk(unit);
    });
  }

  /** Unsaved text needs no file behind it. */
  private problem(path: string): string | undefined {
    return this.programs.unsavedText(path) !== undefined ? undefined : unreadable(path);
  }

  private walk(unit: SourceUnit): Walk {
    const walk = new Walk(unit.path, unit, []);
    for (const { rule, severity, options } of this.configs.forFile(unit.path).rules) {
      walk.rules.set(rule.id, rule);
      const context = {
        unit,
        options,
        measured: this.measured,
        shared: <T>(fact: Parameters<SharedFacts['get']>[0]) => this.facts.get(fact, unit.project) as T,
        report: (report: Report) => walk.add(rule, report, severity),
      };
      for (const [kind, listener] of Object.entries(rule.listen(context as never))) {
        const key = Number(kind) as SyntaxKind;
        const known = walk.listeners.get(key);
        if (known) known.push({ listener, rule });
        else walk.listeners.set(key, [{ listener, rule }]);
      }
    }
    const kinds = [...walk.listeners.keys()].filter((kind) => kind !== SyntaxKind.SourceFile);
    forEachOfKind(unit.sourceFile, kindSet(kinds), (node) => walk.visit(node));
    return walk;
  }
}

/** One file being checked. */
class Walk {
  readonly rules = new Map<string, Rule>();
  readonly listeners = new Map<SyntaxKind, { listener: Listener; rule: Rule }[]>();
  private askings: Asking<void>[] = [];
  private readonly findings: Finding[] = [];
  private syntaxErrors: readonly { pos: number; end: number; text: string }[] = [];

  constructor(
    private readonly path: string,
    private readonly unit: SourceUnit | undefined,
    readonly errors: FileError[],
  ) {}

  visit(node: Node): void {
    for (const { listener, rule } of this.listeners.get(node.kind) ?? []) {
      try {
        const asking = listener(node) as Asking<void> | undefined;
        // Most places are decided by syntax: those ask nothing and are done with here.
        const first = asking?.next();
        if (asking && first?.done === false) this.askings.push(this.answered(rule, asking, first));
      } catch (error) {
        this.fail(rule, error);
      }
    }
  }

  visitFile(): void {
    if (this.unit) this.visit(this.unit.sourceFile);
  }

  /** The askings that have come up since this was called last. */
  takeAskings(): Asking<void>[] {
    const { askings } = this;
    this.askings = [];
    return askings;
  }

  *askSyntax(): Asking<void> {
    if (!this.unit) return;
    const found = yield* this.unit.project.program.getSyntacticDiagnostics.gen(this.path);
    this.syntaxErrors = found.filter(({ code }) => !parsesWell(code));
  }

  add(rule: Rule, report: Report, severity: Finding['severity'] | undefined): void {
    const { at } = report;
    const node = 'kind' in at ? at : undefined;
    const start = node ? node.getStart(this.unit?.sourceFile) : (at as { start: number }).start;
    this.findings.push({
      rule: rule.id,
      severity: severity ?? report.severity ?? rule.severity,
      message: report.message,
      path: this.path,
      start,
      end: at.end,
      related: report.related ?? [],
      unnecessary: report.unnecessary ?? false,
      fixes: report.fixes ?? [],
    });
  }

  /** Goes on with an asking whose first question is out. A rule that fails on one place loses that place only. */
  private *answered(rule: Rule, asking: Asking<void>, first: IteratorYieldResult<unknown>): Asking<void> {
    let step: IteratorResult<unknown, void> = first;
    try {
      while (step.done !== true) {
        let answer: never;
        try {
          answer = (yield step.value as never) as never;
        } catch (error) {
          step = asking.throw(error);
          continue;
        }
        step = asking.next(answer);
      }
    } catch (error) {
      this.fail(rule, error);
    }
  }

  private fail(rule: Rule, error: unknown): void {
    if (error instanceof CompilerDied) throw error;
    if (isChannelFailure(error)) throw new CompilerDied(error);
    // Behind the first line there is the compiler's stack.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    const message =
      error instanceof RangeError
        ? `its code is nested too deeply for ${rule.id} to check all of it.`
        : `rule ${rule.id} failed on this file (${reason}); please report it.`;
    if (!this.errors.some((known) => known.message.includes(` ${rule.id} `))) this.errors.push({ path: this.path, message });
  }

  report(): FileReport {
    const { unit, path } = this;
    if (!unit) return { path, unit, findings: [], errors: this.errors };
    const first = this.syntaxErrors[0];
    if (first) {
      const { line, character } = unit.sourceFile.getLineAndCharacterOfPosition(first.pos);
      this.errors.push({ path, message: `${line + 1}:${character + 1}: syntax error: ${first.text} Only what parses around it was checked.` });
    }
    const sound = this.findings.filter((finding) => !this.syntaxErrors.some((error) => near(unit, finding, error.pos)));
    const findings = withoutSuppressed(sound, unit.sourceFile, this.rules).sort((a, b) => a.start - b.start || a.end - b.end);
    return { path, unit, findings, errors: this.errors };
  }
}

/**
 * Whether the compiler complains of what it has parsed well: types in JavaScript, as Flow has them (8000 to 8999),
 * octal numbers in old scripts (1121), `assert` in imports (2880).
 */
function parsesWell(code: number): boolean {
  return (code >= 8000 && code < 9000) || code === 1121 || code === 2880;
}

/** What the parser made up to recover is no ground for a finding: those whose statement holds a syntax error are dropped. */
function near(unit: SourceUnit, finding: Finding, position: number): boolean {
  for (const statement of unit.sourceFile.statements) {
    if (statement.pos <= finding.start && finding.start < statement.end) return statement.pos <= position && position <= statement.end;
  }
  return true;
}

function unchecked(path: string, message: string): Walk {
  return new Walk(path, undefined, [{ path, message }]);
}

/** Why a file cannot be checked at all, in a sentence; undefined where it can. */
function unreadable(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return 'not a file.';
    if (stat.size > maxFileBytes) {
      return `${(stat.size / 1e6).toFixed(1)} MB is over the limit of ${maxFileBytes / 1e6} MB for one file; it was skipped. Exclude it where it is generated.`;
    }
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'no such file.';
    if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it.';
    return `cannot be read (${code ?? String(error)}).`;
  }
}
