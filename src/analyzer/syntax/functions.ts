import {
  SyntaxKind,
  isArrowFunction,
  isBlock,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  forEachNearest,
  isReturnStatement,
  isSetAccessorDeclaration,
  kindSet,
  type ArrowFunction,
  type Block,
  type ConstructorDeclaration,
  type FunctionDeclaration,
  type FunctionExpression,
  type GetAccessorDeclaration,
  type MethodDeclaration,
  type Node,
  type ReturnStatement,
  type SetAccessorDeclaration,
} from '../program';

/** Anything with a body that runs when called. */
export type FunctionNode =
  | ArrowFunction
  | FunctionExpression
  | FunctionDeclaration
  | MethodDeclaration
  | ConstructorDeclaration
  | GetAccessorDeclaration
  | SetAccessorDeclaration;

/** The kinds of {@link FunctionNode}s. */
export const functionKinds: readonly SyntaxKind[] = [
  SyntaxKind.ArrowFunction,
  SyntaxKind.FunctionExpression,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
];

export function isFunctionNode(node: Node): node is FunctionNode {
  return (
    isArrowFunction(node) ||
    isFunctionExpression(node) ||
    isFunctionDeclaration(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  );
}

export function isAsync(node: FunctionNode): boolean {
  return node.modifiers?.some((modifier) => modifier.kind === SyntaxKind.AsyncKeyword) ?? false;
}

/** Whether a function's body does nothing but throw. */
export function onlyThrows({ body }: FunctionNode): boolean {
  return body !== undefined && isBlock(body) && body.statements.length > 0 && body.statements.every(({ kind }) => kind === SyntaxKind.ThrowStatement);
}

/** The function whose body holds a node (not the node itself); undefined at the top level of a file. */
export function enclosingFunction(node: Node): FunctionNode | undefined {
  for (let at = node.parent as Node | undefined; at; at = at.parent as Node | undefined) {
    if (isFunctionNode(at)) return at;
  }
  return undefined;
}

const returnKinds = kindSet([SyntaxKind.ReturnStatement, ...functionKinds]);

/** Whether some `return` of a function's body, not of those inside it, is one that is looked for. */
export function someReturn(body: Block, isWanted: (statement: ReturnStatement) => boolean): boolean {
  let found = false;
  forEachNearest(body, returnKinds, (node) => (found = isReturnStatement(node) && isWanted(node)));
  return found;
}
