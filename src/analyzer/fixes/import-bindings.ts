import {
  isBindingElement,
  isCallExpression,
  isExpressionStatement,
  isExternalModuleReference,
  isIdentifier,
  isImportDeclaration,
  isImportEqualsDeclaration,
  isNamedImports,
  isNamespaceImport,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isStringLiteral,
  isVariableStatement,
  type Expression,
  type Node,
  type SourceFile,
  type Statement,
} from '../program';

/** A name that an import or a top-level `require` gives. */
export interface ImportBinding {
  /** Without `node:`. */
  readonly module: string;
  /** The export that the name stands for; `*` for the module itself (namespace, default of a CommonJS module, `require`). */
  readonly imported: string;
  readonly local: string;
  /** The import specifier or binding element, or the whole clause. */
  readonly node: Node;
  readonly statement: Statement;
}

/** An import statement, or a variable statement whose value is `require('…')`. */
export interface ImportStatement {
  readonly module: string;
  readonly statement: Statement;
  /** `{ a, b }` of it, where it has some: more can be added. */
  readonly list: Node | undefined;
  readonly specifier: Node;
  readonly isRequire: boolean;
  readonly bindings: readonly ImportBinding[];
}

export function bareModule(specifier: string): string {
  return specifier.replace(/^node:/, '');
}

/** The imports and requires of a file's top level, type-only ones left out. */
export function importStatements(sourceFile: SourceFile): ImportStatement[] {
  return sourceFile.statements.flatMap((statement) => {
    const found = isImportDeclaration(statement)
      ? esImport(statement)
      : isImportEqualsDeclaration(statement)
        ? importEquals(statement)
        : isVariableStatement(statement)
          ? requires(statement)
          : undefined;
    return found ? [found] : [];
  });
}

/** The last statement of the imports that a file begins with. */
export function lastLeadingImport(sourceFile: SourceFile): Statement | undefined {
  const statements = new Set(importStatements(sourceFile).map(({ statement }) => statement));
  let last: Statement | undefined;
  for (const statement of sourceFile.statements) {
    if (statements.has(statement) || isImportDeclaration(statement)) last = statement;
    else if (!(isExpressionStatement(statement) && isStringLiteral(statement.expression))) break;
  }
  return last;
}

function esImport(statement: Node & Statement): ImportStatement | undefined {
  if (!isImportDeclaration(statement) || !isStringLiteral(statement.moduleSpecifier)) return undefined;
  const clause = statement.importClause;
  if (!clause || /^import\s+type\b/.test(statement.getText())) return undefined;
  const module = bareModule(statement.moduleSpecifier.text);
  const bindings: ImportBinding[] = [];
  const add = (imported: string, local: string, node: Node): void => void bindings.push({ module, imported, local, node, statement });
  if (clause.name) add('*', clause.name.text, clause);
  const named = clause.namedBindings;
  if (named && isNamespaceImport(named)) add('*', named.name.text, clause);
  const list = named && isNamedImports(named) ? named : undefined;
  for (const element of list?.elements ?? []) {
    if (!element.isTypeOnly) add(element.propertyName?.text ?? element.name.text, element.name.text, element);
  }
  return { module, statement, list, specifier: statement.moduleSpecifier, isRequire: false, bindings };
}

function importEquals(statement: Node & Statement): ImportStatement | undefined {
  if (!isImportEqualsDeclaration(statement) || !isExternalModuleReference(statement.moduleReference)) return undefined;
  const specifier = statement.moduleReference.expression;
  if (!specifier || !isStringLiteral(specifier)) return undefined;
  const module = bareModule(specifier.text);
  const binding = { module, imported: '*', local: statement.name.text, node: statement, statement };
  return { module, statement, list: undefined, specifier, isRequire: true, bindings: [binding] };
}

function requires(statement: Node & Statement): ImportStatement | undefined {
  if (!isVariableStatement(statement)) return undefined;
  const [declaration, more] = statement.declarationList.declarations;
  if (!declaration?.initializer || more) return undefined;
  // `require('fs').promises` is the module fs/promises.
  const { initializer } = declaration;
  const promises = isPropertyAccessExpression(initializer) && initializer.name.text === 'promises';
  const specifier = requiredModule(promises ? initializer.expression : initializer);
  if (!specifier) return undefined;
  const module = promises ? `${bareModule(specifier.text)}/promises` : bareModule(specifier.text);
  const bindings: ImportBinding[] = [];
  const { name } = declaration;
  if (isIdentifier(name)) bindings.push({ module, imported: '*', local: name.text, node: statement, statement });
  const list = isObjectBindingPattern(name) ? name : undefined;
  for (const element of list?.elements ?? []) {
    if (!isBindingElement(element) || !element.name || !isIdentifier(element.name)) continue;
    const imported = element.propertyName && isIdentifier(element.propertyName) ? element.propertyName.text : element.name.text;
    bindings.push({ module, imported, local: element.name.text, node: element, statement });
  }
  return { module, statement, list, specifier, isRequire: true, bindings };
}

/** The specifier of `require('…')`. */
export function requiredModule(node: Expression): (Node & { text: string }) | undefined {
  if (!isCallExpression(node) || !isIdentifier(node.expression) || node.expression.text !== 'require') return undefined;
  const [argument] = node.arguments;
  return argument && isStringLiteral(argument) ? argument : undefined;
}
