import { accessSync, chmodSync, constants, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FileError, Finding } from '../analyzer/finding';
import { Fixer, type Fixed, type Offer } from '../analyzer/fixes';
import type { Linter } from '../analyzer/linter';
import { CompilerDied, type Programs } from '../analyzer/program';

/** Applies the safe fixes of files and writes the files; tells how many findings and files, and what could not be written. */
export function mend(programs: Programs, linter: Linter, files: readonly string[]): { findings: number; files: number; errors: FileError[] } {
  const errors: FileError[] = [];
  const none: Fixed = { texts: new Map(), counts: new Map() };
  const { texts, counts } = surviving(programs, errors, none, () => new Fixer(programs).applySafe(linter, files));
  const written = new Set<string>();
  for (const [file, text] of texts) {
    const problem = write(file, programs.unit(file)?.text, text);
    if (problem === undefined) written.add(file);
    else errors.push({ path: file, message: problem });
  }
  programs.notify({ changed: [...written] });
  programs.refresh();
  const findings = [...counts].reduce((sum, [file, count]) => sum + (written.has(file) ? count : 0), 0);
  return { findings, files: written.size, errors };
}

/** The fixes of findings of the current snapshot, one offer each. */
export function offers(programs: Programs, findings: readonly Finding[], errors: FileError[]): readonly Offer[] {
  if (findings.every((finding) => finding.fixes.length === 0)) return findings.map(() => ({ fixes: [], refused: [] }));
  return surviving(programs, errors, [], () => new Fixer(programs).offered(findings));
}

/** A compiler that dies of a fix costs the fixes, not the findings. */
function surviving<T>(programs: Programs, errors: FileError[], none: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CompilerDied)) throw error;
    programs.restart();
    errors.push({ path: process.cwd(), message: 'the TypeScript compiler crashed while fixes were worked out; there are none in this run.' });
    return none;
  }
}

/**
 * Replaces a file by one with the new text, in one step: whoever reads it sees the old text or the new. Returns why it
 * could not, in a sentence.
 */
function write(file: string, checked: string | undefined, text: string): string | undefined {
  try {
    const target = realpathSync(file);
    accessSync(target, constants.W_OK);
    if (readFileSync(target, 'utf8').replace(/^\uFEFF/, '') !== checked) return 'it changed while it was checked; its fixes were not written.';
    const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.asyncscope`);
    try {
      writeFileSync(temporary, text, { flag: 'wx' });
      chmodSync(temporary, statSync(target).mode);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'no permission to write it; its fixes were not written.';
    return `its fixes could not be written (${code ?? String(error)}).`;
  }
}
