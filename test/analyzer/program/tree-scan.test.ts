import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Programs, SyntaxKind, forEachNearest, forEachOfKind, identifiersNamed, kindSet, type Identifier, type Node } from '../../../src/analyzer/program';

const allKinds = Object.values(SyntaxKind).filter((kind): kind is SyntaxKind => typeof kind === 'number');

describe('scanning a tree', () => {
  let programs: Programs;
  before(() => (programs = new Programs(process.cwd())));
  after(() => programs.close());

  const files = ['test/fixtures/rules', 'src/analyzer', 'node_modules/commander/lib', 'node_modules/picomatch/lib']
    .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => path.resolve(root, file)))
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file));

  /** What a walk by `forEachChild` meets of these kinds, below a node. */
  function walked(node: Node, kinds: ReadonlySet<SyntaxKind>, found: Node[] = []): Node[] {
    node.forEachChild((child) => {
      if (kinds.has(child.kind)) found.push(child);
      walked(child, kinds, found);
    });
    return found;
  }

  function scanned(node: Node, kinds: ReadonlySet<SyntaxKind>): Node[] {
    const found: Node[] = [];
    const set = kindSet(kinds);
    const visit = (one: Node): void => {
      found.push(one);
      forEachNearest(one, set, visit);
    };
    forEachNearest(node, set, visit);
    return found;
  }

  const describeNodes = (nodes: readonly Node[]): string[] => nodes.map((node) => `${SyntaxKind[node.kind]} ${node.pos}-${node.end} in ${SyntaxKind[node.parent.kind]}`);

  for (const [name, kinds] of [
    ['calls and functions', [SyntaxKind.CallExpression, SyntaxKind.ArrowFunction, SyntaxKind.FunctionDeclaration, SyntaxKind.MethodDeclaration]],
    ['identifiers', [SyntaxKind.Identifier]],
    ['every kind', allKinds],
  ] as const) {
    it(`meets the same nodes as forEachChild: ${name}`, () => {
      programs.open(files);
      let count = 0;
      for (const file of files) {
        const unit = programs.unit(file);
        assert.ok(unit, file);
        // The scan first: it must not depend on what a walk has made.
        const met = scanned(unit.sourceFile, new Set(kinds));
        const all: Node[] = [];
        forEachOfKind(unit.sourceFile, kindSet(kinds), (node) => void all.push(node));
        const expected = describeNodes(walked(unit.sourceFile, new Set(kinds)));
        assert.deepEqual(describeNodes(met), expected, file);
        assert.deepEqual(describeNodes(all.filter((node) => node !== unit.sourceFile)), expected, file);
        count += met.length;
      }
      assert.ok(count > 1000, `${count} nodes`);
    });
  }

  it('looks below the given node only, and stops when it is told to', () => {
    const file = path.resolve('src/analyzer/linter.ts');
    programs.open([file]);
    const sourceFile = programs.unit(file)?.sourceFile;
    assert.ok(sourceFile);
    const calls = new Set([SyntaxKind.CallExpression]);
    for (const statement of sourceFile.statements) {
      assert.deepEqual(describeNodes(scanned(statement, calls)), describeNodes(walked(statement, calls)));
    }
    let seen = 0;
    forEachNearest(sourceFile, kindSet(calls), () => ++seen === 2);
    assert.equal(seen, 2);
  });

  it('finds the identifiers of a name', () => {
    const file = path.resolve('src/analyzer/linter.ts');
    programs.open([file]);
    const sourceFile = programs.unit(file)?.sourceFile;
    assert.ok(sourceFile);
    const identifiers = walked(sourceFile, new Set([SyntaxKind.Identifier])) as Identifier[];
    for (const name of new Set(identifiers.map((one) => one.text))) {
      assert.deepEqual(describeNodes(identifiersNamed(name, sourceFile)), describeNodes(identifiers.filter((one) => one.text === name)), name);
    }
    assert.ok(identifiersNamed('unit', sourceFile).length > 3);
    assert.deepEqual(identifiersNamed('nowhereToBeFound', sourceFile), []);
  });
});
