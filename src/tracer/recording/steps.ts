// The steps of calls as the recorder in the process sends them.
import { codeOf, LAST_STEP, NUMBERS_PER_STEP, siteOf, Step, stepOf, type RecorderData } from '../../agent/recorder-protocol';

export interface CallStep {
  step: number;
  /** Milliseconds since tracking began. */
  at: number;
  /** The call's number in its thread; a combinator's for `member` and `group`. */
  id: number;
  site: number;
  code: number;
  ref: number;
}

const BYTES = NUMBERS_PER_STEP * 4;

/** Calls `visit` with each step, in the order in which they happened; the object is the same each time. Throws a one-sentence Error. */
export function readSteps({ steps, now }: Pick<RecorderData, 'steps' | 'now'>, visit: (step: Readonly<CallStep>) => void): void {
  const microseconds = now * 1000;
  const current: CallStep = { step: 0, at: 0, id: 0, site: 0, code: 0, ref: 0 };
  for (const part of steps) {
    const bytes = Buffer.from(part, 'base64');
    if (bytes.length % BYTES !== 0) throw new Error('The recorder’s steps are damaged.');
    for (let at = 0; at < bytes.length; at += BYTES) {
      const packed = bytes.readUInt32LE(at);
      current.step = stepOf(packed);
      current.code = codeOf(packed);
      current.site = siteOf(packed);
      if (current.step < Step.begin || current.step > LAST_STEP) throw new Error('The recorder’s steps are damaged.');
      // Only the time's low bits are told; it is never later than now.
      current.at = (microseconds - ((microseconds - bytes.readUInt32LE(at + 4)) >>> 0)) / 1000;
      current.id = bytes.readUInt32LE(at + 8);
      current.ref = bytes.readUInt32LE(at + 12);
      visit(current);
    }
  }
}
