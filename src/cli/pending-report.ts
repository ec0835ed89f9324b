// The words for what was pending when a process or thread ended.
import path from 'node:path';
import { ageText, plural, positionText } from '../tracer/task-text';
import type { LostTask } from '../tracer/live/live-tasks';
import { blockedLines } from './blocked-report';
import { handleLines } from './handle-report';
import { taskTable } from './task-table';
import { outputWidth } from './terminal-width';
import type { EndedThread } from './exit-reports';

/** What a line that belongs to the one above begins with. */
export const indent = '  ';
const mostLost = 10;

/** Nothing where nothing was pending; `several`: the program had more than one process or thread. */
export function pendingLines(ended: EndedThread, several: boolean): string[] {
  const { tasks } = ended.threads[0]!;
  const lines: string[] = [];
  if (tasks.length > 0) {
    lines.push(`${subject(ended, several)} ${ending(ended)} with ${plural(tasks.length, 'task')} pending:`);
    lines.push(...taskTable(tasks, outputWidth() - indent.length).map((line) => indent + line));
  }
  // Where the program ended by itself or went on its own way out, what it held is of no interest.
  if (ended.handles && (ended.reason === 'SIGINT' || ended.reason === 'SIGTERM')) {
    lines.push(...handleLines(subject(ended, several), ended.handles).map((line, index) => (index === 0 ? line : indent + line)));
  }
  if (ended.lostCount > 0) {
    lines.push(`${subject(ended, several)} lost ${plural(ended.lostCount, 'task')}: collected while pending, since nothing could resume ${ended.lostCount === 1 ? 'it' : 'them'} any more.`);
    lines.push(...lostLines(ended.lost));
  }
  if (lines.length > 0) lines.push(...ended.warnings);
  if (ended.blocked) lines.push(...blockedLines(subject(ended, several), ended.blocked).map((line, index) => (index === 0 ? line : indent + line)));
  return lines;
}

function subject({ target, threads, command }: EndedThread, several: boolean): string {
  if (!several) return 'The program';
  const thread = threads[0]!;
  return `${thread.id === '0' ? 'Process' : `Worker thread ${thread.id} of process`} ${target.pid} (${path.basename(command[0] ?? 'node')})`;
}

function ending({ reason, exitCode }: EndedThread): string {
  switch (reason) {
    case 'dry':
      return 'ended, having nothing left to do,';
    case 'exit':
      return `exited (code ${exitCode})`;
    case 'SIGINT':
      return 'was interrupted';
    case 'SIGTERM':
      return 'was terminated';
  }
}

function lostLines(lost: readonly LostTask[]): string[] {
  const counts = new Map<string, { count: number; oldest: number }>();
  for (const { name, at, ageMs } of lost) {
    const text = at ? `${name}  ${positionText(at)}` : name;
    const known = counts.get(text);
    if (!known) counts.set(text, { count: 1, oldest: ageMs });
    else {
      known.count++;
      known.oldest = Math.max(known.oldest, ageMs);
    }
  }
  const kinds = [...counts].sort(([, a], [, b]) => b.count - a.count);
  const lines = kinds.slice(0, mostLost).map(([text, { count, oldest }]) => `${indent}${text}${count > 1 ? ` ×${count}` : ''}, noticed when ${ageText(oldest)} old at most`);
  if (kinds.length > mostLost) lines.push(`${indent}… and ${plural(kinds.length - mostLost, 'other place')}`);
  return lines;
}
