// How a block of the event loop is told.
import { ageText, positionText } from '../task-text';
import type { BlockedSpot } from './blocked-loop';

/** `blocked the event loop 230 ms`; the longest block where there were several. */
export function blockedText({ count, longestMs }: { count: number; longestMs: number }): string {
  return count === 1 ? `blocked the event loop ${longestMs} ms` : `blocked the event loop up to ${longestMs} ms, ${count}×`;
}

/** `blocked the event loop up to 230 ms, 14× (1.2 s in all), in task handle`. */
export function blockedSpotText({ count, longestMs, totalMs, name, task }: BlockedSpot): string {
  const inAll = count === 1 ? '' : ` (${ageText(totalMs)} in all)`;
  return `${blockedText({ count, longestMs })}${inAll}${task && task.name !== name ? `, in task ${task.name}` : ''}`;
}

/** `checksum, in pbkdf2Sync, at src/report.js:5:3`, with `about` before a place that is the likely one. */
export function blockedPlaceText({ at, exact, name, calls }: BlockedSpot): string {
  if (!at) return 'Native code, garbage collection or the start of the program';
  return `${name}${calls ? `, in ${calls}` : ''}, ${exact ? 'at' : 'at about'} ${positionText(at)}`;
}
