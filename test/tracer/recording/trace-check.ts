// Checks a trace as a viewer reads it.
import assert from 'node:assert/strict';

export interface CompleteEvent {
  name: string;
  cat: string;
  tid: number;
  ts: number;
  dur: number;
}

/** Fails where the text is no trace in which the complete events of each thread nest, in the order of their times. */
export function checkTrace(text: string): Record<'tasks' | 'groups' | 'awaits' | 'blocks', CompleteEvent[]> {
  const { traceEvents } = JSON.parse(text) as { traceEvents: (CompleteEvent & { ph: string; pid: number })[] };
  const complete = traceEvents.filter(({ ph }) => ph === 'X');
  const threads = new Map<number, { last: number; open: number[] }>();
  for (const { name, tid, ts, dur } of complete) {
    assert.ok(Number.isInteger(ts) && Number.isInteger(dur) && dur >= 0, `${name}: ${ts} ${dur}`);
    let thread = threads.get(tid);
    if (!thread) threads.set(tid, (thread = { last: -Infinity, open: [] }));
    assert.ok(ts >= thread.last, `${name} comes in the order of time`);
    thread.last = ts;
    while (thread.open.length > 0 && thread.open.at(-1)! <= ts) thread.open.pop();
    assert.ok(thread.open.length === 0 || ts + dur <= thread.open.at(-1)!, `${name} at ${ts} ends within what it began in`);
    thread.open.push(ts + dur);
  }
  const named = new Set(traceEvents.filter(({ ph, name }) => ph === 'M' && name === 'thread_name').map(({ tid }) => tid));
  for (const { tid } of complete) assert.ok(named.has(tid));
  const of = (cat: string) => complete.filter((event) => event.cat === cat);
  return { tasks: of('task'), groups: of('group'), awaits: of('await'), blocks: of('blocked') };
}
