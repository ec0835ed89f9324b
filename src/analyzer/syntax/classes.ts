import { SyntaxKind, isExpressionWithTypeArguments, type ClassDeclaration, type ClassExpression, type Expression } from '../program';

export type ClassNode = ClassDeclaration | ClassExpression;

/** What a class extends. */
export function extendedClass(node: ClassNode): Expression | undefined {
  const base = node.heritageClauses?.find((clause) => clause.token === SyntaxKind.ExtendsKeyword)?.types[0];
  return base && isExpressionWithTypeArguments(base) ? base.expression : undefined;
}
