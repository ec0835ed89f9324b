// A recording as a table: a line for each task and each group, quoted as RFC 4180 asks.
import type { Recording } from './recording';
import { SpanText } from './span-text';
import { NONE, SpanKind, SpanState, TaskSpans, waitOrder } from './task-spans';

const COLUMNS = ['task', 'kind', 'name', 'thread', 'state', 'start_ms', 'end_ms', 'duration_ms', 'waiting_ms', 'waits', 'awaiter', 'waits_for', 'file', 'line', 'column', 'await_file', 'await_line', 'await_column', 'note'] as const;

/**
 * The text, line by line. Times are milliseconds since the recording began (`end_ms` is empty for what has not ended);
 * `awaiter` is the number of the task or group that waits for it, `waits_for` what it waits for now, or waited for last.
 */
export function* csv(recording: Recording): Generator<string> {
  const spans = TaskSpans.of(recording);
  const text = new SpanText(recording, spans);
  const { first, waits } = waitOrder(spans);
  yield line(COLUMNS);
  for (let row = 0; row < spans.count; row++) {
    if (spans.state[row] === SpanState.mistake) continue;
    const start = spans.start[row]!;
    const end = Math.min(spans.end[row]!, recording.now);
    let waiting = 0;
    for (let at = first[row]!; at < first[row + 1]!; at++) waiting += Math.min(spans.waits.to[waits[at]!]!, end) - spans.waits.from[waits[at]!]!;
    const place = text.place(row);
    const suspended = text.awaitPlace(row);
    const last = spans.lastWait[row]!;
    yield line([
      spans.number[row]!,
      spans.kind[row] === SpanKind.group ? 'group' : 'task',
      text.name(row),
      recording.threads[spans.thread[row]!] ?? '',
      text.state(row),
      ms(start),
      spans.end[row] === Infinity ? '' : ms(end),
      ms(end - start),
      ms(waiting),
      spans.waitCount[row]!,
      spans.parent[row] === NONE ? '' : spans.number[spans.parent[row]!]!,
      last === NONE ? '' : text.awaited(last),
      place?.file ?? '',
      place?.line ?? '',
      place?.column ?? '',
      suspended?.file ?? '',
      suspended?.line ?? '',
      suspended?.column ?? '',
      text.doubt(row),
    ]);
  }
}

function ms(value: number): string {
  return value.toFixed(3);
}

function line(cells: readonly (string | number)[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
