import type { FixProposal, TextEdit } from '../finding';
import {
  isAwaitExpression,
  isExpressionStatement,
  isIdentifier,
  isVariableDeclaration,
  isVariableStatement,
  type AwaitExpression,
  type Node,
  type SourceUnit,
  type Statement,
  type VariableDeclaration,
} from '../program';
import { insert, replace } from './edits';
import { indentationAt, newlineOf, usesSemicolons } from './text-style';

/**
 * The fixes of a promise whose handler comes late: wait for it together with what is awaited just before it, or give it
 * a handler at once, which leaves the await to throw what it throws.
 */
export function lateAwaitFixes(unit: SourceUnit, declaration: VariableDeclaration, use: Node, wait: Node | undefined): FixProposal[] {
  const together = wait && isAwaitExpression(wait) ? waitTogether(unit, wait, use) : undefined;
  const handled = handleAtOnce(unit, declaration);
  return [
    ...(together ? [proposal("Wait for both with 'Promise.all'", true, together)] : []),
    ...(handled ? [proposal("Give it a handler at once with '.catch(() => {})': the await still throws", !together, handled)] : []),
  ];
}

function proposal(title: string, preferred: boolean, edits: readonly TextEdit[]): FixProposal {
  return {
    title,
    kind: 'quickfix',
    preferred,
    *edits() {
      return edits;
    },
  };
}

/** `const a = await x; const b = await p;` as `const [a, b] = await Promise.all([x, p]);`. */
function waitTogether(unit: SourceUnit, wait: AwaitExpression, use: Node): TextEdit[] | undefined {
  const { path, sourceFile, text } = unit;
  const first = awaitStatement(wait);
  const second = isAwaitExpression(use.parent) ? awaitStatement(use.parent) : undefined;
  if (!first || !second) return undefined;
  const siblings = (first.statement.parent as { statements?: readonly Node[] }).statements;
  if (siblings?.[siblings.indexOf(first.statement) + 1] !== second.statement) return undefined;
  // A comment between them would be lost.
  if (/\S/.test(text.slice(first.statement.end, second.statement.getStart(sourceFile)))) return undefined;
  if (first.keyword && second.keyword && first.keyword !== second.keyword) return undefined;
  const keyword = first.keyword ?? second.keyword;
  const names = [first.name ?? '', ...(second.name === undefined ? [] : [second.name])];
  const target = keyword ? `${keyword} [${names.join(', ')}] = ` : '';
  const semicolon = usesSemicolons(text) ? ';' : '';
  const both = `${target}await Promise.all([${wait.expression.getText(sourceFile)}, ${use.getText(sourceFile)}])${semicolon}`;
  return [replace(path, { start: first.statement.getStart(sourceFile), end: second.statement.end }, both)];
}

interface AwaitStatement {
  readonly statement: Statement;
  readonly keyword: string | undefined;
  /** The name or pattern that is declared. */
  readonly name: string | undefined;
}

/** `await x;` or `const name = await x;`. */
function awaitStatement(node: AwaitExpression): AwaitStatement | undefined {
  const { parent } = node;
  if (isExpressionStatement(parent)) return { statement: parent, keyword: undefined, name: undefined };
  if (!isVariableDeclaration(parent) || parent.type) return undefined;
  const list = parent.parent as Node & { declarations?: readonly Node[] };
  if (list.declarations?.length !== 1 || !isVariableStatement(list.parent)) return undefined;
  const keyword = /^(?:const|let|var)\b/.exec(list.getText())?.[0];
  return keyword === undefined ? undefined : { statement: list.parent, keyword, name: parent.name.getText() };
}

function handleAtOnce(unit: SourceUnit, declaration: VariableDeclaration): TextEdit[] | undefined {
  const { path, text } = unit;
  const statement = declaration.parent.parent;
  if (!isVariableStatement(statement) || !isIdentifier(declaration.name)) return undefined;
  const semicolon = usesSemicolons(text) ? ';' : '';
  return [insert(path, statement.end, `${newlineOf(text)}${indentationAt(unit, statement)}${declaration.name.text}.catch(() => {})${semicolon}`)];
}

