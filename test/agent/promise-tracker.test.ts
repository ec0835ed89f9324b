import { strict as assert } from 'node:assert';
import path from 'node:path';
import { nodeBinary, nodeMajors } from '../host/provision';
import { AwaitsCode } from '../../src/agent/protocol';
import { accountOf, agentFixtures, runToEnd, tasksIn, withAgent } from './agent-process';

interface Account {
  pending: Record<string, number>;
  edges: Record<string, number>;
  abandonedCalls: number;
  answer: string;
}

describe('the tracker of promises', function () {
  this.timeout(120_000);

  for (const major of nodeMajors) {
    it(`lists exactly what a program knows to be pending, of 200,000 promises on Node ${major}`, async () => {
      const { code, stdout, stderr } = await runToEnd(await nodeBinary(major), ['--expose-gc', path.join(agentFixtures, 'oracle.js'), '32000', String(major)], withAgent());
      assert.equal(code, 0, stderr);
      const account = JSON.parse(stdout) as Account;
      const { tasks } = tasksIn(account.answer);
      const listed = accountOf(tasks);
      assert.deepEqual(sorted(listed.pending), sorted(account.pending));
      assert.deepEqual(sorted(listed.edges), sorted(account.edges));
      assert.equal(tasks.counts.lost, account.abandonedCalls, 'calls that nothing can resume are lost, and no others');
      assert.ok(account.abandonedCalls > 50 && tasks.counts.created > 150_000, 'the program did its part');
      assert.equal(tasks.counts.dropped, 0);
    });

    it(`tells of lost calls of the program only, on Node ${major}`, async () => {
      const program = `const { once, EventEmitter } = require('node:events');
        async function passes(emitter) { return new Promise((resolve) => emitter.once('x', resolve)); }
        async function listens() { await once(new EventEmitter(), 'x'); }
        async function asks() { await passes(new EventEmitter()); }
        listens();
        asks();
        let collections = 0;
        setTimeout(function collect() { gc(); if (++collections < 5) setTimeout(collect, 40); else setTimeout(() => console.log(globalThis['asyncscope:' + JSON.parse(process.env.ASYNCSCOPE_AGENT).secret].poll('{"version":1,"sites":0}')), 40); }, 100);`;
      const { stdout, stderr } = await runToEnd(await nodeBinary(major), ['--expose-gc', '-e', program], withAgent());
      assert.equal(stderr, '');
      const { tasks } = tasksIn(stdout);
      assert.deepEqual(tasks.lost.map(([site]) => tasks.sites[site]?.[3]).sort(), ['asks', 'listens']);
      assert.equal(tasks.counts.lost, 2);
    });

    it(`lists calls that wait for something new after thousands of the same on Node ${major}`, async () => {
      const { stdout, stderr } = await runToEnd(await nodeBinary(major), [path.join(agentFixtures, 'changed-course.js')], withAgent());
      assert.equal(stderr, '');
      const { tasks } = tasksIn(stdout);
      const { pending, edges } = accountOf(tasks);
      assert.deepEqual(pending, { afterPlain: 1, afterCached: 1, afterFirstPages: 1 });
      assert.deepEqual(edges, {}, 'nothing waits for itself');
    });

    it(`does not say of another function's call that it waits for what the one before it has made, on Node ${major}`, async () => {
      const program = `const held = [];
        async function query(id) { await new Promise((resolve) => held.push(resolve)); return id; }
        async function load(id) { return (await query(id)) + 1; }
        async function page(id) { await load(id); }
        for (let id = 0; id < 300; id++) page(id);
        async function other() { await new Promise((resolve) => setTimeout(resolve, 1e7)); }
        for (let id = 0; id < 10; id++) other();
        setTimeout(() => {
          console.log(globalThis['asyncscope:' + JSON.parse(process.env.ASYNCSCOPE_AGENT).secret].poll('{"version":1,"sites":0}'));
          process.exit();
        }, 100);`;
      const { stdout, stderr } = await runToEnd(await nodeBinary(major), ['-e', program], withAgent());
      assert.equal(stderr, '');
      const { tasks: data } = tasksIn(stdout);
      assert.deepEqual(accountOf(data).pending, { query: 300, load: 300, page: 300, other: 10 });
      const { tasks, sites } = data;
      const nameOf = (site: number) => sites[site]?.[3] ?? '?';
      const makers = tasks.ref.filter((_, index) => nameOf(tasks.site[index]!) === 'other' && tasks.awaits[index] === AwaitsCode.made).map(nameOf);
      // Of the first one it is not known who has made what it waits for.
      assert.deepEqual(makers.filter((name) => name !== 'other' && name !== ''), []);
      assert.ok(makers.filter((name) => name === 'other').length >= 8, makers.join());
    });
  }
});

function sorted(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts).filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}
