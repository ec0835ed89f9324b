// Runs as a worker thread. Questions to the compiler block the server's thread, so that only another one can end a
// compiler that does not come back.
import process from 'node:process';
import { workerData } from 'node:worker_threads';
import { slot } from './time-limit';

const shared = new Int32Array(workerData as SharedArrayBuffer);

for (;;) {
  Atomics.wait(shared, slot.work, 0);
  const work = Atomics.load(shared, slot.work);
  if (work === 0) continue;
  const ended = Atomics.wait(shared, slot.work, work, Atomics.load(shared, slot.limit));
  if (ended !== 'timed-out' || Atomics.load(shared, slot.work) !== work) continue;
  Atomics.store(shared, slot.killed, work);
  try {
    process.kill(Atomics.load(shared, slot.pid), 'SIGKILL');
  } catch {
    // It ended by itself in this moment.
  }
  Atomics.wait(shared, slot.work, work);
}
