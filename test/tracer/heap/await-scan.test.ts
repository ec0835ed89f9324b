import assert from 'node:assert/strict';
import { awaitAround, onlyAwait, type CodeKind } from '../../../src/tracer/heap/await-scan';
import { SourceText } from '../../../src/tracer/heap/source-text';

/** `^` marks where V8 says that the function starts, `@` the only await; without `@` there must be none or several. */
function check(marked: string, kind: CodeKind = 'async-function'): void {
  const start = marked.indexOf('^');
  const withoutStart = start < 0 ? marked : marked.slice(0, start) + marked.slice(start + 1);
  const at = withoutStart.indexOf('@');
  const text = withoutStart.replace('@', '');
  const expected = at < 0 ? undefined : at;
  assert.equal(onlyAwait(text, Math.max(0, start), kind), expected, marked);
}

describe('await scan', () => {
  it('finds the only await of functions of every shape', () => {
    check('async function a^() { @await x; }');
    check('before(); async function a^(b = 1, { c } = {}) { if (b) { return (@await c) + 1; } } after(await z);');
    check('const a = ^async (x) => @await x;');
    check('const a = ^async x => { try { @await x } catch {} }; await later;');
    check('list.map(^async (item) => { @await item; }).filter(await other)');
    check('(^async () => { @await a; })();');
    check('class A { async m^() { @await super.m(); } async n() { await 1; } }');
    check('class A { static async #p^(x) { this.#q; @await x; } }');
    check('const o = { async "odd name"^() { @await new.target; } };');
    check('const o = { async *gen^() { @await x; } };', 'async-generator');
    check('async function a^() { for (const x of y) { with_(`${@await x}`); } }');
  });

  it('leaves out the awaits of functions inside', () => {
    check('async function a^() { const f = async () => { await 1; await 2; }; @await f(); }');
    check('async function a^() { class B { async m() { await 1; } static { use(async () => await 2); } } @await new B().m(); }');
    check('async function a^() { @await run(async function () { await inner; }); }');
    check('async function a^() { return { [@await key]: async () => await 1 }; }');
  });

  it('is not misled by text that looks like an await', () => {
    check('async function a^() { /* await x */ const s = "await y", r = /await z/, t = `await ${"w"}`; @await real; } // await');
    check('async function a^(x = /[)]/, y = ")") { @await x; }');
  });

  it('gives up where several places are possible', () => {
    check('async function a^() { await x; await y; }');
    check('async function a^() {}');
    check('async function a^() { for await (const x of y) {} }');
    check('async function a^() { for await (const x of y) { await x; } }');
    check('async function a^() { await using x = y; }');
    check('async function* a^() { await x; yield 1; }', 'async-generator');
    check('async function* a^() { return await x; }', 'async-generator');
    check('async function* a^() { yield* x; }', 'async-generator');
  });

  it('gives up where the text is not understood', () => {
    check('async function a^() { await x; ');
    check('async function a^() { await 1 + ; }');
    check('^function a() { return 1; }');
  });

  it('reads modules at their top level', () => {
    check('import a from "a"; const b = @await a; export const f = async () => await b;', 'module');
    check('(async () => { await x; })(); @await y;', 'module');
    check('await x; await y;', 'module');
  });

  it('reads a function far down in a large bundle, larger than what is read at first', () => {
    const before = 'const filler = 1;\n'.repeat(50_000);
    check(`${before}async function a^() { ${'use(1);'.repeat(10_000)} @await x; }\n${before}`);
  });
});

describe('source text', () => {
  it('counts lines as V8 does', () => {
    const source = new SourceText('a\nb\r\nc\rd\u2028e\u2029f');
    assert.deepEqual([...'abcdef'].map((letter) => source.position(source.text.indexOf(letter))), [0, 1, 2, 3, 4, 5].map((line) => ({ line, column: 0 })));
    assert.equal(source.offset(2, 0), source.text.indexOf('c'));
    assert.equal(source.offset(9, 0), undefined);
    assert.equal(source.offset(5, 9), undefined);
  });
});

describe('the await around a place', () => {
  // `|` is the place that V8 gives, `^` the await that is meant; without one, none is found.
  const cases = [
    'async () => { ^await |promise; }',
    'async () => { ^await service.|query(1); }',
    'async () => { const [a] = ^await |once(bus, "await"); }',
    'async () => { ^await f(await g(), |x); }',
    'async () => { await f(^await |g()); }',
    'async () => { ^await (await first).|second(); }',
    'async () => { await first; ^await builder\n  .one()\n  .|two(); }',
    'async () => { |^await promise; }',
    'async function* () { |yield ^await promise; }',
    'async function* () { ^yield |load(); }',
    'async () => { for await (const row of |rows()) use(row); }',
    'async () => { await first; |second(); }',
    'async () => { const awaited = |first(); }',
    'async () => { ^await |new Promise<void>((resolve) => later(resolve)); }',
    'async () => { ^await this.store!.|find<Row>(key); }',
    'async () => { await first<Row>(); |second<Row>(); }',
    'not (a program |at all',
  ];
  for (const code of cases) {
    it(code.replace(/\s+/g, ' '), () => {
      const text = code.replace(/[|^]/g, '');
      const meant = code.includes('^') ? code.replace('|', '').indexOf('^') : undefined;
      assert.equal(awaitAround(text, code.replace('^', '').indexOf('|')), meant);
    });
  }
});
