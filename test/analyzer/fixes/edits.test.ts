import assert from 'node:assert/strict';
import { EditSet, conflict, insert, replace } from '../../../src/analyzer/fixes/edits';
import type { TextEdit } from '../../../src/analyzer/finding';

/** The same numbers each time: a linear congruential generator. */
function* numbers(): Generator<number, never> {
  for (let at = 7; ; ) {
    at = (at * 1103515245 + 12345) % 2147483648;
    yield at >> 8;
  }
}

describe('a set of edits', () => {
  it('accepts what conflicts with none of them, as a comparison with each of them says', () => {
    const random = numbers();
    const below = (limit: number): number => random.next().value % limit;
    let [accepted, refused] = [0, 0];
    for (let round = 0; round < 200; round++) {
      const set = new EditSet();
      const made: TextEdit[] = [];
      for (let step = 0; step < 30; step++) {
        const path = below(2) === 0 ? 'a.ts' : 'b.ts';
        const start = below(60);
        const edit = below(2) === 0 ? insert(path, start, ['x', 'y'][below(2)] ?? '') : replace(path, { start, end: start + 1 + below(6) }, 'z');
        const fits = !made.some((other) => conflict(other, edit));
        assert.equal(set.accepts([edit]), fits, JSON.stringify({ made, edit }));
        if (fits) {
          set.add([edit]);
          made.push(edit);
          accepted++;
        } else refused++;
      }
    }
    assert.ok(accepted > 500 && refused > 500, `${accepted} accepted, ${refused} refused`);
  });
});
