import type { Span, TextEdit } from '../finding';

/** Whether two edits cannot both be made: they touch the same text, or insert different text at one place. */
export function conflict(a: TextEdit, b: TextEdit): boolean {
  if (a.path !== b.path || sameEdit(a, b)) return false;
  if (a.start === a.end && b.start === b.end) return a.start === b.start;
  return a.start < b.end && b.start < a.end;
}

/** Two fixes that both make a function async, or add the same import, share that edit. */
export function sameEdit(a: TextEdit, b: TextEdit): boolean {
  return a.path === b.path && a.start === b.start && a.end === b.end && a.newText === b.newText;
}

/** Edits that can all be made together. What a further one conflicts with is found without looking at all of them. */
export class EditSet {
  /** By file, in order: as they do not overlap, their ends are in order, too. */
  private readonly byFile = new Map<string, TextEdit[]>();

  /** Whether these edits can be made as well. */
  accepts(edits: readonly TextEdit[]): boolean {
    return edits.every((edit) => !this.conflicts(edit));
  }

  /** Adds edits that were accepted. */
  add(edits: readonly TextEdit[]): void {
    for (const edit of edits) {
      const list = this.byFile.get(edit.path);
      if (list) list.splice(firstAfter(list, edit.start, edit.end), 0, edit);
      else this.byFile.set(edit.path, [edit]);
    }
  }

  private conflicts(edit: TextEdit): boolean {
    const list = this.byFile.get(edit.path) ?? [];
    for (let index = firstAfter(list, edit.end, Infinity) - 1; index >= 0; index--) {
      const known = list[index];
      if (!known || known.end < edit.start) return false;
      if (conflict(known, edit)) return true;
    }
    return false;
  }
}

/** The index of the first edit that starts after an offset, or at it and ends after another. */
function firstAfter(list: readonly TextEdit[], start: number, end: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const edit = list[middle];
    if (edit && (edit.start < start || (edit.start === start && edit.end <= end))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The edits by file, each once, from first to last. */
export function editsByFile(edits: readonly TextEdit[]): Map<string, TextEdit[]> {
  const byFile = new Map<string, TextEdit[]>();
  const seen = new Set<string>();
  for (const edit of edits) {
    const key = `${edit.start} ${edit.end} ${edit.path}\0${edit.newText}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const list = byFile.get(edit.path);
    if (list) list.push(edit);
    else byFile.set(edit.path, [edit]);
  }
  // At one place, what is inserted comes before what is replaced.
  for (const list of byFile.values()) list.sort((a, b) => a.start - b.start || a.end - b.end);
  return byFile;
}

/** A file's text with the edits made; they are in order and do not conflict. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, newText } of edits) {
    result += text.slice(at, start) + newText;
    at = end;
  }
  return result + text.slice(at);
}

/** Insertions at one place become one, in their order. */
export function mergeInsertions(edits: readonly TextEdit[]): TextEdit[] {
  const merged: TextEdit[] = [];
  const byPlace = new Map<string, number>();
  for (const edit of edits) {
    const key = `${edit.start} ${edit.path}`;
    const known = edit.start === edit.end ? byPlace.get(key) : undefined;
    const before = known === undefined ? undefined : merged[known];
    if (known !== undefined && before) merged[known] = { ...before, newText: before.newText + edit.newText };
    else {
      if (edit.start === edit.end) byPlace.set(key, merged.length);
      merged.push(edit);
    }
  }
  return merged;
}

export function insert(path: string, at: number, newText: string): TextEdit {
  return { path, start: at, end: at, newText };
}

export function replace(path: string, { start, end }: Pick<Span, 'start' | 'end'>, newText: string): TextEdit {
  return { path, start, end, newText };
}

/** Removes a stretch and the blanks after it on its line. */
export function removeWithBlanks(path: string, text: string, start: number, end: number): TextEdit {
  const blanks = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  return { path, start, end: end + blanks, newText: '' };
}
