import assert from 'node:assert/strict';
import path from 'node:path';
import { Programs, isImportDeclaration, type SourceUnit } from '../../../src/analyzer/program';

describe('a tree that is let go of', () => {
  const file = path.resolve('src/analyzer/suppressions.ts');
  const other = path.resolve('src/analyzer/linter.ts');
  let programs: Programs;
  beforeEach(() => {
    programs = new Programs(process.cwd());
    programs.open([file, other]);
  });
  afterEach(() => programs.close());

  function unitOf(path: string): SourceUnit {
    const unit = programs.unit(path);
    assert.ok(unit, path);
    return unit;
  }

  it('comes anew when it is asked for again, with the same text', () => {
    const before = unitOf(file);
    assert.equal(unitOf(file).sourceFile, before.sourceFile);
    programs.release(before);
    const after = unitOf(file);
    assert.notEqual(after.sourceFile, before.sourceFile);
    assert.equal(after.text, before.text);
  });

  it('can still be asked about by whoever holds a node of it', () => {
    const { sourceFile, project } = unitOf(file);
    const specifier = sourceFile.statements.find(isImportDeclaration)?.moduleSpecifier;
    assert.ok(specifier);
    const before = project.checker.getSymbolAtLocation(specifier)?.name;
    assert.ok(before);
    programs.release(unitOf(file));
    assert.equal(project.checker.getSymbolAtLocation(specifier)?.name, before);
  });

  it('stays where somebody needs the same one', () => {
    const { project } = unitOf(other);
    const kept = programs.treeToKeep(project, file);
    programs.release(unitOf(file));
    assert.equal(unitOf(file).sourceFile, kept);
  });

  it('is another one in the next snapshot, with unsaved text', () => {
    programs.release(unitOf(file));
    programs.setText(file, 'export const changed = 1;\n');
    programs.refresh();
    assert.equal(unitOf(file).text, 'export const changed = 1;\n');
    assert.equal(unitOf(other).sourceFile.fileName, other);
  });
});
