import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { generatedFiles } from '../../scripts/generated';

describe('what is generated from the rules', () => {
  for (const [file, content] of generatedFiles()) {
    it(`${file} is up to date (npm run generate writes it)`, () => {
      assert.equal(existsSync(file) ? readFileSync(file, 'utf8') : undefined, content);
    });
  }
});
