// Writes down what happens to each call, while somebody looks at the timeline. A bundle of its own, which the client
// evaluates beside the agent, or which is preloaded after it to record a whole run; it hears of the calls as the
// tracker's listener.
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { watchdogName, type BlockedFrame } from './blocked-loop';
import type { CallListener } from './call-listener';
import { CONFIG_VARIABLE, handleName, parseConfig } from './config';
import type { AgentHandle } from './install';
import type { AgentPart } from './part';
import { isCall } from './promise-table';
import type { PromiseTracker } from './promise-tracker';
import { AwaitsCode, PROTOCOL_VERSION, TaskMark, type PollError, type PollRequest, type TaskData } from './protocol';
import { MOST_BLOCKS, MOST_NAMES, NUMBERS_PER_STEP, packStep, parseDrainRequest, Step, type RecordedBlock, type RecorderData } from './recorder-protocol';
import { SiteKind, siteRow } from './sites';
import { Flag } from './slot';
import type { TaskPart } from './track';
import type { WatchdogHandle } from './watchdog';

/** Steps that are kept until the client asks: two megabytes. */
const CAPACITY = 1 << 17;
/** The same where nobody asks before the end: sixteen. */
const WHOLE_RUN_CAPACITY = 1 << 20;
/** A client that has not asked for so long is gone: then nothing is recorded any more. */
const PATIENCE_MS = 30_000;
/** A promise behind so many `.then`s is not followed further. */
const LONGEST_CHAIN = 100;
const PART = 'recorder';

/** What the client finds in the agent's parts. */
export interface RecorderPart extends AgentPart {
  /** Takes a DrainRequest and gives RecorderData or PollError, as JSON. Never throws. */
  drain(request: unknown): string;
}

class Recorder implements CallListener, RecorderPart {
  private readonly ring: Uint32Array<ArrayBuffer>;
  private readonly capacity: number;
  /** Steps since the beginning. */
  private written = 0;
  private drained = 0;
  private drainedAt = 0;
  private names: [number, string][] = [];
  private blocks: RecordedBlock[] = [];
  /** The client needs to hear what is pending. */
  private isNew = true;
  // What a promise comes to for who waits for it.
  private code = 0;
  private ref = 0;

  constructor(
    private readonly tracker: PromiseTracker,
    private readonly list: TaskPart,
    private readonly watchdog: WatchdogHandle | undefined,
    private readonly letGo: () => void,
    /** No client comes: everything is told in the agent's last answer. */
    private readonly wholeRun: boolean,
  ) {
    this.capacity = wholeRun ? WHOLE_RUN_CAPACITY : CAPACITY;
    this.ring = new Uint32Array(this.capacity * NUMBERS_PER_STEP);
    this.listen();
  }

  /** A client asks for the steps itself, since each is told only once; who wants the agent's whole answer gets those of the whole run. */
  poll({ sites }: PollRequest): RecorderData | undefined {
    return this.wholeRun && sites === 0 ? this.take(0) : undefined;
  }

  drain(request: unknown): string {
    try {
      const { sites } = parseDrainRequest(request);
      this.listen();
      return JSON.stringify(this.isDisturbed() ? this.answer(sites, { again: true }) : this.take(sites));
    } catch (error) {
      const refusal: PollError = { version: PROTOCOL_VERSION, error: error instanceof Error ? error.message : 'it failed' };
      return JSON.stringify(refusal);
    }
  }

  remove(): void {
    this.hush();
    this.letGo();
  }

  onBegin(slot: number): void {
    const { table, sites } = this.tracker;
    const site = table.site(slot);
    if (sites.isInternal(site)) return;
    this.write(packStep(Step.begin, site, table.flags(slot) & Flag.unsure ? TaskMark.unsure : 0), table.id(slot), 0);
  }

  onSuspend(slot: number): void {
    if (!this.isTask(slot)) return;
    const { table, sites } = this.tracker;
    this.follow(table.parent(slot), table.parentId(slot));
    if (sites.isInternal(table.extra(slot))) return;
    this.write(packStep(Step.suspend, table.extra(slot), this.code), table.id(slot), this.ref);
  }

  onResume(slot: number): void {
    if (this.isTask(slot)) this.write(packStep(Step.resume, 0, 0), this.tracker.table.id(slot), 0);
  }

  onEnd(slot: number): void {
    if (this.isTask(slot)) this.write(packStep(Step.end, 0, 0), this.tracker.table.id(slot), 0);
  }

  onLost(slot: number): void {
    if (this.isTask(slot)) this.write(packStep(Step.lost, 0, 0), this.tracker.table.id(slot), 0);
  }

  onMistake(slot: number): void {
    this.write(packStep(Step.mistake, 0, 0), this.tracker.table.id(slot), 0);
  }

  onOrphan(slot: number, continued: number): void {
    if (!this.isTask(slot)) return;
    const { table } = this.tracker;
    this.write(packStep(Step.orphan, table.site(slot), 0), table.id(slot), continued);
    this.onSuspend(slot);
  }

  onMember(slot: number): void {
    const { table } = this.tracker;
    this.follow(table.parent(slot), table.parentId(slot));
    this.write(packStep(Step.member, 0, this.code), table.id(table.extra(slot)), this.ref);
  }

  onName(id: number, name: string): void {
    if (this.names.length >= MOST_NAMES) this.names.shift();
    this.names.push([id, name]);
  }

  private listen(): void {
    if (this.tracker.listener === this) return;
    this.tracker.listener = this;
    this.isNew = true;
    this.drained = this.written;
    this.drainedAt = this.tracker.elapsed();
    if (this.watchdog) this.watchdog.onBlock = (at, ms, frames) => this.keepBlock(at, ms, frames);
  }

