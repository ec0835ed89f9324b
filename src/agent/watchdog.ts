// Sees that the event loop stands still, and where. A beat in each turn of the loop tells how long the turn took; a
// thread that watches the beats has the stack noted meanwhile.
import { fstatSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { maxPlaces, watchThreadName, type BlockedFrame, type BlockedLoop, type BlockedPlace, type BlockedTask } from './blocked-loop';
import { heaviest, heldUpStack, placeKey, type NotedStack } from './noted-stack';
import type { AgentPart } from './part';
import { listenToProcess } from './process-listeners';
import { slots, watchThread, type WatchData } from './watch-thread';

/** Shorter than this share of the threshold nothing is noted: most such turns are none of the blocks that are wanted. */
const noteFrom = 0.3;

/** More stacks of one block tell nothing new. */
const maxNoted = 64;

/** The end of the process waits no longer for the watching thread to let go of its inspector session, which takes a fraction of a millisecond. */
const longestGoodbyeMs = 200;

/** What the watchdog leaves under its global name. */
export interface WatchdogHandle {
  /** For the watching thread: notes the stack. Takes the time of `process.hrtime()`, in milliseconds, when it asked. */
  note(askedAt: number): void;
  /** For a client: the program stands at a breakpoint, or is held up by a heap snapshot for up to `ms`: turns until then are no blocks of its own, nor is this one. */
  forgive(ms?: number): void;
  /** For a client: what this runs is its own work, no block of the program's; gives what that gives. */
  own<T>(run: () => T): T;
  /** For a client: BlockedLoop as JSON. */
  tell(): string;
  /** For a client: starts the watching thread, where it is not there; false where there can be none. */
  watch(): boolean;
  /** A client's: told of each block when it is over (no private member may have this name: those are shortened in the bundle). `at`: when it began, in milliseconds since 1970. */
  onBlock?: (at: number, ms: number, frames: readonly BlockedFrame[]) => void;
}

/**
 * Watches the loop of the main thread; `name` is that of a global property, secret, for the WatchdogHandle. Start-up,
 * before the loop's first turn, is no block: nothing waits for the loop yet. `running` tells which async call runs now.
 * `later`: a client starts the watching thread. Says BlockedLoop.
 */
export function startWatchdog(thresholdMs: number, name: string, running: () => BlockedTask | undefined, later = false): AgentPart {
  // The program may put fakes in the place of these, or take them away.
  const atomics = Atomics;
  const now = performance.now.bind(performance);
  const hrtime = process.hrtime.bind(process);
  const timing = performance.nodeTiming;
  const { setImmediate, clearImmediate } = globalThis;
  const origin = performance.timeOrigin;

  // Sooner, and what is asked would not be noted yet. Each question is a script, which a debugger keeps for good.
  const answerMs = thresholdMs * noteFrom;
  const shared = new Int32Array(new SharedArrayBuffer(4 * slots.count));
  const places = new Map<string, BlockedPlace>();
  let dropped = 0;
  let worker: Worker | undefined;
  let removed = false;
  /** This turn has answered a ping, which may be all that it was for. */
  let pinged = false;
  /** When work of our own began, while it goes on: time stands still meanwhile. */
  let ownBegan = 0;
  let forgiven = false;
  let forgivenUntil = 0;

  let noted: NotedStack[] = [];
  let turnBegan = Infinity;
  let idleThen = 0;
  let lookedThen = 0;
  let askedThen = 0;

  // An immediate without a reference neither keeps the loop alive nor makes it turn: it runs when the loop has turned.
  let next = setImmediate(beat).unref();
  // With the loop's first turn, if it comes to one: the thread takes some 25 ms of another processor to start. This also
  // makes a loop turn for the first time that nothing else wakes.
  const start = later ? undefined : setTimeout(watch, 0).unref();
  const stopListening = listenToProcess({ exit: end });
  const handle: WatchdogHandle = { note, forgive, own, tell: () => JSON.stringify(tell()), watch };
  Object.defineProperty(globalThis, name, { value: handle, configurable: true });

  function beat(): void {
    next = setImmediate(beat).unref();
    if (!forgiven && busy() >= thresholdMs) look();
    // A turn that only answered a ping tells the watching thread nothing.
    if (!pinged || busy() >= 1) atomics.add(shared, slots.turns, 1);
    pinged = false;
    forgiven = now() < forgivenUntil;
    beginTurn();
  }

  function forgive(ms = 0): void {
    forgiven = true;
    forgivenUntil = now() + ms;
    if (ms > 0) atomics.store(shared, slots.snapshot, 1);
  }

  function own<T>(run: () => T): T {
    if (ownBegan) return run(); // one client's question interrupts another's
    ownBegan = now();
    try {
      return run();
    } finally {
      turnBegan += now() - ownBegan;
      ownBegan = 0;
    }
  }

  function watch(): boolean {
    if (!removed) worker ??= own(() => startThread(shared, thresholdMs, answerMs, name, answer));
    return worker !== undefined;
  }

  function end(): void {
    atomics.store(shared, slots.ended, 1);
    if (!worker || atomics.load(shared, slots.session) === 0) return;
    worker.postMessage(0);
    atomics.notify(shared, slots.never);
    atomics.wait(shared, slots.session, 1, longestGoodbyeMs);
    // The inspector hears of it when JavaScript runs on.
    for (let calls = 0; calls < 1_000; calls++) now();
  }

  function answer(ping: number): void {
    pinged = true;
    atomics.store(shared, slots.answered, ping);
  }

  /** On the clock that all threads share. */
  function milliseconds(): number {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  }

  /** Milliseconds that this turn has not waited for events, nor worked for us. */
  function busy(): number {
    return (ownBegan || now()) - turnBegan - (timing.idleTime - idleThen);
  }

  function beginTurn(): void {
    if (noted.length > 0) noted = [];
    lookedThen = atomics.load(shared, slots.looked);
    askedThen = atomics.load(shared, slots.asked);
    idleThen = timing.idleTime;
    turnBegan = now();
  }

  function note(askedAt: number): void {
    if (busy() < thresholdMs * noteFrom || noted.length >= maxNoted) return;
    const notedMs = noted.reduce((sum, stack) => sum + stack.ms, 0);
    noted.push(heldUpStack(busy() - notedMs, milliseconds() - askedAt, running()));
  }

  /** The same where a signal has ended the wait for events: libuv does not count that wait then. */
  function blockedMs(): number {
    const ms = busy();
    return timing.idleTime - idleThen < 1 ? Math.min(ms, (milliseconds() - atomics.load(shared, slots.quiet)) & 0x7fffffff) : ms;
  }

  /** The turn that has just ended was long: counts the block in it. */
  function look(): void {
    let ms = blockedMs();
    if (worker) {
      const { user, system } = process.cpuUsage();
      // No JavaScript, and little work of the processors: the thread has waited for one, or, since signals make libuv
      // forget that it waited, for events.
      if (!noted.some(({ frames }) => frames[0]) && ((user + system - atomics.load(shared, slots.cpu)) | 0) < ms * 500) return;
      const lookedMs = atomics.load(shared, slots.looked) - lookedThen;
      // The watching thread stood still, too: the whole process was stopped.
      if (lookedMs < ms / 3) ms = lookedMs;
      if (ms < thresholdMs) return;
    }
    count(ms);
  }

  function count(ms: number): void {
    const stack = heaviest(noted);
    const key = placeKey(stack?.frames ?? []);
    let place = places.get(key);
    if (!place) {
      if (places.size >= maxPlaces) {
        dropped++;
        return;
      }
      place = { frames: stack?.frames ?? [], late: stack?.late ?? false, count: 0, totalMs: 0, longestMs: 0, lastAt: 0 };
      places.set(key, place);
    }
    const whole = Math.round(ms);
    place.count++;
    place.totalMs += whole;
    if (whole > place.longestMs) {
      place.longestMs = whole;
      place.task = stack?.task;
    }
    place.lastAt = Math.round(origin + now() - ms);
    handle.onBlock?.(place.lastAt, whole, place.frames);
  }

  function tell(): BlockedLoop {
    const told: BlockedLoop = { thresholdMs, places: [...places.values()], dropped };
    const ms = blockedMs();
    // The watching thread got no answer.
    if (!forgiven && ms >= thresholdMs && atomics.load(shared, slots.asked) !== askedThen) told.goingOn = { ms: Math.round(ms), frames: noted.at(-1)?.frames ?? [], task: noted.at(-1)?.task };
    return told;
  }

  return {
    poll: tell,
    remove() {
      if (removed) return;
      removed = true;
      clearImmediate(next);
      clearTimeout(start);
      stopListening();
      Reflect.deleteProperty(globalThis, name);
      end();
      void worker?.terminate();
    },
  };
}

/** Undefined where the process may have no threads: blocks are counted then, without their stacks. */
function startThread(
  shared: Int32Array,
  thresholdMs: number,
  answerMs: number,
  name: string,
  answer: (ping: number) => void,
): Worker | undefined {
  const data: WatchData = {
    shared,
    lookMs: Math.max(3, thresholdMs * 0.3),
    idleLookMs: Math.max(3, thresholdMs * 0.9),
    answerMs,
    againMs: thresholdMs,
    name,
    slots,
  };
  try {
    // What a thread opens must not take the numbers of standard streams that the program has closed: libuv would abort.
    [0, 1, 2].forEach((fd) => fstatSync(fd));
    // With no options and no environment of the program's, it loads nothing of the program's, nor the agent again. With
    // output of its own Node does not open the program's for it.
    const worker = new Worker(`(${watchThread.toString()})(require)`, { eval: true, workerData: data, execArgv: [], env: {}, stdout: true, stderr: true, name: watchThreadName });
    worker.on('message', answer);
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  } catch {
    return undefined;
  }
}
