import assert from 'node:assert/strict';
import { inspectPort } from '../../../src/tracer/inspector/inspect-port';
import { parseTarget, TargetError } from '../../../src/tracer/inspector/target';

describe('parseTarget', () => {
  const cases: [text: string, target: object][] = [
    ['123', { kind: 'process', pid: 123 }],
    ['localhost:9229', { kind: 'address', host: 'localhost', port: 9229 }],
    [':9230', { kind: 'address', host: '127.0.0.1', port: 9230 }],
    ['[::1]:9229', { kind: 'address', host: '::1', port: 9229 }],
    ['http://127.0.0.1:9229/', { kind: 'address', host: '127.0.0.1', port: 9229 }],
    ['ws://127.0.0.1:9229/0f2c', { kind: 'url', url: 'ws://127.0.0.1:9229/0f2c' }],
    ['dumps/Heap.heapsnapshot', { kind: 'file', path: 'dumps/Heap.heapsnapshot' }],
    ['package.json', { kind: 'file', path: 'package.json' }],
  ];
  for (const [text, target] of cases) it(`reads ${text}`, () => assert.deepEqual(parseTarget(text), target));

  for (const text of ['', '-1', '0', '2147483648', 'a:0', 'a:65536', 'a b', 'ws://', 'no-such-file', '12.5']) {
    it(`refuses "${text}"`, () => assert.throws(() => parseTarget(text), TargetError));
  }
});

describe('inspectPort', () => {
  const port = (command: string, nodeOptions = '') => inspectPort(command.split(' '), nodeOptions);

  it('reads every form', () => {
    assert.equal(port('node app.js'), 9229);
    assert.equal(port('node --inspect app.js'), 9229);
    assert.equal(port('node --inspect=9300 app.js'), 9300);
    assert.equal(port('node --inspect-brk=0.0.0.0:0 app.js'), 0);
    assert.equal(port('node --inspect=[::1]:9301 app.js'), 9301);
    assert.equal(port('node --inspect-port=9302 app.js'), 9302);
    assert.equal(port('node --inspect-port 9303 app.js'), 9303);
    assert.equal(port('node --inspect=localhost --inspect-port=9304 app.js'), 9304);
  });

  it('lets the command line win over NODE_OPTIONS', () => {
    assert.equal(port('node app.js', '--no-warnings --inspect=9305'), 9305);
    assert.equal(port('node --inspect=9306 app.js', '--inspect=9305'), 9306);
  });

  it("leaves the program's own arguments alone", () => {
    assert.equal(port('node -r ./setup.js --import=x app.js --inspect=1'), 9229);
    assert.equal(port('node -- --inspect=1'), 9229);
    assert.equal(port('node -e code --inspect=1'), 1);
  });
});
