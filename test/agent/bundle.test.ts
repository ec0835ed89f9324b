import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { nodeBinary, nodeMajors } from '../host/provision';
import { agentPath, runToEnd, withAgent } from './agent-process';

describe('the agent’s bundle', function () {
  this.timeout(60_000);

  it('is small, and needs nothing but Node', () => {
    const text = readFileSync(agentPath, 'utf8');
    assert.ok(Buffer.byteLength(text) <= 30 * 1024, `${Buffer.byteLength(text)} bytes`);
    const others = [text, readFileSync(path.join(path.dirname(agentPath), 'handles.js'), 'utf8')].flatMap((each) => [...each.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name!));
    assert.deepEqual(others.filter((name) => !builtinModules.includes(name.replace('node:', ''))), ['./handles.js']);
  });

  for (const major of nodeMajors) {
    it(`stays out, without a word, where its configuration is none, on Node ${major}`, async () => {
      const node = await nodeBinary(major);
      const program = 'console.log(Reflect.ownKeys(globalThis).filter((key) => String(key).includes("asyncscope")).length, process.eventNames().length)';
      const alone = await runToEnd(node, ['-e', program]);
      const env = withAgent();
      for (const config of ['', '{', 'null', '[]', '{"version":1}', '{"version":2,"secret":"0123456789abcdef0123456789abcdef"}', '{"version":1,"secret":"short"}', 'x'.repeat(5_000)]) {
        assert.deepEqual(await runToEnd(node, ['-e', program], { ...env, ASYNCSCOPE_AGENT: config }), alone, config.slice(0, 80));
      }
    });

    it(`is not seen by the program on Node ${major}`, async () => {
      const node = await nodeBinary(major);
      const program = `
        Error.stackTraceLimit = 3;
        Error.prepareStackTrace = () => { throw new Error('not for you'); };
        const promise = new Promise(() => {});
        async function wait() { await promise; }
        const pending = wait();
        Error.prepareStackTrace = undefined;
        console.log(require('node:util').inspect([promise, pending], { showHidden: true }), Reflect.ownKeys(promise), Object.isExtensible(promise));
        console.log(Object.keys(globalThis).length, Error.stackTraceLimit, new Error('x').stack.split('\\n').length);
        Object.freeze(Promise.prototype); Object.freeze(Error);
        (async () => { await null; console.log(new Error('y').stack.replace(/\\(?node:.*/g, '')); })();
        process.nextTick(() => console.log('tick')); queueMicrotask(() => console.log('microtask')); 
        // Which of these two comes first is settled only in a callback of the loop's.
        require('node:fs').stat('.', () => { setTimeout(() => console.log('timer')); setImmediate(() => console.log('immediate')); });`;
      assert.deepEqual(await runToEnd(node, ['-e', program], withAgent()), await runToEnd(node, ['-e', program]));
    });
  }
});
