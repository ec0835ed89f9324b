import type * as inspectorModule from 'node:inspector';
import type * as workerModule from 'node:worker_threads';

/** What the watched thread and the watching one share: an Int32Array with these slots. */
export const slots = {
  /** Turns of the loop. */
  turns: 0,
  /** The last ping that the loop has answered. */
  answered: 1,
  /** Milliseconds that the watching thread has looked: it stands still when the whole process is stopped. */
  looked: 2,
  /** How often it has asked what runs, since a ping was not answered. */
  asked: 3,
  /** Always 0: to wait at; the end of the process wakes who does. */
  never: 4,
  /** 1 where somebody has taken a heap snapshot: when a session of the inspector ends, V8 forgets what the ids in it stand for. */
  snapshot: 5,
  /** Microseconds of CPU time that the process had used when this turn began, or later while the loop was idle; it starts anew at 2³¹. */
  cpu: 6,
  /** 1 while the watching thread has a session of the inspector. */
  session: 7,
  /** 1 when the process ends: no session is begun any more. */
  ended: 8,
  /** On the clock that all threads share, in milliseconds without those above 2³¹: when the loop was surely not blocked yet. */
  quiet: 9,
  count: 10,
} as const;

export interface WatchData {
  shared: Int32Array;
  /** Between two looks while the loop turns. */
  lookMs: number;
  /** Between two looks while the loop is idle. Each costs an idle process 0.2 to 0.5 ms. */
  idleLookMs: number;
  /** A ping that is not answered for so long means that the loop is busy. */
  answerMs: number;
  /** Asked again so often while the block lasts. */
  againMs: number;
  /** Global property of the watched thread: a WatchdogHandle. */
  name: string;
  slots: typeof slots;
}

/**
 * The watching thread. It runs from its text, so it may use nothing from outside. A loop that does not turn is idle or
 * blocked: a ping tells, a number that the watched thread answers when its loop comes to it. It is sent once after each turn and whenever an idle process uses the CPU: an idle loop is left
 * alone. A blocked thread is asked for its stack through the inspector, which interrupts JavaScript without stopping it.
 */
export function watchThread(load: (name: string) => unknown): void {
  const { Session } = load('node:inspector') as typeof inspectorModule;
  const threads = load('node:worker_threads') as typeof workerModule;
  const { shared, lookMs, idleLookMs, answerMs, againMs, name, slots: slot } = threads.workerData as WatchData;
  /** Microseconds of CPU time between two looks that no idle process uses. */
  const busyCpu = 1000;
  /** After so many looks the process is left alone for longer. */
  const shortIdle = 20;

  let turns = -1;
  let lookedAt = 0;
  let cpu = 0;
  let ping = 0;
  /** `open`: nothing is known of this turn. `idle`: the loop waits. `pinged` and `blocked` have a timer of their own. */
  let state: 'open' | 'idle' | 'pinged' | 'blocked' = 'open';
  let session: inspectorModule.Session | undefined;

  const cpuTime = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };

  const milliseconds = () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  };

  const hasTurned = () => {
    const now = Atomics.load(shared, slot.turns);
    if (now === turns) return false;
    turns = now;
    state = 'open';
    return true;
  };

  let asking: NodeJS.Timeout | undefined;

  // Node writes to stderr when a program ends that has one.
  const disconnect = () => {
    session?.disconnect();
    session = undefined;
    Atomics.store(shared, slot.session, 0);
    Atomics.notify(shared, slot.session);
  };
  // The process ends.
  threads.parentPort?.on('message', disconnect);

  const ask = () => {
    if (hasTurned() || Atomics.load(shared, slot.answered) === ping) {
      if (state !== 'open') state = 'idle';
      if (Atomics.load(shared, slot.snapshot) === 0) disconnect();
      return;
    }
    state = 'blocked';
    Atomics.add(shared, slot.asked, 1);
    Atomics.store(shared, slot.session, 1);
    if (Atomics.load(shared, slot.ended) === 1) return disconnect();
    if (!session) {
      session = new Session();
      session.connectToMainThread();
    }
    // Debuggers, which keep each script for good, keep little of those with such a name.
    const expression = `globalThis[${JSON.stringify(name)}]?.note(${milliseconds()})\n//# sourceURL=asyncscope.cdp`;
    session.post('Runtime.evaluate', { expression, silent: true, returnByValue: true }, () => (asking = setTimeout(ask, againMs)));
  };

  const look = () => {
    lookAtLoop();
    // With nothing to wait for but time, this wakes at half the cost of a timer.
    for (let looks = 0; state === 'idle' && Atomics.load(shared, slot.ended) === 0; looks++) {
      const wait = looks < shortIdle ? idleLookMs : 2 * idleLookMs;
      Atomics.add(shared, slot.looked, Math.round(wait));
      Atomics.wait(shared, slot.never, 0, wait);
      lookAtLoop();
    }
    Atomics.add(shared, slot.looked, Math.round(lookMs));
    setTimeout(look, lookMs);
  };

  const lookAtLoop = () => {
    const before = cpu;
    const used = cpuTime() - cpu;
    cpu += used;
    const turned = hasTurned();
    const now = milliseconds();
    // It has turned some time after the last look.
    if (turned || (state === 'idle' && used < busyCpu)) Atomics.store(shared, slot.quiet, turned ? lookedAt : now);
    lookedAt = now;
    if (turned || (state === 'idle' && used < busyCpu)) Atomics.store(shared, slot.cpu, before);
    if (turned) return;
    if (state === 'open' || (state === 'idle' && used >= busyCpu)) {
      state = 'pinged';
      threads.parentPort?.postMessage(++ping);
      clearTimeout(asking);
      asking = setTimeout(ask, answerMs);
    }
  };

  look();
}
