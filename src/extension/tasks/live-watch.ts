// Follows the tasks of a process that runs, by the agent that is put into it. Part of the bundle that holds the tracer.
import path from 'node:path';
import type { InspectorSession } from '../../tracer/inspector/session';
import { LiveAgent } from '../../tracer/live/live-agent';
import { TaskHistory } from '../../tracer/live/task-history';
import { liveWarnings } from '../../tracer/live/warnings';
import type { TaskReport, TaskTarget } from '../../tracer/task';
import type { LiveProbe, LiveView } from './task-source';

export interface WatchableThread {
  readonly id: string;
  readonly name: string;
  readonly session: InspectorSession;
}

export interface WatchOptions {
  readonly threads: readonly WatchableThread[];
  readonly pid: number;
  readonly node: string;
  /** Of the agent that the program was started with, which stays in it. */
  readonly secret: string | undefined;
  /** Called in the end. */
  readonly letGo: () => Promise<void>;
}

interface WatchedThread extends WatchableThread {
  readonly agent: LiveAgent;
  /** We have put it there. */
  readonly installed: boolean;
  readonly history: TaskHistory;
}

/** Warnings are looked for in every so many looks: a circle or a trend does not come and go in half a second. */
const looksBetweenWarnings = 4;

export class LiveWatch implements LiveProbe {
  private looks = 0;
  private warnings: LiveView['warnings'] = [];

  private constructor(
    private threads: WatchedThread[],
    private readonly target: TaskTarget,
    private readonly letGo: () => Promise<void>,
  ) {}

  /** Puts the agent into the threads that have none. Rejects with a one-sentence Error where the main thread does not take it. */
  static async start({ threads, pid, node, secret, letGo }: WatchOptions): Promise<LiveWatch> {
    const watched: WatchedThread[] = [];
    try {
      for (const thread of threads) watched.push({ ...thread, ...(await agentOf(thread, secret)), history: new TaskHistory() });
    } catch (error) {
      if (watched.length === 0) {
        await letGo();
        throw error;
      }
      // A worker thread that has just ended, or is busy.
    }
    return new LiveWatch(watched, { pid, node, source: 'live' }, letGo);
  }

  async poll(): Promise<LiveView> {
    const report: TaskReport = { version: 1, target: this.target, threads: [], warnings: [] };
    for (const thread of [...this.threads]) {
      try {
        const look = await thread.agent.poll();
        thread.history.add(look, performance.now());
        report.threads.push({ id: thread.id, name: thread.name, tasks: look.tasks });
        report.warnings.push(...look.warnings);
      } catch (error) {
        if (thread.id === '0') throw error;
        this.threads = this.threads.filter((each) => each !== thread); // it has ended
      }
    }
    if (this.looks++ % looksBetweenWarnings === 0) this.warnings = this.threads.flatMap(({ history }) => liveWarnings(history));
    return { report, warnings: this.warnings, places: this.threads.flatMap(({ history }) => [...history.places]) };
  }

  async stop(): Promise<void> {
    const installed = this.threads.filter((thread) => thread.installed);
    await Promise.all(installed.map(({ agent }) => agent.remove().catch(() => false))); // gone with its thread
    await this.letGo();
  }
}

async function agentOf({ id, session }: WatchableThread, secret: string | undefined): Promise<Pick<WatchedThread, 'agent' | 'installed'>> {
  const idPrefix = id === '0' ? 't' : `w${id}.t`;
  const known = secret === undefined ? undefined : new LiveAgent(session, secret, idPrefix);
  // A program that was started with it may have started others without.
  const isThere = (await known?.poll().catch(() => undefined))?.counts !== undefined;
  if (known && isThere) return { agent: known, installed: false };
  return { agent: await LiveAgent.install(session, { agentPath: path.join(__dirname, 'agent.js') }, idPrefix), installed: true };
}
