import { Importers, type Asking, type CompilerDiagnostic, type Programs, type Project } from '../program';

/** New texts of files that stand or fall together. */
export type Change = ReadonlyMap<string, string>;

/** What the compiler says of one file. */
interface Verdict {
  errors: readonly CompilerDiagnostic[];
  /** The file's declarations as others see them. */
  shape: string;
}

/** Files whose own shape keeps changing from one importer to the next: more than this and the change is given up. */
const maxAffectedFiles = 400;

const diagnosticError = 1;

/** Finds the changes that would add a compile error, in the files they change or in those that depend on them. */
export class CompileCheck {
  private readonly before = new WeakMap<Project, Map<string, Verdict>>();
  private readonly importers: Importers;

  constructor(private readonly programs: Programs) {
    this.importers = new Importers(programs);
  }

  /**
   * The error that each failing change would add. The changes are tried all at once and must not share a file; those
   * whose part in an error is unclear are tried alone.
   */
  failures(changes: readonly Change[]): Map<Change, string> {
    const failed = new Map<Change, string>();
    if (changes.length === 0) return failed;
    const unclear = new Set<Change>();
    for (const { suspects, message } of this.addedErrors(changes)) {
      const [first] = suspects;
      if (suspects.size === 1 && first) failed.set(first, message);
      else for (const suspect of suspects) unclear.add(suspect);
    }
    if (changes.length === 1) return failed;
    for (const change of unclear) {
      const alone = this.failures([change]).get(change);
      if (alone !== undefined) failed.set(change, alone);
    }
    return failed;
  }

  private addedErrors(changes: readonly Change[]): { suspects: Set<Change>; message: string }[] {
    const texts = new Map(changes.flatMap((change) => [...change]));
    const current = new Map(this.programs.loaded.map((project) => [project.id as string, project]));
    return this.programs.withText(texts, (projects) =>
      projects.flatMap((after) => {
        const before = current.get(after.id);
        return before ? this.addedIn(before, after, changes) : [];
      }),
    );
  }

  /** Goes from the changed files to their importers for as long as what the importers export changes too. */
  private addedIn(before: Project, after: Project, changes: readonly Change[]): { suspects: Set<Change>; message: string }[] {
    const names = new Set<string>(before.program.getSourceFileNames());
    const reached = new Map<string, Set<Change>>();
    for (const change of changes) for (const file of change.keys()) if (names.has(file)) reached.set(file, new Set([change]));
    const added: { suspects: Set<Change>; message: string }[] = [];
    /** Files that may hand on what changes in others. */
    const passing = new Set(changes.filter(({ size }) => size > 1).flatMap((change) => [...change.keys()]));
    let round = [...reached.keys()];
    while (round.length > 0) {
      const old = this.verdictsBefore(before, round);
      const fresh = this.verdicts(after, round);
      const next = new Set<string>();
      round.forEach((file, index) => {
        const was = old[index];
        const is = fresh[index];
        const suspects = reached.get(file);
        if (!was || !is || !suspects) return;
        const error = addedError(was.errors, is.errors);
        if (error) added.push({ suspects, message: error.text });
        if (was.shape === is.shape && !(passing.has(file) && reExports(after, file))) return;
        for (const importer of this.importers.of(before, file)) {
          const known = reached.get(importer) ?? new Set();
          const size = known.size;
          for (const suspect of suspects) known.add(suspect);
          if (known.size === size) continue;
          passing.add(importer);
          reached.set(importer, known);
          next.add(importer);
        }
      });
      round = [...next];
      if (reached.size > maxAffectedFiles) {
        const message = `it changes what more than ${maxAffectedFiles} files depend on.`;
        return [...added, { suspects: new Set(changes), message }];
      }
    }
    return added;
  }

  private verdictsBefore(project: Project, files: readonly string[]): Verdict[] {
    let known = this.before.get(project);
    if (!known) this.before.set(project, (known = new Map<string, Verdict>()));
    const missing = files.filter((file) => !known.has(file));
    this.verdicts(project, missing).forEach((verdict, index) => known.set(missing[index] ?? '', verdict));
    return files.map((file) => known.get(file) ?? { errors: [], shape: '' });
  }

  private verdicts(project: Project, files: readonly string[]): Verdict[] {
    return this.programs.ask(files.map((file) => verdict(project, file)));
  }
}

function* verdict({ program }: Project, file: string): Asking<Verdict> {
  const syntax = yield* program.getSyntacticDiagnostics.gen(file);
  const types = yield* program.getSemanticDiagnostics.gen(file);
  const declarations = yield* program.getDeclarationEmit.gen([file]);
  const errors = [...syntax, ...types].filter((diagnostic) => (diagnostic.category) === diagnosticError);
  return { errors, shape: [...declarations.outputFiles.values()].map((output) => output.text).join('\n') };
}

/** Whether a file hands on what others export: its own declarations, `export { load } from './load'`, look the same then. */
function reExports({ program }: Project, file: string): boolean {
  return /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from)|\bexport\s*\{/.test(program.getSourceFile(file)?.text ?? '');
}

/** The first error that was not there before; the same message elsewhere in the file counts as moved. */
function addedError(before: readonly CompilerDiagnostic[], after: readonly CompilerDiagnostic[]): CompilerDiagnostic | undefined {
  const counts = new Map<string, number>();
  const key = (error: CompilerDiagnostic): string => `${error.code} ${error.text}`;
  for (const error of before) counts.set(key(error), (counts.get(key(error)) ?? 0) + 1);
  return after.find((error) => {
    const left = counts.get(key(error)) ?? 0;
    counts.set(key(error), left - 1);
    return left <= 0;
  });
}
