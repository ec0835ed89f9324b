import type { Finding, FixProposal, TextEdit } from '../finding';
import { CompilerDied, type Programs } from '../program';
import type { Change, CompileCheck } from './compile-check';
import { EditSet, applyEdits, conflict, editsByFile } from './edits';

/** A proposal whose edits are known but not yet compiled. */
export interface Candidate {
  readonly finding: Finding;
  readonly proposal: FixProposal;
  readonly edits: readonly TextEdit[];
}

/** A proposal that is not offered, with the reason. */
export interface Rejected {
  readonly finding: Finding;
  readonly proposal: FixProposal;
  readonly reason: string;
}

/** Works out the edits of proposals; a builder that fails loses its proposal only. */
export function workOut(
  programs: Programs,
  wanted: readonly { finding: Finding; proposal: FixProposal }[],
): { candidates: Candidate[]; rejected: Rejected[] } {
  const results = programs.ask(wanted.map(({ proposal }) => guarded(proposal)));
  const candidates: Candidate[] = [];
  const rejected: Rejected[] = [];
  wanted.forEach((one, index) => {
    const result = results[index];
    if (result === undefined || 'refused' in result) rejected.push({ ...one, reason: result?.refused ?? 'it could not be worked out.' });
    else if (result.some((edit, at) => result.slice(at + 1).some((other) => conflict(edit, other)))) {
      rejected.push({ ...one, reason: 'its edits overlap.' });
    } else if (result.length > 0) candidates.push({ ...one, edits: result });
  });
  return { candidates, rejected };
}

function* guarded(proposal: FixProposal): ReturnType<FixProposal['edits']> {
  try {
    return yield* proposal.edits();
  } catch (error) {
    if (error instanceof CompilerDied) throw error;
    return { refused: `it could not be worked out (${error instanceof Error ? error.message : String(error)}).` };
  }
}

/** Candidates that are tried together. */
interface Group {
  readonly files: ReadonlySet<string>;
  readonly members: readonly Candidate[];
}

/**
 * Splits candidates into those that compile and those that add an error. Candidates of one file that do not conflict
 * are compiled together, and all files at once; a group with an error is halved until the culprit is alone.
 */
export function compiled(
  check: CompileCheck,
  candidates: readonly Candidate[],
  textOf: (path: string) => string | undefined,
): { sound: Set<Candidate>; rejected: Rejected[] } {
  const sound = new Set<Candidate>();
  const rejected: Rejected[] = [];
  let waiting = grouped(candidates);
  while (waiting.length > 0) {
    const { round, rest } = disjoint(waiting);
    waiting = rest;
    const changes = new Map<Change, Group>();
    for (const group of round) changes.set(changeOf(group.members, textOf), group);
    const failures = check.failures([...changes.keys()]);
    for (const [change, { files, members }] of changes) {
      const error = failures.get(change);
      const [first] = members;
      if (error === undefined) for (const member of members) sound.add(member);
      else if (members.length === 1 && first) rejected.push({ ...first, reason: `it would add a compile error: ${error}` });
      else {
        const half = members.length >> 1;
        waiting.push({ files, members: members.slice(0, half) }, { files, members: members.slice(half) });
      }
    }
  }
  return { sound, rejected };
}

/** The new texts that candidates make together. */
export function changeOf(members: readonly Candidate[], textOf: (path: string) => string | undefined): Change {
  const change = new Map<string, string>();
  for (const [path, edits] of editsByFile(members.flatMap((member) => [...member.edits]))) {
    const text = textOf(path);
    if (text !== undefined) change.set(path, applyEdits(text, edits));
  }
  return change;
}

/** Candidates of the same single file go together as long as they do not conflict; one of several files stays alone. */
function grouped(candidates: readonly Candidate[]): Group[] {
  const groups: Group[] = [];
  const byFile = new Map<string, { members: Candidate[]; edits: EditSet }[]>();
  for (const candidate of candidates) {
    const files = new Set(candidate.edits.map((edit) => edit.path));
    const [file = ''] = files;
    const known = files.size === 1 ? (byFile.get(file) ?? []) : [];
    const group = known.find(({ edits }) => edits.accepts(candidate.edits));
    if (group) {
      group.members.push(candidate);
      group.edits.add(candidate.edits);
      continue;
    }
    const members = [candidate];
    groups.push({ files, members });
    if (files.size !== 1) continue;
    const edits = new EditSet();
    edits.add(candidate.edits);
    byFile.set(file, [...known, { members, edits }]);
  }
  return groups;
}

/** The groups that share no file with one before them, and the others. */
function disjoint(groups: readonly Group[]): { round: Group[]; rest: Group[] } {
  const taken = new Set<string>();
  const round: Group[] = [];
  const rest: Group[] = [];
  for (const group of groups) {
    if ([...group.files].some((file) => taken.has(file))) {
      rest.push(group);
      continue;
    }
    for (const file of group.files) taken.add(file);
    round.push(group);
  }
  return { round, rest };
}

