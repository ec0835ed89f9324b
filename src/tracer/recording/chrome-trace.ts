// A recording in the Trace Event Format that Perfetto and chrome://tracing open. Complete events ("X") of one thread must
// nest, so each lane of the timeline is a thread of its own there; a task's waits are nested in it.
import { layOut } from './lanes';
import type { Recording } from './recording';
import { SpanText } from './span-text';
import { NONE, SpanKind, TaskSpans, waitOrder } from './task-spans';

/** Threads of the trace that are lanes; those below are the event loops. */
const FIRST_LANE = 1000;

interface TraceEvent {
  name: string;
  ph: 'X' | 'M' | 'i';
  pid: number;
  tid: number;
  cat?: string;
  /** Microseconds. */
  ts?: number;
  dur?: number;
  s?: 'p';
  args?: Record<string, unknown>;
}

/** The JSON text, piece by piece: it can be longer than one string may be. Times count from the recording's beginning. */
export function* chromeTrace(recording: Recording): Generator<string> {
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify({ ...recording.process, forgottenEvents: recording.forgotten })},"traceEvents":[\n`;
  let separator = '';
  for (const event of events(recording)) {
    yield separator + JSON.stringify(event);
    separator = ',\n';
  }
  yield '\n]}\n';
}

function* events(recording: Recording): Generator<TraceEvent> {
  const { pid, label, node } = recording.process;
  const spans = TaskSpans.of(recording);
  const lanes = layOut(spans, recording.now, recording.threads.length);
  const text = new SpanText(recording, spans);
  const order = waitOrder(spans);
  yield { name: 'process_name', ph: 'M', pid, tid: 0, args: { name: `${label} (Node ${node})` } };
  for (const [thread, name] of recording.threads.entries()) yield* named(pid, thread, `event loop of ${name}`, thread);
  for (let lane = 0; lane < lanes.count; lane++) {
    const thread = lanes.threads.findLastIndex((first) => first <= lane);
    yield* named(pid, FIRST_LANE + lane, `tasks ${lane - lanes.threads[thread]! + 1} of ${recording.threads[thread] ?? 'main thread'}`, FIRST_LANE + lane);
  }
  for (const { thread, from, ms, name, at } of [...recording.blocks].sort((one, other) => one.from - other.from)) {
    yield { name: name ? `blocked by ${name}` : 'blocked', cat: 'blocked', ph: 'X', pid, tid: thread, ...extent(from, from + ms), ...(at && { args: { at } }) };
  }
  for (const { from, to, dropped } of recording.gaps) {
    yield { name: dropped > 0 ? `${dropped} events lost` : 'not recorded', cat: 'gap', ph: 'i', s: 'p', pid, tid: 0, ts: microseconds(from), args: { dropped, untilMs: to } };
  }
  for (const row of lanes.order) {
    const tid = FIRST_LANE + lanes.lane[row]!;
    const end = Math.min(spans.end[row]!, recording.now);
    const place = text.place(row);
    const caller = text.caller(row);
    const task = spans.number[row]!;
    const awaiter = spans.parent[row] === NONE ? undefined : spans.number[spans.parent[row]!];
    const args = { task, state: text.state(row), ...(awaiter !== undefined && { awaiter }), ...(place && { place }), ...(caller && { caller }) };
    const cat = spans.kind[row] === SpanKind.group ? 'group' : 'task';
    yield { name: text.name(row), cat, ph: 'X', pid, tid, ...extent(spans.start[row]!, end), args };
    for (let at = order.first[row]!; at < order.first[row + 1]!; at++) {
      const wait = order.waits[at]!;
      const where = text.site(spans.waits.site[wait]!).place;
      const until = Math.min(spans.waits.to[wait]!, end);
      yield { name: `await ${text.awaited(wait)}`, cat: 'await', ph: 'X', pid, tid, ...extent(spans.waits.from[wait]!, until), ...(where && { args: { place: where } }) };
    }
  }
}

function* named(pid: number, tid: number, name: string, sortIndex: number): Generator<TraceEvent> {
  yield { name: 'thread_name', ph: 'M', pid, tid, args: { name } };
  yield { name: 'thread_sort_index', ph: 'M', pid, tid, args: { sort_index: sortIndex } };
}

/** Both ends rounded, so that what nests or follows does so afterwards, too. */
function extent(from: number, to: number): { ts: number; dur: number } {
  const ts = microseconds(from);
  return { ts, dur: Math.max(0, microseconds(to) - ts) };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
