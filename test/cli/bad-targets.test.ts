import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import { onAllAtOnce } from '../all-versions';
import { makeFolder, type Folder } from '../folder';
import { nodeBinary, nodeMajors } from '../host/provision';
import { listeningPorts, TargetProcess } from '../tracer/inspector/target-process';
import { asyncscope, type Outcome, type RunOptions } from './command';

/** Runs `ps` on a target that it can't look at; it must say why in one sentence, in time. */
async function refusal(target: string, options: Partial<RunOptions> = {}): Promise<string> {
  const timeLimit = new AbortController();
  const outcome = await Promise.race([
    asyncscope(['ps', target], { cwd: process.cwd(), ...options }),
    new Promise<Outcome>((_, reject) => {
      const timer = setTimeout(() => reject(new Error('No refusal within 30 s.')), 30_000);
      timeLimit.signal.addEventListener('abort', () => clearTimeout(timer));
    }),
  ]);
  timeLimit.abort();
  assert.equal(outcome.code, 2, outcome.stderr);
  assert.equal(outcome.stdout, '');
  // On a busy machine the notice of a longer pause comes first.
  const stderr = outcome.stderr.replace(/^.* will stand still for about .*\n/, '');
  assert.match(stderr, /^asyncscope: [^\n]+\.\n$/);
  return stderr.slice('asyncscope: '.length).trim();
}

async function exitedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** Runs `body` with the port of a server that treats every connection so. */
async function withServer(server: net.Server, body: (port: number) => Promise<void>): Promise<void> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const alive = `process.stdin.on('data', (text) => console.log('heard ' + text)); console.log('ready');`;

/** The process went on as if nothing had been. */
async function unharmed(process: TargetProcess, ports: number[] = []): Promise<void> {
  process.write('you?\n');
  await process.printed('heard you?');
  assert.deepEqual(listeningPorts(process.pid), ports);
}

const handlesSignal = onAllAtOnce(async (major) => {
  // At a port of its own, which no other process can hold.
  const target = await TargetProcess.start(await nodeBinary(major), `process.on('SIGUSR1', () => {}); ${alive}`, { nodeArgs: ['--inspect-port=0'] });
  try {
    assert.match(await refusal(String(target.pid)), /did not open its inspector: it handles SIGUSR1 itself, or /);
    await unharmed(target);
  } finally {
    await target.stop();
  }
});

const isBlockedWithInspector = onAllAtOnce(async (major) => {
  const source = `const fs = require('fs'); fs.writeSync(1, 'ready\\n'); fs.readSync(0, Buffer.alloc(8)); ${alive}`;
  const target = await TargetProcess.start(await nodeBinary(major), source, { nodeArgs: ['--inspect=0'] });
  try {
    assert.match(await refusal(String(target.pid)), /did not answer Runtime\.evaluate within \d+ s; it is inside a native call/);
    const ports = listeningPorts(target.pid);
    target.write('go on\n');
    await target.printed('ready', 2);
    await unharmed(target, ports);
  } finally {
    await target.stop();
  }
});

