import type { FixProposal, Refusal, TextEdit } from '../finding';
import {
  SyntaxKind,
  isArrowFunction,
  isAwaitExpression,
  isBlock,
  isExpressionStatement,
  isIdentifier,
  isPropertyAccessExpression,
  isReturnStatement,
  isSpreadElement,
  isVariableStatement,
  type Asking,
  type CallExpression,
  type Node,
  type PropertyAccessExpression,
  type SourceUnit,
} from '../program';
import { skipParentheses } from '../syntax/expressions';
import { Migration } from './async-migration';
import { awaitPlace } from './await-place';
import { insert, mergeInsertions, replace } from './edits';
import { forOfLoop } from './for-of-loop';
import { indentationAt, newlineOf, usesSemicolons } from './text-style';

/**
 * The fixes of an async callback that an array method calls without waiting for it: `forEach` as a loop or all at once,
 * predicates with their results awaited first.
 */
export function arrayCallbackFixes(unit: SourceUnit, call: CallExpression): FixProposal[] {
  const callee = skipParentheses(call.expression);
  if (!isPropertyAccessExpression(callee) || call.arguments.some(isSpreadElement)) return [];
  const { name } = callee;
  switch (name.text) {
    case 'forEach':
      return [
        fix("Run them at once and wait for all with 'Promise.all'", true, () => allAtOnce(unit, call, callee)),
        fix("Turn it into a 'for…of' loop that waits for one after the other", false, () => oneByOne(unit, call, callee)),
      ];
    case 'some':
    case 'every':
    case 'findIndex':
    case 'findLastIndex':
      return [fix(`Wait for all answers with 'Promise.all', then ask '${name.text}'`, true, () => answersFirst(unit, call, callee))];
    case 'filter':
    case 'find':
    case 'findLast':
      return [fix(`Wait for all answers with 'Promise.all', then '${name.text}' by them`, true, () => byAnswers(unit, call, callee))];
    default:
      return [];
  }
}

function fix(title: string, preferred: boolean, edits: FixProposal['edits']): FixProposal {
  return { title, kind: 'quickfix', preferred, edits };
}

/** `list.forEach(f)` as `await Promise.all(list.map(f))`. */
function* allAtOnce(unit: SourceUnit, call: CallExpression, callee: PropertyAccessExpression): Asking<readonly TextEdit[] | Refusal> {
  if (callee.questionDotToken) return { refused: 'what is optional here would be undefined for Promise.all.' };
  const { parent } = call;
  const { path, sourceFile } = unit;
  if (isAwaitExpression(parent) && isExpressionStatement(parent.parent)) {
    const name = replace(path, { start: callee.name.getStart(sourceFile), end: callee.name.end }, 'map');
    return [insert(path, call.getStart(sourceFile), 'Promise.all('), name, insert(path, call.end, ')')];
  }
  const isDropped = isExpressionStatement(parent) || isReturnStatement(parent) || isArrowFunction(parent);
  if (!isDropped) return { refused: "what 'forEach' returns is used." };
  return yield* awaitedAnswers(unit, call, callee, { before: 'Promise.all(', after: ')' });
}

/** `list.some(f)` as `(await Promise.all(list.map(f))).some(Boolean)`. */
function* answersFirst(unit: SourceUnit, call: CallExpression, callee: PropertyAccessExpression): Asking<readonly TextEdit[] | Refusal> {
  if (callee.questionDotToken) return { refused: 'what is optional here would be undefined for Promise.all.' };
  return yield* awaitedAnswers(unit, call, callee, { before: 'Promise.all(', after: ')', pick: `${callee.name.text}(Boolean)` });
}

function* awaitedAnswers(
  unit: SourceUnit,
  call: CallExpression,
  callee: PropertyAccessExpression,
  around: { before: string; after: string; pick?: string },
): Asking<readonly TextEdit[] | Refusal> {
  const migration = new Migration(unit.project);
  const obstacle = migration.await(call, around);
  if (obstacle) return obstacle;
  const others = yield* migration.finish();
  if ('refused' in others) return others;
  return [replace(unit.path, { start: callee.name.getStart(unit.sourceFile), end: callee.name.end }, 'map'), ...others];
}

