import { readFileSync } from 'node:fs';
import type { CodeFix } from '../diagnostics';
import type { Finding } from '../finding';
import type { Linter } from '../linter';
import type { Programs } from '../program';
import { changeOf, compiled, workOut, type Candidate } from './candidates';
import { CompileCheck } from './compile-check';
import { EditSet, editsByFile } from './edits';

/** What can be done about a finding. */
export interface Offer {
  /** The fixes, each compiled: none adds a compile error in the files it changes or in those that depend on them. */
  readonly fixes: readonly CodeFix[];
  /** What a reader might expect but cannot have, with the reason in a sentence. */
  readonly refused: readonly { title: string; kind: CodeFix['kind']; reason: string }[];
}

/** What applying fixes unseen came to. */
export interface Fixed {
  /** The new text of each changed file, as it is to be written (with its byte order mark, where it has one). */
  readonly texts: ReadonlyMap<string, string>;
  /** How many findings were mended, by the file they were in. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A fix may make room for another, but not for ever. */
const maxPasses = 10;

/** Works out, compiles and applies the fixes of findings. */
export class Fixer {
  private readonly check: CompileCheck;

  constructor(private readonly programs: Programs) {
    this.check = new CompileCheck(programs);
  }

  /** The fixes of findings of the current snapshot, compiled; one offer for each finding, in order. */
  offered(findings: readonly Finding[]): Offer[] {
    const { candidates, rejected } = workOut(
      this.programs,
      findings.flatMap((finding) => finding.fixes.map((proposal) => ({ finding, proposal }))),
    );
    const { sound, rejected: broken } = compiled(this.check, candidates, (path) => this.programs.textOf(path));
    const reasons = new Map([...rejected, ...broken].map(({ proposal, reason }) => [proposal, reason]));
    const edits = new Map([...sound].map((candidate) => [candidate.proposal, candidate.edits]));
    return findings.map(({ fixes }) => ({
      fixes: fixes.flatMap((proposal) => {
        const { title, kind, preferred = false } = proposal;
        const worked = edits.get(proposal);
        return worked ? [{ title, kind, preferred, edits: [...editsByFile(worked).values()].flat() }] : [];
      }),
      refused: fixes.flatMap((proposal) => {
        const reason = reasons.get(proposal);
        return reason === undefined ? [] : [{ title: proposal.title, kind: proposal.kind, reason }];
      }),
    }));
  }

  /**
   * Applies every safe fix of files until none is left, and compiles after each pass; applied to the result it would
   * change nothing. Nothing is written, and the programs are as before. Throws what {@link Linter.check} throws.
   */
  applySafe(linter: Linter, files: readonly string[]): Fixed {
    const original = new Map<string, string>();
    const overlays = new Map<string, string | undefined>();
    const counts = new Map<string, number>();
    const given = new Set<string>();
    let left = [...files];
    try {
      for (let pass = 0; left.length > 0; pass++) {
        const accepted = this.safeCandidates(linter, left, given);
        const change = changeOf(accepted, (path) => this.programs.textOf(path));
        if (change.size === 0) break;
        for (const [path, text] of change) {
          if (!overlays.has(path)) overlays.set(path, this.programs.unsavedText(path));
          if (!original.has(path)) original.set(path, this.programs.textOf(path) ?? '');
          // Fixes that undo each other would go on for ever: such a file is left as it was.
          const endless = pass + 1 >= maxPasses;
          if (endless) given.add(path);
          this.programs.setText(path, endless ? original.get(path) : text);
          if (endless) counts.delete(path);
        }
        for (const { finding } of accepted) {
          if (!given.has(finding.path)) counts.set(finding.path, (counts.get(finding.path) ?? 0) + 1);
        }
        this.programs.refresh();
        left = [...change.keys()];
      }
      const texts = new Map<string, string>();
      for (const [path, before] of original) {
        const after = this.programs.textOf(path);
        if (after !== undefined && after !== before) texts.set(path, byteOrderMark(path) + after);
      }
      return { texts, counts };
    } finally {
      for (const [path, text] of overlays) this.programs.setText(path, text);
      this.programs.refresh();
    }
  }

  /** The safe fixes of files that can be made together and compile together. */
  private safeCandidates(linter: Linter, files: readonly string[], excluded: ReadonlySet<string>): Candidate[] {
    const wanted = [...linter.check(files)].flatMap(({ findings }) =>
      findings.flatMap((finding) => {
        const proposal = finding.fixes.find(({ safe }) => safe);
        return proposal ? [{ finding, proposal }] : [];
      }),
    );
    const chosen: Candidate[] = [];
    const edits = new EditSet();
    const { candidates } = workOut(this.programs, wanted);
    const paths = new Set(candidates.flatMap((candidate) => candidate.edits.map((edit) => edit.path)));
    const writable = new Set([...paths].filter((path) => !excluded.has(path) && this.isFaithful(path)));
    for (const candidate of candidates) {
      if (!candidate.edits.every((edit) => writable.has(edit.path)) || !edits.accepts(candidate.edits)) continue;
      chosen.push(candidate);
      edits.add(candidate.edits);
    }
    const textOf = (path: string): string | undefined => this.programs.textOf(path);
    const { sound, rejected } = compiled(this.check, chosen, textOf);
    if (rejected.length === 0) return [...sound];
    // What compiles in parts need not compile together: where it does not, one fix is made now and the others later.
    const byFile = new Map<string, Candidate[]>();
    for (const one of sound) byFile.set(one.finding.path, [...(byFile.get(one.finding.path) ?? []), one]);
    const changes = new Map([...byFile.values()].map((members) => [changeOf(members, textOf), members]));
    const failures = this.check.failures([...changes.keys()]);
    return [...changes].flatMap(([change, members]) => (failures.has(change) ? members.slice(0, 1) : members));
  }

  /** A file that is not UTF-8 would lose something when written back. */
  private isFaithful(path: string): boolean {
    if (this.programs.unsavedText(path) !== undefined) return true;
    const bytes = readFileSync(path);
    return bytes.equals(Buffer.from(bytes.toString('utf8'), 'utf8'));
  }
}

/** The compiler's text of a file is without its byte order mark. */
function byteOrderMark(path: string): string {
  try {
    return readFileSync(path, 'utf8').startsWith('\uFEFF') ? '\uFEFF' : '';
  } catch {
    return '';
  }
}