describe('asyncscope ps on a bad target', () => {
  let target: TargetProcess | undefined;
  afterEach(async () => {
    await target?.stop();
    target = undefined;
  });


  describe('that is no target', () => {
    for (const text of ['nonsense', '99999999999', '0', 'localhost:99999', 'ws://', 'a b:c']) {
      it(`refuses ${text}`, async () => {
        assert.match(await refusal(text), /host:port|a port is a number|process id/);
      });
    }
  });

  describe('a process id', () => {
    it('of a process that has exited', async () => {
      const pid = await exitedPid();
      assert.equal(await refusal(String(pid)), `There is no process ${pid}.`);
    });

    it('of a shell that has started a Node process, which it names', async () => {
      const program = "console.log(process.pid); process.stdin.on('end', () => process.exit()).resume()";
      const child = spawn('sh', ['-c', `"${process.execPath}" -e "${program}"; true`]);
      try {
        const [text] = (await once(child.stdout, 'data')) as [Buffer];
        assert.match(await refusal(String(child.pid)), new RegExp(`^Process ${child.pid} is not a Node process: it runs \\S+; it has started the Node process ${Number(text)}, which can be looked at\\.$`));
      } finally {
        child.stdin.end();
        await once(child, 'close');
      }
    });

    it('of a process that is not Node, even where it handles the signal', async () => {
      const child = spawn('sh', ['-c', 'trap "echo signalled" USR1; echo ready; while read line; do echo "heard $line"; done']);
      try {
        let output = '';
        child.stdout.on('data', (text: Buffer) => (output += text.toString()));
        await once(child.stdout, 'data');
        assert.match(await refusal(String(child.pid)), /^Process \d+ is not a Node process: it runs \/\S+\.$/);
        child.stdin.end('you?\n');
        await once(child, 'close');
        assert.equal(output, 'ready\nheard you?\n');
      } finally {
        child.kill('SIGKILL');
      }
    });

    it('of another user', async () => {
      // Root becomes nobody for it; anybody else may not look at the first process.
      const root = process.getuid?.() === 0;
      if (root) target = await TargetProcess.start(process.execPath, alive);
      const message = await refusal(String(target?.pid ?? 1), root ? { uid: 65534 } : {});
      assert.match(message, /^Process \d+ belongs to another user; run asyncscope as that user\.$/);
      if (target) await unharmed(target);
    });

    it('of a process that is stopped', async () => {
      target = await TargetProcess.start(process.execPath, alive);
      target.child.kill('SIGSTOP');
      const message = await refusal(String(target.pid));
      assert.match(message, /is stopped; continue it first \(kill -CONT \d+\)\.$/);
      target.child.kill('SIGCONT');
      await unharmed(target);
    });
  });

  for (const major of nodeMajors) {
    describe(`Node ${major}`, () => {
      let node: string;
      before(async () => (node = await nodeBinary(major)));

      it('handles SIGUSR1 itself', () => handlesSignal(major));

      it('is inside a native call, and gets no signal that would open its inspector later', async () => {
        const source = `const fs = require('fs'); fs.writeSync(1, 'ready\\n'); fs.readSync(0, Buffer.alloc(8)); ${alive}`;
        target = await TargetProcess.start(node, source);
        assert.match(await refusal(String(target.pid)), /is blocked in a native call \(\w+\) and can't answer/);
        target.write('go on\n');
        await target.printed('ready', 2);
        await unharmed(target);
        assert.equal(target.stderr, '');
      });

      it('waits for a child process', async () => {
        const source = `const fs = require('fs'); fs.writeSync(1, 'ready\\n');
          require('child_process').execSync('head -n 1', { stdio: ['inherit', 'ignore', 'ignore'] }); ${alive}`;
        target = await TargetProcess.start(node, source);
        assert.match(await refusal(String(target.pid)), /is blocked in a native call \(waiting for a child process\)/);
        target.write('go on\n');
        await target.printed('ready', 2);
        await unharmed(target);
        assert.equal(target.stderr, '');
      });

      it('is inside a native call with its inspector open', () => isBlockedWithInspector(major));

      it('exits during the snapshot', async () => {
        // A worker sees the main thread stand still for the snapshot, and ends the process then.
        const watch = `const { workerData } = require('worker_threads'); let last = -1, still = 0;
          setInterval(() => { const now = workerData[0]; still = now === last && workerData[1] ? still + 1 : 0; last = now;
            if (still > 15) process.kill(process.pid, 'SIGKILL'); }, 10);`;
        const source = `const ticks = new Int32Array(new SharedArrayBuffer(8));
          globalThis.kept = Array.from({ length: 8e5 }, (_, i) => ({ i, text: 'n' + i, more: { i } }));
          const { Worker } = require('worker_threads'), inspector = require('inspector');
          new Worker(${JSON.stringify(watch)}, { eval: true, workerData: ticks }).once('online', () => console.log('ready'));
          setInterval(() => { ticks[0]++; if (inspector.url()) ticks[1] = 1; }, 5);`;
        target = await TargetProcess.start(node, source);
        assert.equal(await refusal(String(target.pid)), `Process ${target.pid} exited while we looked at it.`);
      });

      if (major >= 24) {
        it('runs with --disable-sigusr1', async () => {
          target = await TargetProcess.start(node, alive, { nodeArgs: ['--disable-sigusr1'] });
          assert.match(await refusal(String(target.pid)), /does not react to SIGUSR1 \(started with --disable-sigusr1.*restart it with --inspect/);
          await unharmed(target);
        });
      }
    });
  }

  describe('an address', () => {
    it('where nothing listens', async () => {
      const server = net.createServer();
      let free = 0;
      await withServer(server, (port) => Promise.resolve(void (free = port)));
      assert.match(await refusal(`127.0.0.1:${free}`), /^Nothing listens at 127\.0\.0\.1:\d+;/);
      assert.match(await refusal(`ws://127.0.0.1:${free}/x`), /^Cannot connect .* ECONNREFUSED/);
    });

    it('of a web server', async () => {
      const pages = http.createServer((_, response) => response.end('<html></html>'));
      await withServer(pages, async (port) => assert.match(await refusal(`127.0.0.1:${port}`), /is not a Node inspector;/));
      const missing = http.createServer((_, response) => response.writeHead(404).end());
      await withServer(missing, async (port) => {
        assert.match(await refusal(`localhost:${port}`), /is not a Node inspector;/);
        assert.match(await refusal(`ws://127.0.0.1:${port}/x`), /^Cannot connect .* 404/);
      });
    });

    it('of a server that speaks something else', async () => {
      const mail = net.createServer((socket) => socket.write('220 mail.example ESMTP\r\n'));
      await withServer(mail, async (port) => assert.match(await refusal(`127.0.0.1:${port}`), /is not a Node inspector;/));
      const closes = net.createServer((socket) => socket.destroy());
      await withServer(closes, async (port) => assert.match(await refusal(`127.0.0.1:${port}`), /is not a Node inspector;/));
    });

    it('of a WebSocket server that is no inspector', async () => {
      const server = http.createServer();
      new WebSocketServer({ server }).on('connection', (socket) => socket.on('message', () => socket.send('hello {')));
      await withServer(server, async (port) => {
        assert.match(await refusal(`ws://127.0.0.1:${port}/chat`), /sent what cannot be read \(.*hello.*\): it may be no inspector\.$/);
      });
    });

    it('of a server that never answers', async () => {
      const silent = net.createServer(() => undefined);
      await withServer(silent, async (port) => {
        const [byAddress, byUrl] = await Promise.all([refusal(`127.0.0.1:${port}`), refusal(`ws://127.0.0.1:${port}/x`)]);
        assert.match(byAddress, /gave no answer within \d+ s/);
        assert.match(byUrl, /^Cannot connect .* timed out/);
      });
    });
  });

  describe('a snapshot file', () => {
    let folder: Folder;
    before(() => (folder = makeFolder({ 'empty.heapsnapshot': '', 'text.heapsnapshot': 'not a snapshot', 'json.heapsnapshot': '{"snapshot":{}}' })));
    after(() => folder.remove());

    const file = (name: string) => path.join(folder.path, name);
    it('that does not exist', async () => assert.match(await refusal(file('none.heapsnapshot')), /none\.heapsnapshot/));
    it('that is a folder', async () => assert.match(await refusal(folder.path), / is no file\./));
    it('that is empty', async () => assert.match(await refusal(file('empty.heapsnapshot')), /empty\.heapsnapshot/));
    it('that is text', async () => assert.match(await refusal(file('text.heapsnapshot')), /text\.heapsnapshot/));
    it('that is another JSON', async () => assert.match(await refusal(file('json.heapsnapshot')), /json\.heapsnapshot/));

    it('of random bytes', async () => {
      writeFileSync(file('random.heapsnapshot'), randomBytes(100_000));
      assert.match(await refusal(file('random.heapsnapshot')), /random\.heapsnapshot/);
    });

    it('that is cut short, wherever', async () => {
      const whole = await outputOf(`require('v8').getHeapSnapshot().pipe(process.stdout);`);
      for (const share of [0.001, 0.1, 0.5, 0.9, 0.999]) {
        writeFileSync(file('cut.heapsnapshot'), whole.slice(0, Math.floor(whole.length * share)));
        assert.match(await refusal(file('cut.heapsnapshot')), /cut\.heapsnapshot/);
      }
    });
  });
});

async function outputOf(source: string): Promise<string> {
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  return output;
}
