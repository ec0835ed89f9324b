import assert from 'node:assert/strict';
import { tickText, ticks, Viewport } from '../../src/webview/viewport';

describe('the part of the time that is shown', () => {
  it('keeps what is under the mouse where it is when it is zoomed', () => {
    const viewport = new Viewport();
    viewport.show(1000, 2000, 0, 60_000);
    viewport.zoom(0.5, 1250, 0, 60_000);
    assert.deepEqual([viewport.from, viewport.to], [1125, 1625]);
    assert.equal(viewport.x(1250, 800), 200);
    assert.equal(viewport.time(200, 800), 1250);
  });

  it('never leaves what was recorded, and never becomes nothing', () => {
    const viewport = new Viewport();
    viewport.show(1000, 2000, 0, 60_000);
    for (let turn = 0; turn < 100; turn++) viewport.zoom(2, 30_000, 0, 60_000);
    assert.ok(viewport.to - viewport.from <= 63_000 && viewport.from >= -3_200, `${viewport.from} ${viewport.to}`);
    for (let turn = 0; turn < 100; turn++) viewport.zoom(0.5, 30_000, 0, 60_000);
    assert.ok(viewport.to - viewport.from > 0.009);
    viewport.show(0, 1000, 0, 60_000);
    viewport.pan(1e9, 0, 60_000);
    assert.deepEqual([viewport.from, viewport.to], [59_050, 60_050]);
    viewport.pan(-1e9, 0, 60_000);
    assert.deepEqual([viewport.from, viewport.to], [-50, 950]);
  });

  it('follows the present until it is moved', () => {
    const viewport = new Viewport();
    viewport.follow(100);
    assert.equal(viewport.from, 0);
    viewport.follow(20_000);
    assert.equal(viewport.to, 20_000);
    viewport.pan(-1000, 0, 20_000);
    viewport.follow(30_000);
    assert.equal(viewport.to, 19_000);
  });
});

describe('the time axis', () => {
  it('has round times that are not too close to each other', () => {
    assert.deepEqual(ticks(0, 1000, 180), { step: 200, times: [0, 200, 400, 600, 800, 1000] });
    assert.deepEqual(ticks(-0.3, 0.4, 0.11).times.map((time) => Math.round(time * 10)), [-2, 0, 2, 4]);
    assert.deepEqual(ticks(12_340, 12_360, 10), { step: 10, times: [12_340, 12_350, 12_360] });
  });

  it('writes them as exactly as they differ', () => {
    const written = (from: number, to: number, apart: number) => {
      const { step, times } = ticks(from, to, apart);
      return times.map((time) => tickText(time, step));
    };
    assert.deepEqual(written(0, 1000, 500), ['0.0 s', '0.5 s', '1.0 s']);
    assert.deepEqual(written(0, 4000, 2000), ['0 s', '2 s', '4 s']);
    assert.deepEqual(written(12, 13, 0.5), ['12.0 ms', '12.5 ms', '13.0 ms']);
    assert.deepEqual(written(30_000, 30_002, 1), ['30.000 s', '30.001 s', '30.002 s']);
    for (const apart of [0.001, 0.02, 3, 70, 900]) assert.equal(new Set(written(10_000, 10_000 + apart * 20, apart)).size, written(10_000, 10_000 + apart * 20, apart).length);
  });
});
