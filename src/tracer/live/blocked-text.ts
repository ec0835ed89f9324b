// How a block of the event loop is told.

/** `blocked the event loop 230 ms`; the longest block where there were several. */
export function blockedText({ count, longestMs }: { count: number; longestMs: number }): string {
  return count === 1 ? `blocked the event loop ${longestMs} ms` : `blocked the event loop up to ${longestMs} ms, ${count}×`;
}
