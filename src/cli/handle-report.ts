// The words for what kept the event loop of a process alive until it was ended.
import { dueText, handleText, madeText, shownHandles } from '../tracer/live/handle-text';
import type { HandleReport, KeepingAlive } from '../tracer/live/handles';
import { ageText, placeMark, plural, positionText, printable } from '../tracer/task-text';

/** The oldest of them are shown. */
const mostGroups = 20;

/** A sentence about the process that `subject` names, then a line for each kind and place; nothing where nothing did. */
export function handleLines(subject: string, report: HandleReport): string[] {
  const shown = shownHandles(report);
  if (shown.length === 0) return [];
  const lines = shown.slice(0, mostGroups).map((group) => printable(groupLine(group)));
  if (shown.length > mostGroups) lines.push(`… and ${plural(shown.length - mostGroups, 'other kind')}`);
  return [`${subject} was kept alive by:`, ...lines, ...report.warnings];
}

/** `Timer every 30.0 s, due in 4.2 s, set at src/poll.ts:12:3 40.1 s ago`. */
function groupLine(group: KeepingAlive): string {
  const { at, atIsExact, within, count, handles } = group;
  const [oldest] = handles;
  const place = at && `at ${placeMark(atIsExact !== false)}${positionText(at)}${within ? ` (by ${positionText(within)})` : ''}`;
  const age = oldest?.ageMs === undefined ? '' : `${ageText(oldest.ageMs)} ago${count > 1 ? ' at most' : ''}`;
  const made = place || age ? [`${madeText(group)} ${[place, age].filter(Boolean).join(' ')}`] : [];
  return [handleText(group), ...(oldest && count === 1 ? [dueText(oldest)] : []), ...made].filter(Boolean).join(', ');
}