  private hush(): void {
    if (this.tracker.listener === this) this.tracker.listener = undefined;
    if (this.watchdog) delete this.watchdog.onBlock;
  }

  private keepBlock(at: number, ms: number, frames: readonly BlockedFrame[]): void {
    if (this.blocks.length >= MOST_BLOCKS) this.blocks.shift();
    this.blocks.push({ at, ms, frames: [...frames] });
  }

  private take(sites: number): RecorderData {
    const pending = this.owesTasks() ? this.pending() : undefined;
    const { written, ring, capacity } = this;
    const dropped = Math.max(0, written - this.drained - capacity);
    const from = Math.max(this.drained, written - capacity) % capacity;
    const count = Math.min(written - this.drained, capacity);
    const first = Math.min(count, capacity - from);
    const text = (at: number, length: number): string =>
      Buffer.from(ring.buffer, at * NUMBERS_PER_STEP * ring.BYTES_PER_ELEMENT, length * NUMBERS_PER_STEP * ring.BYTES_PER_ELEMENT).toString('base64');
    const { names, blocks } = this;
    this.drained = written;
    this.isNew = false;
    this.names = [];
    this.blocks = [];
    return this.answer(sites, { dropped, steps: [text(from, first), text(0, count - first)], names, blocks, ...pending });
  }

  private answer(sites: number, rest: Partial<RecorderData>): RecorderData {
    const { tracker } = this;
    const known = tracker.sites.sites;
    this.drainedAt = tracker.elapsed();
    return {
      version: PROTOCOL_VERSION,
      now: this.drainedAt,
      origin: performance.timeOrigin + tracker.startedAt,
      dropped: 0,
      steps: [],
      firstSite: Math.min(sites, known.length),
      sites: known.slice(sites).map(siteRow),
      names: [],
      blocks: [],
      ...rest,
    };
  }

  private owesTasks(): boolean {
    return this.isNew || this.written - this.drained > this.capacity;
  }

  /** Where a question comes into the middle of the agent's own work, what is pending and the steps need not agree yet. */
  private isDisturbed(): boolean {
    return this.tracker.busy && this.owesTasks();
  }

  /** What waits, and which other calls have not ended. */
  private pending(): Pick<RecorderData, 'tasks' | 'others'> {
    const tasks = this.list.poll({ version: PROTOCOL_VERSION, sites: Number.MAX_SAFE_INTEGER }) as TaskData;
    const { table } = this.tracker;
    const waiting = new Set(tasks.tasks.id);
    const others: number[] = [];
    for (let slot = 0; slot < table.used; slot++) {
      if (table.flags(slot) !== 0 && this.isTask(slot) && !waiting.has(table.id(slot))) others.push(table.id(slot));
    }
    return { tasks, others };
  }

  /** A call of the program's own, or what is known of one by its awaits. */
  private isTask(slot: number): boolean {
    const { table, sites } = this.tracker;
    const site = table.site(slot);
    return (isCall(sites.kind(site)) || (table.flags(slot) & Flag.orphan) !== 0) && !sites.isInternal(site);
  }

  /** Sets `code` and `ref` for the promise in `slot`, while that is the one with this id. */
  private follow(slot: number, id: number): void {
    const { table, sites } = this.tracker;
    this.ref = 0;
    for (let step = 0; step < LONGEST_CHAIN && slot >= 0; step++) {
      this.code = AwaitsCode.ready;
      if (!table.isSame(slot, id)) return;
      const site = table.site(slot);
      const kind: SiteKind = sites.kind(site);
      this.ref = id;
      this.code = AwaitsCode.task;
      if (this.isTask(slot)) return;
      this.code = AwaitsCode.group;
      if (kind === SiteKind.group) return this.write(packStep(Step.group, site, 0), id, table.parent(slot));
      this.ref = site;
      this.code = AwaitsCode.made;
      const follows = table.flags(slot) & (Flag.waiting | Flag.follows);
      // Node's own functions say what they do: `readFile`.
      if (isCall(kind) || (!follows && (kind === SiteKind.made || kind === SiteKind.unknown || sites.isInternal(site)))) return;
      id = table.parentId(slot);
      slot = table.parent(slot);
    }
    this.code = AwaitsCode.promise;
    this.ref = 0;
  }

  private write(packed: number, id: number, ref: number): void {
    const { ring } = this;
    const now = this.tracker.elapsed();
    const at = (this.written % this.capacity) * NUMBERS_PER_STEP;
    ring[at] = packed;
    ring[at + 1] = now * 1000;
    ring[at + 2] = id;
    ring[at + 3] = ref;
    this.written++;
    if (at === 0 && !this.wholeRun && now - this.drainedAt > PATIENCE_MS) this.hush();
  }
}

/** For who evaluates the bundle; `secret` is that of the agent. False where there is none, or it does not track promises. */
export function start(secret: string, wholeRun = false): boolean {
  const global = globalThis as Record<string, unknown>;
  const handle = global[handleName(secret)] as AgentHandle | undefined;
  const list = handle?.parts?.get('tasks') as TaskPart | undefined;
  if (!handle || !list?.tracker) return false;
  if (handle.parts.has(PART)) return true;
  const watchdog = global[watchdogName(secret)] as WatchdogHandle | undefined;
  handle.parts.set(PART, new Recorder(list.tracker, list, watchdog, () => handle.parts.delete(PART), wholeRun));
  return true;
}

// The file name tells a preloaded module from an evaluated one.
if (typeof module.filename === 'string') {
  const config = parseConfig(process.env[CONFIG_VARIABLE]);
  if (config) start(config.secret, true);
}
