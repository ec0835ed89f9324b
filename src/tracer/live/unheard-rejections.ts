// Which calls were rejected though nobody listens: the debugger shows what became of a promise without touching it, so
// that the program's own handling of rejections stays as it is.
import type { InspectorSession } from '../inspector/session';
import type { Place } from '../task';
import type { ProcessCalls } from './evaluation';
import type { SitePlaces } from './site-places';

/** A call that was rejected, and nobody has listened to its promise since. */
export interface UnheardRejection {
  name: string;
  /** Where it was called, or the function where that is not known. */
  at?: Place;
  /** Milliseconds since it was rejected. */
  ageMs: number;
  /** The first line of the reason. */
  reason: string;
}

interface Preview {
  properties: { name: string; value?: string }[];
}

const GROUP = 'asyncscope-unheard';
const DROP = "function (name, ...bytes) { this[name]?.parts.get('tasks')?.dropUnheard(bytes); }";
/** The agent keeps no more. */
const MOST = 64;

export class UnheardRejections {
  /** The reasons of those that are known to be rejected, by number. */
  private readonly reasons = new Map<number, string>();

  /** `name`: that of the agent's handle. */
  constructor(
    private readonly session: InspectorSession,
    private readonly calls: ProcessCalls,
    private readonly name: string,
  ) {}

  /** Those of the agent's rows that were rejected. Asks the process only where a row is new. */
  async among(rows: readonly (readonly [number: number, site: number, ageMs: number])[], places: SitePlaces): Promise<UnheardRejection[]> {
    const present = new Set(rows.map(([number]) => number));
    for (const number of this.reasons.keys()) if (!present.has(number)) this.reasons.delete(number);
    if (rows.some(([number]) => !this.reasons.has(number))) await this.ask();
    return rows.flatMap(([number, siteNumber, ageMs]) => {
      const reason = this.reasons.get(number);
      if (reason === undefined) return [];
      const site = places.of(siteNumber);
      const at = site.caller ?? site.place;
      return [{ name: site.name || '(anonymous)', ...(at && { at }), ageMs, reason }];
    });
  }

  private async ask(): Promise<void> {
    try {
      // Since the answer others may have ended, and some may have been listened to.
      const { result } = await this.session.send<{ result: { objectId?: string } }>('Runtime.evaluate', { expression: `globalThis[${JSON.stringify(this.name)}]?.parts.get('tasks')?.unheard()`, objectGroup: GROUP, silent: true });
      if (result.objectId === undefined) return;
      const { result: items } = await this.session.send<{ result: { name: string; value?: { value?: unknown; preview?: Preview } }[] }>('Runtime.getProperties', {
        objectId: result.objectId,
        ownProperties: true,
        generatePreview: true,
      });
      const at = new Map(items.map(({ name, value }) => [name, value]));
      const bytes = new Array<number>(MOST / 8).fill(0);
      for (let index = 0; index < MOST; index++) {
        const number = at.get(String(2 * index))?.value;
        const preview = at.get(String(2 * index + 1))?.preview;
        if (typeof number !== 'number' || !preview) continue;
        const state = stateOf(preview);
        if (state.is === 'rejected') this.reasons.set(number, state.result);
        else if (state.is === 'fulfilled') bytes[index >> 3]! |= 1 << (index & 7);
      }
      if (bytes.some((byte) => byte !== 0)) await this.calls.call(DROP, this.name, ...bytes);
    } finally {
      await this.session.send('Runtime.releaseObjectGroup', { objectGroup: GROUP });
    }
  }
}

function stateOf({ properties }: Preview): { is: string | undefined; result: string } {
  const value = (name: string) => properties.find((property) => property.name === name)?.value;
  return { is: value('[[PromiseState]]'), result: (value('[[PromiseResult]]') ?? '').split('\n')[0]! };
}
