import {
  SyntaxKind,
  isArrowFunction,
  isBinaryExpression,
  isBlock,
  isConditionalExpression,
  isFunctionExpression,
  isIdentifier,
  isMethodDeclaration,
  isTypeLiteralNode,
  type AsExpression,
  type Expression,
  type Node,
  type TypeNode,
} from '../program';
import { isConstAssertion, skipParentheses } from './expressions';
import { isJavaScript } from './file-names';
import { isAsync, isFunctionNode, someReturn, type FunctionNode } from './functions';

/** Operators whose value is one of their operands. */
const choosing = new Set<SyntaxKind>([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
  SyntaxKind.CommaToken,
]);

export function isAssignmentOperator(kind: SyntaxKind): boolean {
  return kind >= SyntaxKind.FirstAssignment && kind <= SyntaxKind.LastAssignment;
}

/** Values that are written out and are neither promises nor functions. */
const inertKinds = new Set<SyntaxKind>([
  SyntaxKind.StringLiteral,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateExpression,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
  SyntaxKind.NullKeyword,
  SyntaxKind.PrefixUnaryExpression,
  SyntaxKind.PostfixUnaryExpression,
  SyntaxKind.DeleteExpression,
  SyntaxKind.TypeOfExpression,
  SyntaxKind.VoidExpression,
  SyntaxKind.ClassExpression,
  SyntaxKind.ArrayLiteralExpression,
  SyntaxKind.JsxElement,
  SyntaxKind.JsxSelfClosingElement,
  SyntaxKind.JsxFragment,
]);

