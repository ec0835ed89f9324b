// The words for what blocked the event loop of a process.
import type { BlockedReport, BlockedSpot } from '../tracer/live/blocked-loop';
import { plural, positionText } from '../tracer/task-text';

/** The worst of them are shown. */
const mostSpots = 10;

/** A sentence about the process that `subject` names, then a line for each place; nothing where the loop was not blocked. */
export function blockedLines(subject: string, { spots, dropped, goingOn }: BlockedReport): string[] {
  const lines: string[] = [];
  const count = spots.reduce((sum, spot) => sum + spot.count, dropped);
  if (count > 0) {
    const longest = Math.max(0, ...spots.map((spot) => spot.longestMs));
    lines.push(`${subject} blocked its event loop ${count === 1 ? `for ${longest} ms` : `${count} times, for up to ${longest} ms`}:`);
    lines.push(...spots.slice(0, mostSpots).map(spotLine));
    if (spots.length > mostSpots) lines.push(`… and ${plural(spots.length - mostSpots, 'other place')}`);
  }
  if (goingOn) lines.push(`${lines.length === 0 ? `${subject} blocked its event loop when it ended:` : 'When it ended:'}`, spotLine(goingOn));
  return lines;
}

/** `230 ms  14×  src/report.ts:10:3  report, in readFileSync  in task handle`. */
function spotLine({ at, exact, name, calls, task, count, longestMs }: BlockedSpot): string {
  const columns = [`${longestMs} ms`.padStart(8), `${count}×`.padStart(4)];
  if (!at) return [...columns, 'no JavaScript was met: native code, garbage collection or the start of the program'].join('  ');
  const inTask = task && task.name !== name ? [`in task ${task.name}`] : [];
  return [...columns, `${exact ? '' : 'about '}${positionText(at)}`, calls ? `${name}, in ${calls}` : name, ...inTask].join('  ');
}
