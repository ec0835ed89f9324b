// The client of the agent in a process: brings it in, asks it, takes it out. Everything goes over the inspector session.
import path from 'node:path';
import { handleName, type AgentConfig } from '../../agent/config';
import { HANDLES_PART } from '../../agent/handle-protocol';
import { SiteKind } from '../../agent/sites';
import { isCount, parseAnswer, parseTaskChanges, PROTOCOL_VERSION, type PollAnswer, type PollRequest, type TaskCounts } from '../../agent/protocol';
import { parseScripts, SCRIPTS_PART } from '../../agent/script-protocol';
import type { InspectorSession } from '../inspector/session';
import type { Task, TaskId } from '../task';
import { evaluate, ProcessCalls, startBundle } from './evaluation';
import { HandleReader, type HandleReport } from './handles';
import { agentConfig, newSecret } from './launch';
import { liveTasks, lostTasks, starvedPlaces, trackingWarnings, type LostTask, type StarvedPlace } from './live-tasks';
import { SitePlaces } from './site-places';
import { StandingQuestion } from './standing-question';
import { TaskMirror } from './task-mirror';
import { UnheardRejections, type UnheardRejection } from './unheard-rejections';

/** What the agent of one thread says at one moment. */
export interface LiveLook {
  pid: number;
  /** 0 for the main thread. */
  thread: number;
  /** `v24.1.0` */
  node: string;
  /** The oldest first; empty where the agent does not track promises. */
  tasks: Task[];
  /** The newest calls that were collected while pending. */
  lost: LostTask[];
  starved: StarvedPlace[];
  unheard: UnheardRejection[];
  /** Undefined where the agent does not track promises. */
  counts: TaskCounts | undefined;
  warnings: string[];
  /** What keeps the event loop alive; undefined where the agent does not watch that. */
  handles: HandleReport | undefined;
  /** The whole answer, for readers of its other parts. */
  answer: PollAnswer;
}

export interface InstallOptions extends Omit<AgentConfig, 'version' | 'secret'> {
  /** A new one unless given. Where an agent with this secret is there already, that one stays. */
  secret?: string | undefined;
  /** The bundle's file, `dist/agent.js`; that of what keeps the loop alive lies beside it. */
  agentPath: string;
}

/** What asks the agent each time: for what is new since the answer before, and at first since what `request` says. */
const POLL = `function (name, request) {
  const next = JSON.parse(request);
  return () => {
    const agent = this[name];
    const answer = agent?.poll(JSON.stringify(next));
    if (answer === undefined) return;
    next.sites = agent.parts.get('tasks')?.tracker.sites.sites.length ?? 0;
    next.since = Number(/"sequence":(\\d+)/.exec(answer)?.[1] ?? 0);
    return answer;
  };
}`;

export class LiveAgent {
  private readonly places = new SitePlaces();
  private readonly mirror = new TaskMirror();
  private readonly handles = new HandleReader(this.places);
  private readonly question: StandingQuestion;
  /** The end of the poll before: each answer follows the one before it. */
  private last: Promise<unknown> = Promise.resolve();
  private readonly unheard: UnheardRejections;

  /** For an agent that the process was started with. `idPrefix`: what task ids begin with; different for each thread of a report. */
  constructor(
    private readonly session: InspectorSession,
    readonly secret: string,
    private readonly idPrefix = 't',
  ) {
    this.question = new StandingQuestion(session, POLL, () => [handleName(secret), JSON.stringify(this.request)]);
    this.unheard = new UnheardRejections(session, new ProcessCalls(session), handleName(secret));
  }

  /**
   * Puts the agent into a process that runs. Calls that began before are seen once they have been continued; their age
   * is a minimum then. Rejects with a one-sentence Error where the process does not take it.
   */
  static async install(session: InspectorSession, { agentPath, secret = newSecret(), ...options }: InstallOptions, idPrefix = 't'): Promise<LiveAgent> {
    const config = JSON.stringify(agentConfig({ secret, ...options }));
    if (!(await startBundle(session, agentPath, config))) throw new Error('The process did not take the agent.');
    if (options.track !== false) await startBundle(session, path.join(path.dirname(agentPath), 'handles.js'), secret);
    return new LiveAgent(session, secret, idPrefix);
  }

  /** One question, one answer. Rejects with a one-sentence Error where there is no agent, or its answer can't be read. */
  poll(): Promise<LiveLook> {
    const look = this.last.then(() => this.look());
    this.last = look.catch(() => this.leave()); // what it had told is not known here
    return look;
  }

  private async look(): Promise<LiveLook> {
    const answer = parseAnswer(await this.question.ask());
    const { pid, thread, node, parts } = answer;
    const look: LiveLook = { pid, thread, node, tasks: [], lost: [], starved: [], unheard: [], counts: undefined, warnings: [], handles: undefined, answer };
    this.places.addScripts(parseScripts(parts[SCRIPTS_PART]));
    if (parts[HANDLES_PART] !== undefined) look.handles = await this.handles.read(parts[HANDLES_PART]);
    if (parts['tasks'] === undefined) return look;
    const data = this.mirror.apply(parseTaskChanges(parts['tasks']));
    await this.places.add(data.firstSite, data.sites);
    return {
      ...look,
      tasks: liveTasks(data, this.places, this.idPrefix),
      lost: lostTasks(data, this.places),
      starved: starvedPlaces(data, this.places),
      unheard: await this.unheard.among(data.unheard, this.places),
      counts: data.counts,
      warnings: trackingWarnings(data),
    };
  }

  /** The pending calls by what their promises are stamped with in the heap. Rejects with a one-sentence Error. */
  async stamps(): Promise<Map<number, TaskId>> {
    // The agent itself has no use for it, and must be small.
    const told = await evaluate(
      this.session,
      `(({ table, sites }) => {
        const told = [];
        for (let slot = 0; slot < table.used; slot++) {
          const isCall = table.flags(slot) !== 0 && [${SiteKind.call}, ${SiteKind.next}].includes(sites.kind(table.site(slot)));
          if (isCall) told.push(table.stamp(slot), table.id(slot));
        }
        return told;
      })(${this.handle}.parts.get('tasks').tracker)`,
    );
    if (!Array.isArray(told) || told.length % 2 !== 0 || !told.every(isCount)) throw new Error('The agent in the process does not tell which call is which.');
    const stamps = new Map<number, TaskId>();
    for (let index = 0; index < told.length; index += 2) stamps.set(told[index]!, `${this.idPrefix}${told[index + 1]}`);
    return stamps;
  }

  /** An expression that is true in the process only while that call runs; it takes a microsecond. */
  isRunning(id: TaskId): string {
    return `${this.handle}?.parts.get('tasks')?.running()?.id === ${Number(id.slice(this.idPrefix.length))}`;
  }

  /** Takes the agent out of the process, which then is as it was. False where it was out already. */
  async remove(): Promise<boolean> {
    await this.leave();
    return (await evaluate(this.session, `${this.handle}?.remove() ?? false`)) === true;
  }

  /** Asks no more; the agent stays. Never rejects. */
  leave(): Promise<void> {
    return this.question.end();
  }

  private get request(): PollRequest {
    return { version: PROTOCOL_VERSION, sites: this.places.count, since: this.mirror.sequence };
  }

  private get handle(): string {
    return `globalThis[${JSON.stringify(handleName(this.secret))}]`;
  }
}
