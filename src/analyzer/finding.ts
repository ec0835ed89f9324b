import type { Asking } from './program';

/** How much a finding matters; `hint` is shown faintly, `error` makes `check` fail. */
export type Severity = 'hint' | 'info' | 'warning' | 'error';

export const severities: readonly Severity[] = ['hint', 'info', 'warning', 'error'];

/** A stretch of a file's text: offsets in UTF-16 units, `end` exclusive. */
export interface Span {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Replaces a stretch of text. */
export interface TextEdit extends Span {
  readonly newText: string;
}

/** A place that explains a finding: a call on the way, where a promise was made. */
export interface Related extends Span {
  readonly message: string;
}

/** Why a fix that might have been expected is not offered, in a sentence. */
export interface Refusal {
  readonly refused: string;
}

/** A change that would mend a finding; its edits are worked out only when somebody wants it. */
export interface FixProposal {
  readonly title: string;
  readonly kind: 'quickfix' | 'refactor';
  /** The one that really mends it, at most one for each finding. */
  readonly preferred?: boolean;
  /** Keeps behaviour but for the mistake itself: `--fix` and fix-all may apply it unseen. */
  readonly safe?: boolean;
  edits(): Asking<readonly TextEdit[] | Refusal>;
}

/** One hazard at one place. */
export interface Finding extends Span {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly related: readonly Related[];
  /** The marked code does nothing (shown faded). */
  readonly unnecessary: boolean;
  readonly fixes: readonly FixProposal[];
}

/** What stops a file from being checked, wholly or in part. */
export interface FileError {
  readonly path: string;
  readonly message: string;
}
