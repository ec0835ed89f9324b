import assert from 'node:assert/strict';
import path from 'node:path';
import { attach, type Attachment } from '../../../src/tracer/inspector/attachment';
import { LiveAgent } from '../../../src/tracer/live/live-agent';
import { serialPair } from '../../../src/tracer/live/serial-pair';
import { TaskHistory } from '../../../src/tracer/live/task-history';
import { liveWarnings, type LiveWarning } from '../../../src/tracer/live/warnings';
import { makeFolder, type Folder } from '../../folder';
import { nodeBinary } from '../../host/provision';
import { TargetProcess } from '../inspector/target-process';

/** What is said of an async function with that body, of its last await. */
function pairIn(body: string): { first: string; second: string } | undefined {
  const text = `const before = 1;\nasync function handle(id, request, db) {\n${body}\n}\n`;
  const pair = serialPair(text, text.indexOf('(id'), text.lastIndexOf('await'));
  if (pair) assert.equal(text.slice(pair.firstAwait, pair.firstAwait + 5), 'await');
  return pair && { first: pair.first, second: pair.second };
}

describe('two awaits, one after the other,', () => {
  it('are a pair where both read something and neither uses the other', () => {
    for (const body of [
      'const user = await getUser(id);\nconst orders = await db.orders.findAll({ id, all: true });',
      'log(id);\nlet { name, tags: [tag] } = await this.loadUser(request.params.id);\n// then\nconst rows = await fetch(`/rows/${id}`);\nreturn [name, tag, rows];',
    ]) {
      assert.ok(pairIn(body), body);
    }
    assert.deepEqual(pairIn('const user = await users.find(id);\nconst rate = await getRate();'), { first: 'users.find', second: 'getRate' });
  });

  it('are none where it is not sure', () => {
    for (const body of [
      'const user = await getUser(id);\nconst orders = await getOrders(user);',
      'const { key } = await getUser(id);\nconst orders = await getOrders(`${id}/${key}`);',
      'const user = await getUser(id);\nconst user2 = await getOther({ user });',
      'const user = await getUser(id);\nid = user.id;\nconst orders = await getOrders(id);',
      'const user = await getUser(id);\nconst orders = await getOrders(id = 7);',
      'const user = await getUser(id);\nconst orders = await getOrders(next());',
      'const user = await getUser(id++);\nconst orders = await getOrders(id);',
      'const user = await saveUser(id);\nconst orders = await getOrders(id);',
      'const user = await getUser(id);\nconst orders = await createOrder(id);',
      'await lock.acquire();\nconst orders = await getOrders(id);',
      'const one = await reader.read();\nconst two = await reader.read();',
      'const one = await queue.get();\nconst two = await queue.get();',
      'const one = await tx.getUser(id);\nconst two = await tx.getOrders(id);',
      'const one = await fetch(id);\nconst two = await fetch(id, { method: request });',
      'const one = await getUser(id);\nif (!one) return;\nconst two = await getOrders(id);',
      'if (id) { const one = await getUser(id); }\nconst two = await getOrders(id);',
      'await check(id);\nconst one = await getUser(id);\nconst two = await getOrders(id);',
      'for (const each of id) {\nconst one = await getUser(each);\nconst two = await getOrders(each);\n}',
      'const one = await getUser(id), two = await getOrders(id);',
      'const { name = await getName() } = await getUser(id);\nconst two = await getOrders(id);',
      'const one = await getUser[id](1);\nconst two = await getOrders(id);',
      'const one = await getUser(id);\nconst two: Order = await getOrders(id);',
    ]) {
      assert.equal(pairIn(body), undefined, body);
    }
  });

  describe('in a real program', function () {
    this.timeout(60_000);
    let folder: Folder;
    let target: TargetProcess | undefined;
    let attachment: Attachment | undefined;

    beforeEach(() => (folder = makeFolder()));
    afterEach(async () => {
      await attachment?.close();
      await target?.stop();
      folder.remove();
    });

    /** The warnings once calls of every function were seen to end often. */
    async function warningsOf(source: string): Promise<LiveWarning[]> {
      folder.write({ 'app.js': source });
      target = await TargetProcess.start(await nodeBinary(24), `require(${JSON.stringify(folder.file('app.js'))})`, { nodeArgs: ['--inspect-port=0'] });
      attachment = await attach({ kind: 'process', pid: target.pid });
      const agent = await LiveAgent.install(attachment.session, { agentPath: path.resolve('dist/agent.js') });
      const history = new TaskHistory();
      const seen = () => [...history.serial.places].filter(({ began }) => began.size >= 30).length;
      while (seen() < 4) history.add(await agent.poll(), performance.now());
      await agent.remove();
      return liveWarnings(history).filter(({ check }) => check === 'serial-awaits');
    }

    it('are told where the second waited in vain, and nowhere else', async () => {
      const found = await warningsOf(`const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function getUser(id) {
  await pause(30);
  return { id };
}
async function getOrders(id) {
  await pause(20);
  return [id];
}
async function serial(id) {
  const user = await getUser(id);
  const orders = await getOrders(id);
  return { user, orders };
}
async function dependent(id) {
  const user = await getUser(id);
  const orders = await getOrders(user.id);
  return { user, orders };
}
setInterval(() => { void serial(1); void dependent(2); }, 10);
console.log('ready');
`);
      assert.deepEqual(found.map(({ place, rule }) => [place?.line, rule]), [[12, undefined]]);
      assert.match(found[0]?.text ?? '', /^serial calls getOrders only after it has waited for getUser \(usually \d+ ms\), and does not use what that gave: .*Promise\.all.*app\.js:12:18/);
    });
  });
});
