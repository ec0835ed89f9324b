// Programs made at random out of the ways in which tasks wait for each other, for the proof of stuck tasks: afterwards
// everything that can be woken from outside is woken, and whoever goes on then was not stuck.

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Where the resolve function of gate `i` is kept; `at` is another gate or task. */
const HOLDERS: readonly ((i: number, at: number) => string)[] = [
  () => `outside.push(resolve);`,
  (i) => `bus.once('gate ${i}', resolve); outside.push(() => bus.emit('gate ${i}'));`,
  () => `const holder = { resolve }; owned[OWNER].push(holder); const ref = new WeakRef(holder); outside.push(() => ref.deref()?.resolve());`,
  () => `owned[OWNER].push({ resolve });`,
  () => `owned[OWNER].push({ resolve });`,
  () => `owned[OWNER].push({ resolve: resolve.bind(null, 1) });`,
  () => ``,
  (_i, at) => `later(() => gates[${at}].then(() => resolve()));`,
  (_i, at) => `later(() => results[${at}].finally(resolve));`,
  (i) => `registry.add(${i}, resolve); outside.push(() => registry.open(${i}));`,
  () => `const steps = (function* () { yield; resolve(); })(); steps.next(); outside.push(() => steps.next());`,
  () => `const controller = new AbortController(); controller.signal.addEventListener('abort', resolve); outside.push(() => controller.abort());`,
  () => `const wake = setTimeout(resolve, 2 ** 30); outside.push(() => { wake._onTimeout?.(); clearTimeout(wake); });`,
  () => `const { port1, port2 } = new MessageChannel(); port1.on('message', resolve); ports.push(port1); outside.push(() => port2.postMessage(1));`,
];

/** A program with `count` tasks `t0`, `t1`, … that prints `ready` when each waits for something or has ended. */
export function randomProgram(seed: number, count: number): string {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const gates = count;
  const wait = (): string => (next() < 0.5 ? `gates[${below(gates)}]` : `results[${below(count)}]`);
  const step = (): string => {
    switch (below(9)) {
      case 0:
        return `await Promise.all([${wait()}, ${wait()}]);`;
      case 1:
        return `await Promise.race([${wait()}, ${wait()}]);`;
      case 2:
        return `await Promise.allSettled([${wait()}, 1]);`;
      case 3:
        return `for await (const _ of pages(${wait()}));`;
      case 4:
        return `await ${wait()}.then((x) => x);`;
      case 5:
        return `await (async () => ${wait()})();`;
      default:
        return `await ${wait()};`;
    }
  };
  const steps = (task: number): string => Array.from({ length: 1 + below(3) }, () => `progress[${task}]++; ${step()}`).join('\n  ');
  const tasks = Array.from(
    { length: count },
    (_, i) => `async function t${i}(mine) {\n  await tick();\n  ${steps(i)}\n  progress[${i}]++;\n  for (const { resolve } of mine) resolve();\n}`,
  );
  const holders = Array.from({ length: gates }, (_, i) => {
    const code = HOLDERS[below(HOLDERS.length)]!(i, below(count)).replace('OWNER', String(below(count)));
    return `gates.push(new Promise((resolve) => { ${code} }));`;
  });
  return `
const { EventEmitter } = require('node:events');
const { MessageChannel } = require('node:worker_threads');
const tick = () => new Promise((resolve) => setImmediate(resolve));
class Registry {
  #waiting = new Map();
  add(key, resolve) { this.#waiting.set(key, resolve); }
  open(key) { this.#waiting.get(key)(); }
}
async function* pages(first) { yield await first; yield 2; }
const registry = new Registry(), bus = new EventEmitter().setMaxListeners(0), outside = [], ports = [], soon = [];
const later = (run) => soon.push(run);
const gates = [], results = [], progress = Array(${count}).fill(0);
let owned = Array.from({ length: ${count} }, () => []);
${holders.join('\n')}
${tasks.join('\n')}
${Array.from({ length: count }, (_, i) => `results.push(t${i}(owned[${i}]));`).join('\n')}
owned = undefined;
for (const run of soon.splice(0)) run();
process.on('unhandledRejection', () => {});
globalThis.kept = { gates, results, ports, bus, registry };
globalThis.progress = progress;
/** Wakes all that can be woken from outside, until nobody goes on any more. */
globalThis.wakeAll = async () => {
  for (let quiet = 0, last = ''; quiet < 5; ) {
    for (const wake of outside) wake();
    for (let i = 0; i < 5; i++) await tick();
    const now = progress.join();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return progress;
};
setInterval(() => {}, 2 ** 30);
(async () => { for (let i = 0; i < 20; i++) await tick(); console.log('ready'); })();
`;
}
