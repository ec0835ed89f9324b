import {
  SyntaxKind,
  isClassStaticBlockDeclaration,
  isComputedPropertyName,
  isDecorator,
  isParameterDeclaration,
  isPropertyDeclaration,
  isSourceFile,
  type Node,
  type SourceFile,
} from '../program';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';

/** Where an `await` at some place would belong. */
export type AwaitPlace =
  | { readonly kind: 'allowed' }
  /** It is legal once this function is async. */
  | { readonly kind: 'needs-async'; readonly function: FunctionNode }
  | { readonly kind: 'impossible'; readonly reason: string };

/** What stands in the way of an `await` at a node, by syntax. */
export function awaitPlace(node: Node, sourceFile: SourceFile): AwaitPlace {
  let from: Node = node;
  for (let at = node.parent as Node | undefined; at; from = at, at = at.parent as Node | undefined) {
    if (isFunctionNode(at)) {
      if (isComputedPropertyName(from) || isDecorator(from)) continue;
      if (isParameterDeclaration(from)) return { kind: 'impossible', reason: 'it is in the default value of a parameter.' };
      return isAsync(at) ? { kind: 'allowed' } : { kind: 'needs-async', function: at };
    }
    if (isClassStaticBlockDeclaration(at)) return { kind: 'impossible', reason: 'it is in a static block.' };
    if (isPropertyDeclaration(at) && at.initializer === from) {
      return { kind: 'impossible', reason: 'it is in the initial value of a field.' };
    }
    if (at.kind === SyntaxKind.ModuleDeclaration) return { kind: 'impossible', reason: 'it is in a namespace.' };
    if (isSourceFile(at)) break;
  }
  if (isEsModule(sourceFile)) return { kind: 'allowed' };
  return { kind: 'impossible', reason: 'it is at the top level of a file that is not an ES module.' };
}

const moduleSyntax = new Set<SyntaxKind>([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.ExportAssignment,
]);

/** Whether a file is an ES module by its name or its syntax: what is not may still be one, but not with certainty. */
export function isEsModule(sourceFile: SourceFile): boolean {
  if (/\.m[jt]s$/.test(sourceFile.fileName)) return true;
  if (/\.c[jt]s$/.test(sourceFile.fileName)) return false;
  let known = withModuleSyntax.get(sourceFile);
  if (known === undefined) withModuleSyntax.set(sourceFile, (known = sourceFile.statements.some(isModuleSyntax)));
  return known;
}

/** Each finding of a file asks. */
const withModuleSyntax = new WeakMap<SourceFile, boolean>();

function isModuleSyntax(statement: Node): boolean {
  if (moduleSyntax.has(statement.kind)) return !(statement as { isExportEquals?: boolean }).isExportEquals;
  return (statement as { modifiers?: readonly Node[] }).modifiers?.some((modifier) => modifier.kind === SyntaxKind.ExportKeyword) === true;
}
