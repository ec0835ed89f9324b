// The client of the recorder in a thread that has the agent.
import { handleName } from '../../agent/config';
import { PROTOCOL_VERSION } from '../../agent/protocol';
import { parseRecorderData, type DrainRequest, type RecorderData } from '../../agent/recorder-protocol';
import type { InspectorSession } from '../inspector/session';
import { ProcessCalls, startBundle } from './evaluation';

const DRAIN = "function (name, request) { return this[name]?.parts.get('recorder')?.drain(request); }";
const STOP = "function (name) { this[name]?.parts.get('recorder')?.remove(); }";

/** The agent's own work is over in some microseconds, unless a debugger has stopped the process in the middle of it. */
const MOST_QUESTIONS = 50;

export class RemoteRecorder {
  private readonly calls: ProcessCalls;

  private constructor(
    session: InspectorSession,
    private readonly secret: string,
  ) {
    this.calls = new ProcessCalls(session);
  }

  /** Begins to record in a thread whose agent was given this secret; `recorderPath` is the bundle's file. Rejects with a one-sentence Error. */
  static async start(session: InspectorSession, recorderPath: string, secret: string): Promise<RemoteRecorder> {
    if (!(await startBundle(session, recorderPath, secret))) throw new Error('The process cannot be recorded: there is no agent in it that tracks promises.');
    return new RemoteRecorder(session, secret);
  }

  /** What was recorded since the last time. `sites`: how many of them are known. Rejects with a one-sentence Error. */
  async drain(sites: number): Promise<RecorderData> {
    const request: DrainRequest = { version: PROTOCOL_VERSION, sites };
    for (let questions = 1; ; questions++) {
      const data = parseRecorderData(await this.calls.call(DRAIN, handleName(this.secret), JSON.stringify(request)));
      if (!data.again || questions === MOST_QUESTIONS) return data;
    }
  }

  /** Ends the recording: the calls cost no more than before. */
  async stop(): Promise<void> {
    await this.calls.call(STOP, handleName(this.secret));
  }
}
