// The words for a task of a recording. Runs in the page as well as in Node.
import { AwaitsCode, TaskMark } from '../../agent/protocol';
import type { Place } from '../task';
import { CUT } from './events';
import type { RecordedSite, RecordingFacts } from './recording';
import { NONE, SpanKind, SpanState, type TaskSpans } from './task-spans';

const NOWHERE: RecordedSite = { name: '', kind: 0, builtin: '' };
/** The agent's kind of a site where a generator is asked for its next value: the asking function's, not its own. */
const NEXT = 7;

/** Names tasks, their waits and their places. */
export class SpanText {
  constructor(
    private readonly recording: RecordingFacts,
    private readonly spans: TaskSpans,
  ) {}

  /** `fetchUser`, `Promise.all (5)`, with the name that the program gave. */
  name(row: number): string {
    const { spans } = this;
    const site = this.site(spans.site[row]!);
    if (spans.kind[row] === SpanKind.group) return `Promise.${site.builtin || 'all'} (${spans.total(row)})`;
    const own = site.kind === NEXT ? this.waitingSite(row) : site;
    const name = own.name || '(anonymous)';
    const label = this.recording.names.get(spans.number[row]!);
    return label === undefined ? name : `${name} “${label}”`;
  }

  /** Where its function is. */
  place(row: number): Place | undefined {
    const site = this.site(this.spans.site[row]!);
    return site.kind === NEXT ? this.waitingSite(row).place : site.place;
  }

  /** Where its function was called. */
  caller(row: number): Place | undefined {
    return this.site(this.spans.site[row]!).caller;
  }

  /** Where it waits, or waited last. */
  awaitPlace(row: number): Place | undefined {
    const wait = this.spans.lastWait[row]!;
    return wait === NONE ? undefined : this.site(this.spans.waits.site[wait]!).place;
  }

  /** Where a click on it leads: to its await, or its function. */
  destination(row: number): Place | undefined {
    return this.spans.kind[row] === SpanKind.group ? this.place(row) : (this.awaitPlace(row) ?? this.place(row));
  }

  /** What a wait is for. */
  awaited(wait: number): string {
    const { waits } = this.spans;
    const ref = waits.ref[wait]!;
    switch (waits.code[wait]) {
      case AwaitsCode.task:
      case AwaitsCode.group: {
        const row = this.spans.row(ref);
        return row === NONE ? 'another task' : this.name(row);
      }
      case AwaitsCode.made:
        return this.made(this.site(ref));
      default:
        return 'a promise';
    }
  }

  /** How it stands at the end of the recording. */
  state(row: number): string {
    return STATES[this.spans.state[row]!] ?? '';
  }

  /** What is not certain about it; empty for nothing. */
  doubt(row: number): string {
    const mark = this.spans.mark[row]!;
    if (mark & TaskMark.older) return 'began before it was watched';
    if (mark & CUT) return `what it did before ${timeText(this.recording.since)} is not kept`;
    return mark & TaskMark.unsure ? 'its function is likely, not certain' : '';
  }

  site(site: number): RecordedSite {
    return this.recording.sites[site] ?? NOWHERE;
  }

  private waitingSite(row: number): RecordedSite {
    const wait = this.spans.lastWait[row]!;
    return wait === NONE ? NOWHERE : this.site(this.spans.waits.site[wait]!);
  }

  private made({ name, place }: RecordedSite): string {
    if (!place) return 'a promise';
    if (place.file.startsWith('node:')) return name || 'Node';
    return `a promise${name ? ` of ${name}` : ''} (${fileName(place.file)}:${place.line})`;
  }
}

const STATES: Record<number, string> = {
  [SpanState.waiting]: 'waiting',
  [SpanState.running]: 'running',
  [SpanState.ended]: 'ended',
  [SpanState.lost]: 'lost: it was collected while it waited',
  [SpanState.vanished]: 'ended while nothing was recorded',
};

export function fileName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

/** `850 µs`, `12.3 ms`, `4.20 s`, `3 min 5 s`. */
export function timeText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
