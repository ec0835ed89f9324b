import assert from 'node:assert/strict';
import { slashed } from '../../../src/analyzer/program/paths';

describe('paths as the compiler writes them', () => {
  it('have slashes on Windows', () => {
    assert.equal(slashed('C:\\work\\src\\a.ts', '\\'), 'C:/work/src/a.ts');
    assert.equal(slashed('c:/work\\src/a.ts', '\\'), 'c:/work/src/a.ts');
    assert.equal(slashed('\\\\server\\share\\a.ts', '\\'), '//server/share/a.ts');
  });

  it('keep a backslash where it is part of a name', () => {
    assert.equal(slashed('/work/a\\b.ts', '/'), '/work/a\\b.ts');
  });
});
