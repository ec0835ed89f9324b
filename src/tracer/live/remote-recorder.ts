// The client of the recorder in a thread that has the agent.
import { handleName } from '../../agent/config';
import { PROTOCOL_VERSION } from '../../agent/protocol';
import { parseRecorderData, type DrainRequest, type RecorderData } from '../../agent/recorder-protocol';
import type { InspectorSession } from '../inspector/session';
import { evaluate, startBundle } from './evaluation';

export class RemoteRecorder {
  private constructor(
    private readonly session: InspectorSession,
    private readonly secret: string,
  ) {}

  /** Begins to record in a thread whose agent was given this secret; `recorderPath` is the bundle's file. Rejects with a one-sentence Error. */
  static async start(session: InspectorSession, recorderPath: string, secret: string): Promise<RemoteRecorder> {
    if (!(await startBundle(session, recorderPath, secret))) throw new Error('The process cannot be recorded: there is no agent in it that tracks promises.');
    return new RemoteRecorder(session, secret);
  }

  /** What was recorded since the last time. `sites`: how many of them are known. Rejects with a one-sentence Error. */
  async drain(sites: number): Promise<RecorderData> {
    const request: DrainRequest = { version: PROTOCOL_VERSION, sites };
    return parseRecorderData(await evaluate(this.session, `${this.part}?.drain(${JSON.stringify(JSON.stringify(request))})`));
  }

  /** Ends the recording: the calls cost no more than before. */
  async stop(): Promise<void> {
    await evaluate(this.session, `void ${this.part}?.remove()`);
  }

  private get part(): string {
    return `globalThis[${JSON.stringify(handleName(this.secret))}]?.parts.get('recorder')`;
  }
}
