import assert from 'node:assert/strict';
import { slashed } from '../../../src/analyzer/program/paths';

describe('paths as the compiler writes them', () => {
  it('have slashes on Windows', () => {
    assert.equal(slashed('C:\\code\\src\\a.ts', '\\'), 'C:/code/src/a.ts');
    assert.equal(slashed('c:/code\\src/a.ts', '\\'), 'c:/code/src/a.ts');
    assert.equal(slashed('\\\\server\\share\\a.ts', '\\'), '//server/share/a.ts');
  });

  it('keep a backslash where it is part of a name', () => {
    assert.equal(slashed('/code/a\\b.ts', '/'), '/code/a\\b.ts');
  });
});
