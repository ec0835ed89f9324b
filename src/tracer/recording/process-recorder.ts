// Records what happens to the tasks of a running process, from all its threads.
import { performance } from 'node:perf_hooks';
import type { InspectorSession } from '../inspector/session';
import { RemoteRecorder } from '../live/remote-recorder';
import { EventColumns } from './events';
import { RecordedThread, type RecordingNumbers } from './recorded-thread';
import { Recording, type RecordedProcess, type RecordingBatch } from './recording';

/** A thread that has the agent; the first one is the main thread. */
export interface RecordableThread {
  readonly name: string;
  readonly session: InspectorSession;
  /** Its agent's. */
  readonly secret: string;
}

export interface RecorderStart {
  readonly threads: readonly RecordableThread[];
  readonly process: Omit<RecordedProcess, 'startedAt'>;
  /** The bundle's file, `dist/recorder.js`. */
  readonly recorderPath: string;
}

interface Source extends RecordableThread {
  remote: RemoteRecorder;
  recorded: RecordedThread;
}

export class ProcessRecorder {
  private pausedAt: number | undefined;
  /** When the recording began, on the clock of the process. */
  private origin: number | undefined;
  /** The site that stands for unknown ones is the recording's first. */
  private readonly numbers: RecordingNumbers = { last: 0, sites: 0 };

  private constructor(
    readonly recording: Recording,
    private readonly options: RecorderStart,
    private sources: Source[],
    private told: string[],
    private readonly began: number,
  ) {}

  /** Begins to record. Rejects with a one-sentence Error where the main thread can't be recorded. */
  static async start(options: RecorderStart): Promise<ProcessRecorder> {
    const recording = new Recording({ ...options.process, startedAt: Date.now() });
    const recorder = new ProcessRecorder(recording, options, [], options.threads.map(({ name }) => name), performance.now());
    for (const [index, thread] of options.threads.entries()) {
      try {
        const remote = await recorder.begin(thread);
        recorder.sources.push({ ...thread, remote, recorded: new RecordedThread(index, recorder.numbers) });
      } catch (error) {
        if (index === 0) throw error; // a worker thread may just have ended
      }
    }
    return recorder;
  }

  get isPaused(): boolean {
    return this.pausedAt !== undefined;
  }

  /** Adds what happened since the last time, and gives it. Rejects with a one-sentence Error where the process has ended. */
  async poll(): Promise<RecordingBatch> {
    const batch: RecordingBatch = { now: this.elapsed(), since: 0, threads: this.told, sites: [], names: [], blocks: [], gaps: [], events: new Uint8Array() };
    this.told = [];
    const events = new EventColumns();
    if (!this.isPaused) {
      for (const source of [...this.sources]) {
        const { remote, recorded } = source;
        try {
          const data = await remote.drain(recorded.sites);
          // Our clock and that of the process may differ by any time.
          this.origin ??= data.origin + data.now - this.elapsed();
          const part = await recorded.add(data, this.origin);
          batch.now = Math.max(batch.now, data.origin + data.now - this.origin);
          batch.sites.push(...part.sites);
          batch.names.push(...part.names);
          batch.blocks.push(...part.blocks);
          batch.gaps.push(...part.gaps);
          events.append(part.events);
        } catch (error) {
          if (source === this.sources[0]) throw error;
          this.sources = this.sources.filter((each) => each !== source); // it has ended
        }
      }
    }
    batch.events = events.toBytes();
    return this.keep(batch);
  }

  /** Nothing is written down in the process until it is resumed; gives what was until now. */
  async pause(): Promise<RecordingBatch> {
    const batch = await this.poll();
    this.pausedAt ??= this.elapsed();
    await Promise.all(this.sources.map(({ remote }) => remote.stop()));
    return batch;
  }

  /** Goes on; gives what is to be added for the time between. */
  async resume(): Promise<RecordingBatch> {
    const from = this.pausedAt ?? this.elapsed();
    for (const source of this.sources) source.remote = await this.begin(source);
    this.pausedAt = undefined;
    const to = this.elapsed();
    const batch: RecordingBatch = { now: to, since: 0, threads: [], sites: [], names: [], blocks: [], gaps: [{ from, to, dropped: 0 }], events: new Uint8Array() };
    return this.keep(batch);
  }

  /** Ends it in the process; what was recorded stays. Never rejects. */
  async stop(): Promise<void> {
    await Promise.all(this.sources.map(({ remote }) => remote.stop().catch(() => undefined))); // gone with its thread
  }

  private keep(batch: RecordingBatch): RecordingBatch {
    this.recording.add(batch);
    batch.since = this.recording.since;
    return batch;
  }

  private begin({ session, secret }: RecordableThread): Promise<RemoteRecorder> {
    return RemoteRecorder.start(session, this.options.recorderPath, secret);
  }

  private elapsed(): number {
    return performance.now() - this.began;
  }
}