/** `const x = list.filter(f)`: the answers are awaited in a statement before, and the elements chosen by them. */
function* byAnswers(unit: SourceUnit, call: CallExpression, callee: PropertyAccessExpression): Asking<readonly TextEdit[] | Refusal> {
  const { path, sourceFile, text } = unit;
  const list = callee.expression;
  if (callee.questionDotToken || !isPlainReference(list)) return { refused: `'${list.getText()}' would be evaluated twice.` };
  const statement = soleStatement(call);
  if (!statement) return { refused: 'something else of the statement is evaluated before it.' };
  const place = awaitPlace(call, sourceFile);
  if (place.kind === 'impossible') return { refused: place.reason };
  const name = freeName(callee.name.text === 'filter' ? 'kept' : 'matches', unit);
  const argumentsText = text.slice(call.arguments[0]?.getStart(sourceFile), call.arguments[call.arguments.length - 1]?.end);
  const semicolon = usesSemicolons(text) ? ';' : '';
  const answers = `const ${name} = await Promise.all(${list.getText()}.map(${argumentsText}))${semicolon}`;
  const own = [
    insert(path, statement.getStart(sourceFile), `${answers}${newlineOf(text)}${indentationAt(unit, statement)}`),
    replace(path, { start: call.arguments[0]?.getStart(sourceFile) ?? call.end, end: call.arguments[call.arguments.length - 1]?.end ?? call.end }, `(_, index) => ${name}[index]`),
  ];
  if (place.kind === 'allowed') return own;
  const migration = new Migration(unit.project);
  migration.add(place.function);
  const others = yield* migration.finish();
  return 'refused' in others ? others : mergeInsertions([...others, ...own]);
}

/** `list.forEach(f)` as a loop. */
function* oneByOne(unit: SourceUnit, call: CallExpression, callee: PropertyAccessExpression): Asking<readonly TextEdit[] | Refusal> {
  const own = yield* forOfLoop(unit, call, callee);
  if ('refused' in own) return own;
  const place = awaitPlace(call, unit.sourceFile);
  if (place.kind === 'impossible') return { refused: place.reason };
  if (place.kind === 'allowed') return own;
  const migration = new Migration(unit.project);
  migration.add(place.function);
  const others = yield* migration.finish();
  return 'refused' in others ? others : [...others, ...own];
}

/** `a`, `a.b.c`, `this.a`: evaluating it twice gives the same and does nothing. */
function isPlainReference(node: Node): boolean {
  if (isIdentifier(node) || node.kind === SyntaxKind.ThisKeyword) return true;
  return isPropertyAccessExpression(node) && !node.questionDotToken && isPlainReference(node.expression);
}

/** The statement in a block that evaluates nothing before a call: `const x = CALL…`, `return CALL…`, `CALL…`. */
function soleStatement(call: Node): Node | undefined {
  let at = call;
  for (;;) {
    const { parent } = at;
    const goesOn = (parent as { expression?: Node }).expression === at || (parent as { initializer?: Node }).initializer === at;
    const isLink = [
      SyntaxKind.PropertyAccessExpression,
      SyntaxKind.CallExpression,
      SyntaxKind.ParenthesizedExpression,
      SyntaxKind.AsExpression,
      SyntaxKind.NonNullExpression,
      SyntaxKind.VariableDeclaration,
    ].includes(parent.kind);
    if (isLink && goesOn) at = parent;
    else if (parent.kind === SyntaxKind.VariableDeclarationList && (parent as { declarations?: readonly Node[] }).declarations?.[0] === at) at = parent;
    else if ((isReturnStatement(parent) || isExpressionStatement(parent) || isVariableStatement(parent)) && hasStatements(parent.parent)) return parent;
    else return undefined;
  }
}

function hasStatements(node: Node): boolean {
  return isBlock(node) || node.kind === SyntaxKind.SourceFile || node.kind === SyntaxKind.CaseClause || node.kind === SyntaxKind.DefaultClause;
}

function freeName(wanted: string, { sourceFile }: SourceUnit): string {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (isIdentifier(node)) names.add(node.text);
    node.forEachChild(visit);
  };
  visit(sourceFile);
  let name = wanted;
  for (let count = 2; names.has(name); count++) name = `${wanted}${count}`;
  return name;
}
