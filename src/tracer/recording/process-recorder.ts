// Records what happens to the tasks of a running process, from all its threads.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecorderData } from '../../agent/recorder-protocol';
import type { InspectorSession } from '../inspector/session';
import { CompiledTexts } from '../live/compiled-texts';
import { RemoteRecorder } from '../live/remote-recorder';
import { EventColumns } from './events';
import { RecordedThread, type RecordingNumbers } from './recorded-thread';
import { Recording, type RecordedProcess, type RecordingBatch } from './recording';

/** A thread that has the agent, of the recorded process or of one that it started. */
export interface RecordableThread {
  /** What its lanes are called. */
  readonly name: string;
  readonly session: InspectorSession;
  /** Its agent's. */
  readonly secret: string;
}

export interface RecorderStart {
  /** The first one is the main thread. */
  readonly threads: readonly RecordableThread[];
  readonly process: Omit<RecordedProcess, 'startedAt'>;
  /** The bundle's file, `dist/recorder.js`. */
  readonly recorderPath: string;
}

interface Source extends RecordableThread {
  remote: RemoteRecorder;
  compiled: CompiledTexts;
  recorded: RecordedThread;
  hasEnded: boolean;
  /** What was asked and is not answered. */
  asked?: Promise<void> | undefined;
  answer?: RecorderData | undefined;
}

/** A thread's index is kept in one byte; those beyond are not recorded. */
const MOST_THREADS = 256;
/** A thread in a native call (`Atomics.wait`, say) answers when that is over: so long it is waited for, then the others go on without. */
const PATIENCE_MS = 200;

export class ProcessRecorder {
  private pausedAt: number | undefined;
  /** When the recording began, on the clock of the process. */
  private origin: number | undefined;
  /** The site that stands for unknown ones is the recording's first. */
  private readonly numbers: RecordingNumbers = { last: 0, sites: 0 };
  private sources: Source[] = [];
  /** How many threads have been recorded, those that have ended among them. */
  private threads = 0;
  /** Names of threads that no batch has told yet. */
  private untold: string[] = [];
  private isStopped = false;

  private constructor(
    readonly recording: Recording,
    private readonly recorderPath: string,
    private readonly began: number,
  ) {}

  /** Begins to record. Rejects with a one-sentence Error where the main thread can't be recorded. */
  static async start({ threads, process, recorderPath }: RecorderStart): Promise<ProcessRecorder> {
    const recorder = new ProcessRecorder(new Recording({ ...process, startedAt: Date.now() }), recorderPath, performance.now());
    const [main, ...others] = threads;
    if (main) await recorder.add(main);
    await settled(others.map((thread) => recorder.add(thread)));
    return recorder;
  }

  /**
   * Records one more thread from now on, as long as there is room. Rejects with a one-sentence Error where that can't be
   * done; the others are recorded all the same.
   */
  async add(thread: RecordableThread): Promise<void> {
    const from = this.elapsed();
    if (this.isStopped || this.threads >= MOST_THREADS) return;
    const remote = await this.begin(thread);
    // What is paused or over meanwhile is so in this thread, too.
    if (this.isStopped || this.isPaused) await remote.stop();
    if (this.isStopped) return;
    this.untold.push(thread.name);
    const source: Source = { ...thread, remote, compiled: new CompiledTexts(thread.session, thread.secret), recorded: new RecordedThread(this.threads++, this.numbers, from), hasEnded: false };
    this.sources.push(source);
    void thread.session.closed.then(() => (source.hasEnded = true));
  }

  get isPaused(): boolean {
    return this.pausedAt !== undefined;
  }

  /** Adds what happened since the last time, and gives it. Rejects with a one-sentence Error where the process has ended. */
  async poll(): Promise<RecordingBatch> {
    const batch: RecordingBatch = { now: this.elapsed(), since: 0, threads: this.untold, sites: [], names: [], blocks: [], gaps: [], events: new Uint8Array() };
    this.untold = [];
    const events = new EventColumns();
    if (!this.isPaused) {
      await this.ask();
      for (const source of this.sources) {
        const { answer: data, recorded } = source;
        source.answer = undefined;
        if (!data) continue;
        // Our clock and that of the process may differ by any time.
        this.origin ??= data.origin + data.now - this.elapsed();
        recorded.addScripts(await source.compiled.of(filesOf(data)));
        const part = await recorded.add(data, this.origin);
        batch.now = Math.max(batch.now, data.origin + data.now - this.origin);
        batch.sites.push(...part.sites);
        batch.names.push(...part.names);
        batch.blocks.push(...part.blocks);
        batch.gaps.push(...part.gaps);
        events.append(part.events);
      }
    }
    batch.events = events.toBytes();
    return this.keep(batch);
  }

  /** Asks all threads at once; the main thread is waited for, the others not for long. Rejects where the main thread has ended. */
  private async ask(): Promise<void> {
    const [main, ...others] = this.sources;
    if (!main) return;
    for (const source of others) {
      if (source.answer) continue; // it came too late for the last time
      source.asked ??= source.remote.drain(source.recorded.sites).then(
        (data) => {
          source.answer = data;
          source.asked = undefined;
        },
        () => (source.asked = undefined), // it has ended, or takes its time
      );
    }
    main.answer = await main.remote.drain(main.recorded.sites);
    await settled(others.flatMap(({ asked }) => asked ?? []));
    this.sources = this.sources.filter((source) => source === main || source.answer || !source.hasEnded);
  }

  /** Nothing is written down in the process until it is resumed; gives what was until now. */
  async pause(): Promise<RecordingBatch> {
    const batch = await this.poll();
    this.pausedAt ??= this.elapsed();
    await this.stopAll();
    return batch;
  }

  /** Goes on; gives what is to be added for the time between. */
  async resume(): Promise<RecordingBatch> {
    const from = this.pausedAt ?? this.elapsed();
    const [main, ...others] = this.sources;
    if (main) main.remote = await this.begin(main);
    await settled(others.map(async (source) => (source.remote = await this.begin(source))));
    this.pausedAt = undefined;
    const to = this.elapsed();
    const batch: RecordingBatch = { now: to, since: 0, threads: [], sites: [], names: [], blocks: [], gaps: [{ from, to, dropped: 0 }], events: new Uint8Array() };
    return this.keep(batch);
  }

  /** Ends it in the process; what was recorded stays. Never rejects. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.stopAll();
  }

  private async stopAll(): Promise<void> {
    const [main, ...others] = this.sources.map(({ remote }) => remote.stop().catch(() => undefined)); // gone with its thread
    await main;
    await settled(others);
  }

  private keep(batch: RecordingBatch): RecordingBatch {
    this.recording.add(batch);
    batch.since = this.recording.since;
    return batch;
  }

  private begin({ session, secret }: RecordableThread): Promise<RemoteRecorder> {
    return RemoteRecorder.start(session, this.recorderPath, secret);
  }

  private elapsed(): number {
    return performance.now() - this.began;
  }
}

/** Those of the places that are told. */
function filesOf({ sites, blocks }: RecorderData): string[] {
  const ofSites = sites.flatMap(([, , file, , , , , , callerFile]) => [file, callerFile]);
  return [...ofSites, ...blocks.flatMap(({ frames }) => frames.map(({ url }) => url))];
}

/** Resolves when all have an end, good or bad, or after a while. */
async function settled(all: readonly Promise<unknown>[]): Promise<void> {
  if (all.length === 0) return;
  const patience = new AbortController();
  await Promise.race([Promise.allSettled(all), delay(PATIENCE_MS, undefined, { signal: patience.signal })]);
  patience.abort();
}
