// Sees that the event loop stands still, and where. A beat in each turn of the loop tells how long the turn took; a
// thread that watches the beats has the stack noted meanwhile.
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { maxPlaces, type BlockedLoop, type BlockedPlace } from './blocked-loop';
import { mainStack, placeKey, type NotedStack } from './noted-stack';
import { slots, watchThread, type WatchData } from './watch-thread';

export interface Watchdog {
  report(): BlockedLoop;
  /** What has stood still until now was no block of the program's: a debugger has stopped it. */
  forgive(): void;
  /** To be called when the process exits: a block that lasts until then is counted. */
  finish(): void;
  /** Takes everything off again. */
  stop(): void;
}

/**
 * A program that ends earlier runs without the watching thread, which takes some 30 ms to start, and to end while it
 * starts. Its blocks are counted without a stack. Milliseconds.
 */
const threadAfter = 100;
/** More stacks of one block tell nothing new. */
const maxNoted = 64;

/**
 * Watches the loop of the main thread; `noteStack` is the name of a global function for the watching thread, which only
 * it may know. Start-up, before the loop's first turn, is no block: nothing waits for the loop yet.
 */
export function startWatchdog(thresholdMs: number, noteStack: string): Watchdog {
  // The program may put fakes in the place of these.
  const now = performance.now.bind(performance);
  const hrtime = process.hrtime.bind(process);
  const timing = performance.nodeTiming;
  const { setImmediate, clearImmediate } = globalThis;
  const origin = performance.timeOrigin;

  const shared = new Int32Array(new SharedArrayBuffer(slots.count * Int32Array.BYTES_PER_ELEMENT));
  const places = new Map<string, BlockedPlace>();
  let dropped = 0;
  let worker: Worker | undefined;
  let stopped = false;
  /** This turn has answered a ping, which may be all that it was for. */
  let pinged = false;

  let noted: NotedStack[] = [];
  let turnBegan = Infinity;
  let idleThen = 0;
  let lookedThen = 0;
  let askedThen = 0;

  // An immediate without a reference neither keeps the loop alive nor makes it turn: it runs when the loop has turned.
  let next = setImmediate(beat).unref();
  const start = setTimeout(() => (worker = startThread(shared, thresholdMs, noteStack, answer)), threadAfter).unref();
  Object.defineProperty(globalThis, noteStack, { value: note, configurable: true });

  function beat(): void {
    next = setImmediate(beat).unref();
    if (turnBegan === Infinity) start.refresh();
    else if (busy() >= thresholdMs) look();
    // A turn that only answered a ping tells the watching thread nothing.
    if (!pinged || busy() >= 1) Atomics.add(shared, slots.turns, 1);
    pinged = false;
    forgive();
  }

  function answer(ping: number): void {
    pinged = true;
    Atomics.store(shared, slots.answered, ping);
  }

  /** Milliseconds that this turn has not waited for events. */
  function busy(): number {
    return now() - turnBegan - (timing.idleTime - idleThen);
  }

  function forgive(): void {
    if (noted.length > 0) noted = [];
    lookedThen = Atomics.load(shared, slots.looked);
    askedThen = Atomics.load(shared, slots.asked);
    idleThen = timing.idleTime;
    turnBegan = now();
  }

  function note(askedAt: number): void {
    if (busy() < thresholdMs * 0.3 || noted.length >= maxNoted) return;
    const [seconds, nanoseconds] = hrtime();
    noted.push(mainStack(seconds * 1e3 + nanoseconds / 1e6 - askedAt, note));
  }

  /** The turn that has just ended was long: counts the block in it. */
  function look(): void {
    let ms = busy();
    if (worker) {
      // Signals make libuv forget time that it waited: only a loop that was seen not to answer was blocked.
      if (Atomics.load(shared, slots.asked) === askedThen) return;
      const lookedMs = Atomics.load(shared, slots.looked) - lookedThen;
      // The watching thread stood still, too: the whole process was stopped.
      if (lookedMs < ms / 3) ms = lookedMs;
      if (ms < thresholdMs) return;
    }
    count(ms);
  }

  function count(ms: number): void {
    const byPlace = new Map<string, NotedStack[]>();
    for (const stack of noted) {
      const key = placeKey(stack);
      byPlace.set(key, [...(byPlace.get(key) ?? []), stack]);
    }
    const [key, stacks] = [...byPlace].reduce((one, other) => (other[1].length > one[1].length ? other : one), ['', [] as NotedStack[]]);
    let place = places.get(key);
    if (!place) {
      if (places.size >= maxPlaces) {
        dropped++;
        return;
      }
      place = { frames: stacks[0]?.frames ?? [], late: stacks[0]?.late ?? false, count: 0, totalMs: 0, longestMs: 0, lastAt: 0 };
      places.set(key, place);
    }
    const whole = Math.round(ms);
    place.count++;
    place.totalMs += whole;
    place.longestMs = Math.max(place.longestMs, whole);
    place.lastAt = Math.round(origin + now() - ms);
  }

  return {
    report() {
      const report: BlockedLoop = { thresholdMs, places: [...places.values()], dropped };
      const ms = busy();
      if (ms >= thresholdMs && noted.length > 0) report.goingOn = { ms: Math.round(ms), frames: noted.at(-1)!.frames };
      return report;
    },
    forgive,
    finish() {
      if (!stopped && busy() >= thresholdMs) look();
      this.stop();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      clearImmediate(next);
      clearTimeout(start);
      Reflect.deleteProperty(globalThis, noteStack);
      void worker?.terminate();
    },
  };
}

/** Undefined where the process may have no threads: blocks are counted then, without their stacks. */
function startThread(
  shared: Int32Array,
  thresholdMs: number,
  noteStack: string,
  answer: (ping: number) => void,
): Worker | undefined {
  const data: WatchData = {
    shared,
    lookMs: Math.max(3, thresholdMs * 0.3),
    idleLookMs: Math.max(3, thresholdMs * 0.9),
    answerMs: Math.max(2, thresholdMs * 0.1),
    againMs: thresholdMs,
    noteStack,
    slots,
  };
  try {
    // With no options and no environment of the program's, it loads nothing of the program's, nor the agent again.
    const worker = new Worker(`(${watchThread.toString()})(require)`, { eval: true, workerData: data, execArgv: [], env: {}, name: 'asyncscope' });
    worker.on('message', answer);
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  } catch {
    return undefined;
  }
}
