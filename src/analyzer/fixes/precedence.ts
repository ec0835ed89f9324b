import {
  SyntaxKind,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isConditionalExpression,
  isElementAccessExpression,
  isExpressionStatement,
  isExpressionWithTypeArguments,
  isNewExpression,
  isNonNullExpression,
  isPropertyAccessExpression,
  isTaggedTemplateExpression,
  type Expression,
  type Node,
  type SourceFile,
} from '../program';

const primary = new Set<SyntaxKind>([
  SyntaxKind.Identifier,
  SyntaxKind.ThisKeyword,
  SyntaxKind.SuperKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateExpression,
  SyntaxKind.ArrayLiteralExpression,
  SyntaxKind.ObjectLiteralExpression,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ClassExpression,
  SyntaxKind.ParenthesizedExpression,
  SyntaxKind.PropertyAccessExpression,
  SyntaxKind.ElementAccessExpression,
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.TaggedTemplateExpression,
  SyntaxKind.NonNullExpression,
  SyntaxKind.MetaProperty,
  SyntaxKind.JsxElement,
  SyntaxKind.JsxSelfClosingElement,
  SyntaxKind.JsxFragment,
]);

const unary = new Set<SyntaxKind>([
  SyntaxKind.AwaitExpression,
  SyntaxKind.PrefixUnaryExpression,
  SyntaxKind.PostfixUnaryExpression,
  SyntaxKind.TypeOfExpression,
  SyntaxKind.VoidExpression,
  SyntaxKind.DeleteExpression,
]);

/** Whether `x.y`, `x()` and the like can follow an expression as it is. */
export function isLeftHandSide(node: Expression): boolean {
  return primary.has(node.kind);
}

/** Whether an expression can stand behind `await`, `void` or another unary operator as it is. */
export function isUnaryOperand(node: Expression): boolean {
  return primary.has(node.kind) || unary.has(node.kind);
}

/** Whether a unary expression (`await x`) in a node's place would have to be in parentheses. */
export function needsParenthesesAsUnary(node: Node): boolean {
  const { parent } = node;
  if (isPropertyAccessExpression(parent) || isElementAccessExpression(parent)) return parent.expression === node;
  if (isCallExpression(parent) || isNewExpression(parent)) return parent.expression === node;
  if (isTaggedTemplateExpression(parent)) return parent.tag === node;
  if (isNonNullExpression(parent) || isExpressionWithTypeArguments(parent)) return true;
  return isBinaryExpression(parent) && parent.operatorToken.kind === SyntaxKind.AsteriskAsteriskToken && parent.left === node;
}

/** Whether a reader, and the usual formatter, would want parentheses there. */
export function readsBetterInParentheses(node: Node): boolean {
  const { parent } = node;
  if (isBinaryExpression(parent)) {
    const { kind } = parent.operatorToken;
    return kind !== SyntaxKind.CommaToken && !(kind >= SyntaxKind.FirstAssignment && kind <= SyntaxKind.LastAssignment);
  }
  if (isConditionalExpression(parent)) return parent.condition === node;
  return [
    SyntaxKind.PrefixUnaryExpression,
    SyntaxKind.TypeOfExpression,
    SyntaxKind.SpreadElement,
    SyntaxKind.SpreadAssignment,
    SyntaxKind.AsExpression,
    SyntaxKind.SatisfiesExpression,
  ].includes(parent.kind);
}

/** Whether an expression lies in an optional chain that goes on after it: `(await a?.b()).c` is not `a?.b().c`. */
export function isInsideOptionalChain(node: Node): boolean {
  let at = node as Node & { expression?: Node; questionDotToken?: Node };
  const chained = (link: Node): boolean =>
    isPropertyAccessExpression(link) || isElementAccessExpression(link) || isCallExpression(link) || isNonNullExpression(link);
  if (!chained(at.parent) || (at.parent as { expression?: Node }).expression !== at) return false;
  while (chained(at)) {
    if (at.questionDotToken) return true;
    at = at.expression as typeof at;
  }
  return false;
}

/** The statement that an expression begins, so that what is put before it begins a line. */
export function startedStatement(node: Node, sourceFile: SourceFile): Node | undefined {
  const start = node.getStart(sourceFile);
  for (let at = node.parent as Node | undefined; at && at.getStart(sourceFile) === start; at = at.parent as Node | undefined) {
    if (isExpressionStatement(at)) return at;
  }
  return undefined;
}

/**
 * Whether a statement that began with `(`, `[`, a template, `/`, `+` or `-` would be read as the rest of the one
 * before, which has no semicolon.
 */
export function joinsPrevious(statement: Node, sourceFile: SourceFile): boolean {
  const siblings = (statement.parent as { statements?: readonly Node[] }).statements;
  let previous = siblings?.[siblings.indexOf(statement) - 1];
  if (!previous) return false;
  for (let inner = trailingStatement(previous); inner; inner = trailingStatement(previous)) previous = inner;
  if (sourceFile.text[previous.end - 1] === ';' || isBlock(previous)) return false;
  return ![
    SyntaxKind.FunctionDeclaration,
    SyntaxKind.ClassDeclaration,
    SyntaxKind.InterfaceDeclaration,
    SyntaxKind.EnumDeclaration,
    SyntaxKind.ModuleDeclaration,
    SyntaxKind.SwitchStatement,
    SyntaxKind.TryStatement,
  ].includes(previous.kind);
}

/** The statement that another ends with: the body of a loop, the last branch of an if. */
function trailingStatement(statement: Node): Node | undefined {
  const { elseStatement, thenStatement, statement: body } = statement as { elseStatement?: Node; thenStatement?: Node; statement?: Node };
  if (statement.kind === SyntaxKind.DoStatement) return undefined;
  return elseStatement ?? thenStatement ?? body;
}

/** Whether text that begins so would be read as a continuation of a line without a semicolon. */
export function continuesLine(text: string): boolean {
  return /^[([`/+-]/.test(text);
}

/** Whether text that begins so would, at the start of a statement, be read as a block or a declaration. */
export function startsDeclaration(text: string): boolean {
  return /^(\{|function\b|class\b|async\s+function\b|let\s*\[)/.test(text);
}

