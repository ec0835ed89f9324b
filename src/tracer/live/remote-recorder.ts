// The client of the recorder in a thread that has the agent.
import { handleName } from '../../agent/config';
import { PROTOCOL_VERSION } from '../../agent/protocol';
import { parseRecorderData, type RecorderData } from '../../agent/recorder-protocol';
import type { InspectorSession } from '../inspector/session';
import { ProcessCalls, startBundle } from './evaluation';
import { StandingQuestion } from './standing-question';

/** All answers have the sites that are new since the one before, and the first those from the number `sites` on. */
const DRAIN = `function (name, version, sites) {
  return () => {
    const parts = this[name]?.parts;
    const answer = parts?.get('recorder')?.drain(JSON.stringify({ version, sites }));
    sites = parts?.get('tasks')?.tracker.sites.sites.length ?? 0;
    return answer;
  };
}`;
const STOP = "function (name) { this[name]?.parts.get('recorder')?.remove(); }";

/** The agent's own work is over in some microseconds, unless a debugger has stopped the process in the middle of it. */
const MOST_QUESTIONS = 50;

export class RemoteRecorder {
  private readonly question: StandingQuestion;
  /** From which site on the next answer has them. */
  private nextSite: number | undefined;
  private firstSite = 0;

  private constructor(
    private readonly session: InspectorSession,
    private readonly secret: string,
  ) {
    this.question = new StandingQuestion(session, DRAIN, () => [handleName(secret), PROTOCOL_VERSION, this.firstSite]);
  }

  /** Begins to record in a thread whose agent was given this secret; `recorderPath` is the bundle's file. Rejects with a one-sentence Error. */
  static async start(session: InspectorSession, recorderPath: string, secret: string): Promise<RemoteRecorder> {
    if (!(await startBundle(session, recorderPath, secret))) throw new Error('The process cannot be recorded: there is no agent in it that tracks promises.');
    return new RemoteRecorder(session, secret);
  }

  /** What was recorded since the last time. `sites`: how many of them are known. Rejects with a one-sentence Error. */
  async drain(sites: number): Promise<RecorderData> {
    for (let questions = 1; ; questions++) {
      if (sites !== this.nextSite) this.question.forget();
      this.firstSite = sites;
      this.nextSite = undefined;
      const data = parseRecorderData(await this.question.ask());
      this.nextSite = data.firstSite + data.sites.length;
      if (!data.again || questions === MOST_QUESTIONS) return data;
    }
  }

  /** Ends the recording: the calls cost no more than before. */
  async stop(): Promise<void> {
    await this.question.end();
    await new ProcessCalls(this.session).call(STOP, handleName(this.secret));
  }
}
