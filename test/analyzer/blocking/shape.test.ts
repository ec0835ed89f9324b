import assert from 'node:assert/strict';
import { shapeOf } from '../../../src/analyzer/blocking/shape';
import { Programs } from '../../../src/analyzer/program';
import { makeFolder } from '../../folder';

const text = `/** What all are made of. */
import { join } from 'node:path';

// A sum.
export function add(a: number, b: number) {
  const sum = a + b;
  return sum;
}

export class Store {
  // Where it is.
  readonly at = join('a', 'b');

  /** Its name. */
  name(): string {
    return this.at;
  }
}
`;

describe('what other files can see of a file', () => {
  const folder = makeFolder({ 'store.ts': text, 'store.js': text });
  const programs = new Programs(folder.path);
  after(() => {
    programs.close();
    folder.remove();
  });

  function shape(name: string, find: string, replacement: string): string {
    assert.ok(text.includes(find), find);
    const file = folder.file(name);
    programs.open([file]);
    programs.setText(file, text.replace(find, replacement));
    programs.refresh();
    const unit = programs.unit(file);
    assert.ok(unit);
    return shapeOf(unit.sourceFile);
  }

  const unseen: [what: string, find: string, replacement: string][] = [
    ['comments between statements', '// A sum.', '// A sum of two.'],
    ['comments between members', '// Where it is.', ''],
    ['what documents a member', '/** Its name. */', '/** What it goes by. */'],
    ['a comment at the end', '}\n}\n', '}\n}\n// The end.\n'],
    ['what a function does', 'a + b;', 'a - b;'],
    ['what it returns where it says of what type', 'return this.at', "return ''"],
  ];
  for (const [what, find, replacement] of unseen) {
    it(`is not ${what}`, () => assert.equal(shape('store.ts', find, replacement), shape('store.ts', find, find)));
  }

  const seen: [what: string, find: string, replacement: string][] = [
    ['names', 'name()', 'label()'],
    ['what a function returns', 'return sum', 'return String(sum)'],
    ['the type of a parameter', 'b: number', 'b: bigint'],
    ['what a property is set to', "join('a', 'b')", '1'],
    ['what may refer to other files', '/** What all', '/// <reference types="node" />\n/** What all'],
  ];
  for (const [what, find, replacement] of seen) {
    it(`is ${what}`, () => assert.notEqual(shape('store.ts', find, replacement), shape('store.ts', find, find)));
  }

  it('is what comments say in JavaScript, where they give types', () => {
    assert.notEqual(shape('store.js', '// A sum.', '/** @returns {string} */'), shape('store.js', '// A sum.', '// A sum.'));
  });
});
