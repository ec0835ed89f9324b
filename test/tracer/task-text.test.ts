import assert from 'node:assert/strict';
import path from 'node:path';
import { positionText, waitingText } from '../../src/tracer/task-text';

describe('the text of a place', () => {
  const here = process.cwd();
  afterEach(() => process.chdir(here));

  it('is relative to the folder that we run in, and whole elsewhere', () => {
    assert.equal(positionText({ file: path.resolve('src/app.ts'), line: 4, column: 3 }), `${path.join('src', 'app.ts')}:4:3`);
    assert.equal(positionText({ file: '/elsewhere/app.ts', line: 4, column: 3 }), '/elsewhere/app.ts:4:3');
  });

  it('is whole where we run in the root folder', () => {
    process.chdir('/');
    assert.equal(positionText({ file: '/home/me/app.ts', line: 4, column: 3 }), '/home/me/app.ts:4:3');
  });
});

describe('how many wait somewhere', () => {
  it('is told in groups of digits, as everywhere', () => {
    assert.equal(waitingText(12, 40_200), '12 waiting here, oldest 40.2 s');
    assert.equal(waitingText(33_334, 640), '33,334 waiting here, oldest 640 ms');
  });
});
