// What a program writes, and how it ends, is the same with the agent in it as without.
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeBinary, nodeMajors } from '../host/provision';
import { runToEnd, withAgent, type Ended } from './agent-process';

interface Program {
  /** Options of Node's. */
  options?: string[];
  /** Name of the file; `program.cjs` where it is not given. */
  file?: string;
  text: string;
}

const error = 'throw new Error("boom")';
const programs: Record<string, string | Program> = {
  'an uncaught error': `setTimeout(() => { ${error} }, 20)`,
  'a rejection that nobody handles': `(async () => { await null; ${error} })()`,
  'a rejection without an error': 'Promise.reject(42)',
  'rejections that only warn': { options: ['--unhandled-rejections=warn'], text: 'Promise.reject(new Error("w")); setTimeout(() => {}, 50)' },
  'a rejection that is handled late': 'const p = Promise.reject(new Error("l")); process.on("unhandledRejection", () => console.log("u")).on("rejectionHandled", () => console.log("h")); setTimeout(() => p.catch(() => {}), 30)',
  'warnings with their places': { options: ['--trace-warnings'], text: 'process.emitWarning("w"); new Buffer(3)' },
  'errors with the place where they are thrown': { options: ['--trace-uncaught'], text: `async function a() { await null; ${error} } a()` },
  'async stack traces': `async function a() { await null; ${error} } async function b() { await a(); } b().catch((e) => console.log(e.stack))`,
  'a formatter of stack traces': 'Error.prepareStackTrace = (e, s) => s.length; console.log(new Error("x").stack); (async () => { await null; console.log(new Error("y").stack); })()',
  'an endless recursion': '(async function f() { await f(); })().catch((e) => console.log(e.name))',
  'AsyncLocalStorage': 'const { AsyncLocalStorage } = require("async_hooks"); const s = new AsyncLocalStorage(); s.run(1, async () => { await null; console.log(s.getStore()); setTimeout(() => console.log(s.getStore()), 5); await new Promise((r) => setImmediate(r)); console.log(s.getStore()); })',
  'async_hooks': 'const ah = require("async_hooks"); const n = {}; ah.createHook({ init(id, type) { n[type] = (n[type] || 0) + 1; } }).enable(); console.log(ah.executionAsyncId()); (async () => { await null; setTimeout(() => console.log(n.PROMISE > 0, n.Timeout > 0), 5); })()',
  'no performance': 'delete globalThis.performance; (async () => { for (let i = 0; i < 1000; i++) await i; setImmediate(() => console.log(1)); })()',
  'no weak references and no atomics': 'delete globalThis.WeakRef; delete globalThis.Atomics; (async () => { for (let i = 0; i < 20_000; i++) { new Promise(() => {}); await i; } setTimeout(() => { const end = Date.now() + 200; while (Date.now() < end); setTimeout(() => console.log(1), 300); }, 60); })()',
  'closed standard streams': 'for (const fd of [0, 1, 2]) require("fs").closeSync(fd); (async () => { await null; setTimeout(() => process.exit(7), 200); })()',
  'promise hooks of its own': 'let n = 0; const stop = require("v8").promiseHooks.onInit(() => n++); (async () => { await null; await null; })(); setTimeout(() => { stop(); console.log(n); }, 5)',
  'its handles': 'console.log(process._getActiveHandles().length, process._getActiveRequests().length, process.getActiveResourcesInfo())',
  'beforeExit that goes on': 'let n = 0; process.on("beforeExit", () => { console.log("b", n); if (n++ < 2) setTimeout(() => console.log("t"), 5); }).on("exit", (c) => console.log("exit", c))',
  'an exit code set at the end': 'process.on("exit", () => { process.exitCode = 4; })',
  'a signal': 'setTimeout(() => process.kill(process.pid, "SIGTERM"), 30); setInterval(() => {}, 100)',
  'a signal that it handles': 'process.on("SIGINT", () => { console.log("got"); process.exit(0); }); setTimeout(() => process.kill(process.pid, "SIGINT"), 30); setInterval(() => {}, 100)',
  'a signal that it handles once': 'const end = () => setTimeout(() => process.kill(process.pid, "SIGTERM"), 30); process.once("SIGTERM", () => { console.log("got"); end(); }); end(); setInterval(() => {}, 100)',
  'a worker thread that fails': 'const { Worker } = require("worker_threads"); const w = new Worker("throw new Error(1)", { eval: true }); w.on("error", (e) => console.log(e.message, w.threadId)).on("exit", (c) => console.log(c))',
  'a worker thread that exits': 'const { Worker } = require("worker_threads"); new Worker("console.log(1); console.error(2); process.exit(5)", { eval: true }).on("exit", (c) => console.log(c))',
  'a worker thread without memory': 'const { Worker } = require("worker_threads"); new Worker("const a = []; for (;;) a.push(new Array(1e5).fill(1))", { eval: true, resourceLimits: { maxOldGenerationSizeMb: 20 } }).on("error", (e) => console.log(e.code)).on("exit", (c) => console.log(c))',
  'a child that talks': 'if (process.argv[2]) { process.send("m"); process.disconnect(); } else require("child_process").fork(__filename, ["c"]).on("message", (m) => console.log(m)).on("exit", (c) => console.log(c))',
  'a cluster': 'const cluster = require("cluster"); if (cluster.isPrimary) cluster.fork().on("exit", (c) => console.log(c)); else { console.log(process.argv.length); process.exit(3); }',
  'a domain': 'const d = require("domain").create(); d.on("error", (e) => console.log("d", e.message)); d.run(() => { Promise.reject(new Error("q")); })',
  'promises of another context': 'require("vm").runInNewContext("(async () => { await 1; log(await Promise.all([2, 3])); })()", { log: console.log })',
  'a top level that never goes on': { file: 'program.mjs', text: 'await new Promise((resolve) => (globalThis.held = resolve))' },
  'a top level that fails': { file: 'program.mjs', text: `const fs = await import("node:fs"); console.log(typeof fs.default); ${error}` },
  'frozen intrinsics': { options: ['--frozen-intrinsics'], text: '(async () => { await null; console.log(1); })()' },
  'no code from strings': { options: ['--disallow-code-generation-from-strings'], text: 'try { eval("1"); } catch (e) { console.log(e.name); } (async () => { await null; console.log(2); })()' },
  'no compiler': { options: ['--jitless'], text: '(async () => { await null; console.log(1); })()' },
  'a syntax error': 'let a = ;',
  'its input': 'require("readline").createInterface({ input: process.stdin }).on("line", (l) => console.log(l)).on("close", () => console.log("end"))',
  'a subclass of Promise': 'class P extends Promise {} const p = P.resolve(1).then(() => console.log(p instanceof P, p.constructor.name, require("util").inspect(p)))',
  'the order of callbacks': 'setImmediate(() => console.log("immediate")); process.nextTick(() => console.log("tick")); Promise.resolve().then(() => console.log("then")); queueMicrotask(() => console.log("microtask")); (async () => { await null; console.log("await"); })()',
  'three thousand calls deep': 'async function f(n) { if (n) await f(n - 1); } f(3000).then(() => console.log("done"))',
  'its globals': 'console.log(Object.keys(globalThis), Object.keys(process.versions).length)',
};

describe('a program with the agent', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'asyncscope-test-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [what, program] of Object.entries(programs)) {
    it(`writes and ends as without: ${what}`, async () => {
      const { options = [], file = 'program.cjs', text } = typeof program === 'string' ? { text: program } : program;
      writeFileSync(path.join(folder, file), text);
      const run = async (node: string, env: NodeJS.ProcessEnv): Promise<Ended> => {
        const ended = await runToEnd(node, [...options, file], env, folder);
        return { ...ended, stderr: ended.stderr.replace(/\(node:\d+\)/g, '(node)') };
      };
      const { NODE_OPTIONS: _, ...plain } = process.env;
      await Promise.all(
        nodeMajors.map(async (major) => {
          const node = await nodeBinary(major);
          const [watched, alone] = await Promise.all([run(node, withAgent({ blockedMs: 50, reportFolder: folder })), run(node, plain)]);
          assert.deepEqual(watched, alone, `Node ${major}`);
        }),
      );
    });
  }
});