function isInert(node: Expression): boolean {
  if (inertKinds.has(node.kind)) return true;
  if (isIdentifier(node)) return node.text === 'undefined';
  if (!isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  return !choosing.has(kind) && !isAssignmentOperator(kind);
}

/** Whether an expression is, by its form alone, no promise. */
export function isNoPromise(expression: Expression): boolean {
  const node = skipParentheses(expression);
  if (isArrowFunction(node) || isFunctionExpression(node) || node.kind === SyntaxKind.AwaitExpression) return true;
  if (isConditionalExpression(node)) return isNoPromise(node.whenTrue) && isNoPromise(node.whenFalse);
  return isInert(node);
}

/** Whether an expression is a function whose calls give promises, as far as its form tells. */
export function returnsPromise(expression: Expression): 'yes' | 'no' | 'unclear' {
  const node = skipParentheses(expression);
  if (isArrowFunction(node) || isFunctionExpression(node)) return functionReturnsPromise(node);
  return isInert(node) || node.kind === SyntaxKind.ObjectLiteralExpression ? 'no' : 'unclear';
}

/** The same for a function or method with its body. */
export function functionReturnsPromise(node: FunctionNode): 'yes' | 'no' | 'unclear' {
  if (node.asteriskToken) return 'no';
  if (isAsync(node)) return 'yes';
  if (node.type) return plainTypes.has(node.type.kind) ? 'no' : 'unclear';
  if (!node.body) return 'unclear';
  if (!isBlock(node.body)) return isNoPromise(node.body) ? 'no' : 'unclear';
  return someReturn(node.body, ({ expression }) => expression !== undefined && !isNoPromise(expression)) ? 'unclear' : 'no';
}

const plainTypes = new Set<SyntaxKind>([
  SyntaxKind.VoidKeyword,
  SyntaxKind.StringKeyword,
  SyntaxKind.NumberKeyword,
  SyntaxKind.BooleanKeyword,
  SyntaxKind.BigIntKeyword,
  SyntaxKind.SymbolKeyword,
  SyntaxKind.UndefinedKeyword,
  SyntaxKind.NeverKeyword,
  SyntaxKind.AnyKeyword,
  SyntaxKind.UnknownKeyword,
  SyntaxKind.ObjectKeyword,
  SyntaxKind.LiteralType,
  SyntaxKind.ArrayType,
  SyntaxKind.TupleType,
  SyntaxKind.TypePredicate,
  SyntaxKind.TemplateLiteralType,
]);

const functionTypes = new Set<SyntaxKind>([
  SyntaxKind.ConditionalType,
  SyntaxKind.ConstructorType,
  SyntaxKind.FunctionType,
  SyntaxKind.ImportType,
  SyntaxKind.IndexedAccessType,
  SyntaxKind.InferType,
  SyntaxKind.IntersectionType,
  SyntaxKind.ParenthesizedType,
  SyntaxKind.ThisType,
  SyntaxKind.TypeOperator,
  SyntaxKind.TypeQuery,
  SyntaxKind.TypeReference,
  SyntaxKind.UnionType,
]);

/** Whether an annotation may mean a function. */
export function mayBeFunctionType(type: TypeNode): boolean {
  if (!isTypeLiteralNode(type)) return functionTypes.has(type.kind);
  return type.members.some(({ kind }) => kind === SyntaxKind.CallSignature || kind === SyntaxKind.ConstructSignature);
}

/** Whether an annotation is neither a promise nor a function, nor anything that can turn out to be one. */
export function isPlainType(type: TypeNode): boolean {
  return plainTypes.has(type.kind) && !vagueTypes.has(type.kind);
}

const vagueTypes = new Set<SyntaxKind>([SyntaxKind.AnyKeyword, SyntaxKind.UnknownKeyword, SyntaxKind.ObjectKeyword]);

/** Types that expect no function, nor anything of what an object holds. */
const keywordTypes = new Set<SyntaxKind>([
  SyntaxKind.AnyKeyword,
  SyntaxKind.UnknownKeyword,
  SyntaxKind.NeverKeyword,
  SyntaxKind.ObjectKeyword,
  SyntaxKind.VoidKeyword,
  SyntaxKind.UndefinedKeyword,
  SyntaxKind.StringKeyword,
  SyntaxKind.NumberKeyword,
  SyntaxKind.BooleanKeyword,
  SyntaxKind.BigIntKeyword,
  SyntaxKind.SymbolKeyword,
]);

/** Where the type that is expected of an expression comes from: an annotation, or the call that it is an argument of. */
export type ExpectedBy = 'nothing' | 'annotation' | 'call';

/** What stands around an expression and may say what type is expected of it. Unsure ones count as calls, the dearest. */
export function expectedBy(node: Node): ExpectedBy {
  for (let at = node; ; at = at.parent) {
    const { parent } = at as { parent: Node | undefined };
    switch (parent?.kind) {
      case SyntaxKind.ParenthesizedExpression:
      case SyntaxKind.ObjectLiteralExpression:
      case SyntaxKind.ArrayLiteralExpression:
      case SyntaxKind.PropertyAssignment:
      case SyntaxKind.ShorthandPropertyAssignment:
      case SyntaxKind.SpreadAssignment:
      case SyntaxKind.ConditionalExpression:
        continue;
      case SyntaxKind.AsExpression:
      case SyntaxKind.SatisfiesExpression:
      case SyntaxKind.TypeAssertionExpression:
        if (isConstAssertion(parent)) continue;
        // What surrounds it expects nothing of what stands inside.
        return keywordTypes.has((parent as AsExpression).type.kind) ? 'nothing' : 'annotation';
      case SyntaxKind.VariableDeclaration:
        if ((parent as { type?: TypeNode }).type) return 'annotation';
        return inJavaScript(parent) ? 'call' : 'nothing';
      case SyntaxKind.ReturnStatement:
        return returnExpectedBy(parent);
      case SyntaxKind.ExpressionStatement:
      case SyntaxKind.ExportAssignment:
      case SyntaxKind.TemplateSpan:
      case undefined:
        return inJavaScript(at) ? 'call' : 'nothing';
      default:
        return 'call';
    }
  }
}

function returnExpectedBy(node: Node): ExpectedBy {
  let at = node.parent as Node | undefined;
  while (at && !isFunctionNode(at)) at = at.parent;
  if (!at) return 'nothing';
  if (at.type) return 'annotation';
  const declared = at.kind === SyntaxKind.FunctionDeclaration || (isMethodDeclaration(at) && at.parent.kind !== SyntaxKind.ObjectLiteralExpression);
  return declared && !inJavaScript(at) ? 'nothing' : 'call';
}

/** Types can stand in JSDoc comments there. */
function inJavaScript(node: Node): boolean {
  return isJavaScript(node.getSourceFile().fileName);
}
