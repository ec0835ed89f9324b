// Stops the debugger at the moment when one suspended call goes on.
import type { CallInspector, InspectedCall } from '../heap/inspection';
import type { InspectorSession } from '../inspector/session';

interface Location {
  scriptId: string;
  lineNumber: number;
  columnNumber?: number;
}

/** A function with more places to stop at is not covered whole: the call goes on near its await, most likely. */
const MOST_PLACES = 500;

/**
 * V8 has no breakpoint for one call. So there is one at every place of its function, with the condition that it is this
 * call that runs; the first of them that is met is where it goes on. They are taken away then.
 */
export class ResumeBreak {
  /** Resolves when the call has gone on, or the breakpoints were taken away. */
  readonly done: Promise<void>;
  private end!: () => void;
  private readonly stopListening: () => void;
  private removed = false;

  private constructor(
    private readonly session: InspectorSession,
    private readonly ids: ReadonlySet<string>,
  ) {
    this.done = new Promise((resolve) => (this.end = resolve));
    this.stopListening = session.on<{ hitBreakpoints?: string[] }>('Debugger.paused', ({ hitBreakpoints = [] }) => {
      if (hitBreakpoints.some((id) => ids.has(id))) void this.remove();
    });
  }

  /** Rejects with a one-sentence Error where the debugger takes no breakpoint. */
  static async set(session: InspectorSession, inspector: CallInspector, call: InspectedCall, condition: string): Promise<ResumeBreak> {
    const locations = await placesOf(session, inspector, call);
    const set = locations.map((location) =>
      // Two places may come to one, which is refused.
      session.send<{ breakpointId: string }>('Debugger.setBreakpoint', { location, condition }).catch(() => undefined),
    );
    const ids = new Set((await Promise.all(set)).flatMap((known) => known?.breakpointId ?? []));
    if (ids.size === 0) throw new Error('The debugger takes no breakpoint in this function.');
    return new ResumeBreak(session, ids);
  }

  /** Never rejects; may be called again. */
  async remove(): Promise<void> {
    if (this.removed) return;
    this.removed = true;
    this.stopListening();
    await Promise.all([...this.ids].map((breakpointId) => this.session.send('Debugger.removeBreakpoint', { breakpointId }).catch(() => undefined)));
    this.end();
  }
}

/** Every place of the call's function where V8 can stop. */
async function placesOf(session: InspectorSession, inspector: CallInspector, { at, fn }: InspectedCall): Promise<Location[]> {
  if (!at) return [];
  const start = (fn?.objectId === undefined ? undefined : await inspector.functionLocation(fn.objectId)) ?? { scriptId: String(at.scriptId), lineNumber: at.line, columnNumber: at.column };
  const { locations } = await session.send<{ locations: Location[] }>('Debugger.getPossibleBreakpoints', { start, restrictToFunction: true });
  if (locations.length <= MOST_PLACES) return locations;
  const distance = ({ lineNumber }: Location) => Math.abs(lineNumber - at.line);
  return locations.sort((one, other) => distance(one) - distance(other)).slice(0, MOST_PLACES);
}
