import path from 'node:path';
import {
  SyntaxKind,
  identifiersNamed,
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isElementAccessExpression,
  isExpressionStatement,
  isIdentifier,
  isMethodDeclaration,
  isObjectBindingPattern,
  isObjectLiteralExpression,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
  isVariableDeclaration,
  type Asking,
  type BinaryExpression,
  type CallExpression,
  type Expression,
  type Identifier,
  type Node,
  type ObjectBindingPattern,
  type Project,
  type SourceFile,
} from '../program';
import { isModuleExports, nameText } from '../blocking/declared-names';
import { packageDirectories } from '../blocking/file-role';
import type { Refusal } from '../finding';
import { accessedName } from '../syntax/expressions';
import { placeOf } from '../syntax/places';

// A CommonJS module's exports are properties of an object that anybody can hand on, and the compiler's search for
// references does not find all of them. So each use of the object is looked at, wherever the module is required.

/** `load` of `exports.load = …`, `module.exports.load = …`, `module.exports = { load }` and `module.exports = { load: … }`, by what is exported. */
export function exportedKey(value: Node): string | undefined {
  let at = value;
  while (isParenthesizedExpression(at.parent)) at = at.parent;
  const { parent } = at;
  if (isBinaryExpression(parent)) {
    const { left } = parent;
    const key = isPropertyAccessExpression(left) ? left.name.text : undefined;
    return key !== undefined && parent.right === at && isStatement(parent, (target) => isMember(target, key)) ? key : undefined;
  }
  const property = isMethodDeclaration(value) ? value : isShorthandPropertyAssignment(parent) || (isPropertyAssignment(parent) && parent.initializer === at) ? parent : undefined;
  const object = property?.parent;
  if (!property || !object || !isObjectLiteralExpression(object)) return undefined;
  const assignment = object.parent;
  return isBinaryExpression(assignment) && isStatement(assignment, isExportsObject) ? nameText(property.name) : undefined;
}

/** Whether something is assigned to certain targets, and to nothing else: `exports = module.exports = …`. */
function isStatement({ left, operatorToken, parent }: BinaryExpression, isTarget: (left: Expression) => boolean): boolean {
  if (operatorToken.kind !== SyntaxKind.EqualsToken || !isTarget(left)) return false;
  return isExpressionStatement(parent) || (isBinaryExpression(parent) && isStatement(parent, isTarget));
}

/** `exports.load` */
function isMember(node: Expression, key: string): boolean {
  return isPropertyAccessExpression(node) && node.name.text === key && isExportsObject(node.expression);
}

function isExportsObject(node: Expression): boolean {
  return isModuleExports(node) || (isIdentifier(node) && node.text === 'exports');
}

/** The calls of what a CommonJS module exports by a name, in all files of the program; or why they cannot all be found. */
export function* requiredCalls(project: Project, module: SourceFile, key: string, title: string): Asking<readonly CallExpression[] | Refusal> {
  const uses = new ModuleUses(project, key, title);
  for (const object of exportsObjects(module)) yield* uses.ofObject(object);
  for (const { parent } of identifiersNamed(key, module)) {
    if (isPropertyAccessExpression(parent) && parent.expression.kind === SyntaxKind.ThisKeyword) uses.obstacle ??= `${title} may be meant by 'this.${key}' at ${placeOf(parent)}.`;
  }
  const { byName, computed } = yield* importsOf(project);
  for (const specifier of yield* specifiersOf(project, module.fileName, byName)) yield* uses.ofSpecifier(specifier);
  const [folder] = packageDirectories(path.dirname(module.fileName));
  const ofPackage = computed.filter(({ fileName }) => packageDirectories(path.dirname(fileName))[0] === folder);
  const loader = ofPackage.find((file) => identifiersNamed(key, file).some(({ parent }) => isPropertyAccessExpression(parent) || isBindingElement(parent)));
  if (loader) uses.obstacle ??= `${title} may be called in ${path.basename(loader.fileName)}, which requires modules by computed names.`;
  return uses.obstacle === undefined ? uses.calls : { refused: uses.obstacle };
}

/** Follows a module's object from where it is required to the calls of one of its members. */
class ModuleUses {
  readonly calls: CallExpression[] = [];
  obstacle: string | undefined;

  constructor(
    private readonly project: Project,
    private readonly key: string,
    private readonly title: string,
  ) {}

  *ofSpecifier(specifier: Expression): Asking<void> {
    const { parent } = specifier;
    if (isCallExpression(parent) && isIdentifier(parent.expression) && parent.expression.text === 'require') yield* this.ofObject(parent);
    else this.obstacle ??= `${this.title} is imported at ${placeOf(specifier)} other than by 'require'.`;
  }

  /** What is done with an expression that is the module's object. */
  *ofObject(object: Expression): Asking<void> {
    const used = outermost(object);
    const { parent } = used;
    if (isPropertyAccessExpression(parent) || (isElementAccessExpression(parent) && parent.expression === used)) {
      const name = accessedName(parent);
      if (name === undefined) this.obstacle ??= `${this.title} may be meant by the computed name at ${placeOf(parent)}.`;
      else if (name === this.key) this.ofMember(parent);
    } else if (isVariableDeclaration(parent) && parent.initializer === used) {
      if (isIdentifier(parent.name)) for (const use of yield* this.usesOf(parent.name)) yield* this.ofObject(use);
      else if (isObjectBindingPattern(parent.name)) yield* this.ofPattern(parent.name);
    } else if (!isExpressionStatement(parent) && !(isBinaryExpression(parent) && parent.left === used && isStatement(parent, isExportsObject))) {
      this.obstacle ??= `the module of ${this.title} is used as a value at ${placeOf(used)}.`;
    }
  }

  private *ofPattern({ elements }: ObjectBindingPattern): Asking<void> {
    for (const element of elements) {
      if (!isBindingElement(element) || !element.name) continue;
      const { dotDotDotToken, initializer, name, propertyName } = element;
      const key = nameText(propertyName ?? name);
      if (key !== undefined && key !== this.key && !dotDotDotToken) continue;
      if (key === undefined || dotDotDotToken || initializer || !isIdentifier(name)) {
        this.obstacle ??= `${this.title} may be taken out of its module at ${placeOf(element)} in a way that is not followed.`;
      } else for (const use of yield* this.usesOf(name)) this.ofMember(use);
    }
  }

  private ofMember(member: Expression): void {
    const used = outermost(member);
    const { parent } = used;
    if (isCallExpression(parent) && parent.expression === used) this.calls.push(parent);
    else if (!(isBinaryExpression(parent) && parent.left === used && isStatement(parent, (target) => isMember(target, this.key)))) {
      this.obstacle ??= `${this.title} is used as a value at ${placeOf(member)}.`;
    }
  }

  /** The places that name a variable, other than its declaration. */
  private *usesOf(declared: Identifier): Asking<Identifier[]> {
    const { checker } = this.project;
    const symbol = yield* checker.getSymbolAtLocation.gen(declared);
    const uses: Identifier[] = [];
    for (const use of identifiersNamed(declared.text, declared.getSourceFile())) {
      const { parent } = use;
      const isNameOnly = (isPropertyAccessExpression(parent) && parent.name === use) || (isBindingElement(parent) && parent.propertyName === use);
      if (use === declared || isNameOnly) continue;
      const meant = isShorthandPropertyAssignment(parent) ? yield* checker.getShorthandAssignmentValueSymbol.gen(parent) : yield* checker.getSymbolAtLocation.gen(use);
      // One that the compiler knows nothing of counts.
      if (!symbol || !meant || meant.id === symbol.id) uses.push(use);
    }
    return uses;
  }
}

/** `exports` and `module.exports` in a file. */
function exportsObjects(file: SourceFile): Expression[] {
  return identifiersNamed('exports', file).flatMap((name): Expression[] => {
    const { parent } = name;
    if (!isPropertyAccessExpression(parent) || parent.name !== name) return [name];
    return isModuleExports(parent) ? [parent] : [];
  });
}

/** What the files of a program import, `require` included. */
interface Imports {
  /** The specifiers, by the last part of what they say. */
  readonly byName: ReadonlyMap<string, readonly Expression[]>;
  /** The files that require what is no string. */
  readonly computed: readonly SourceFile[];
}

/** By the program of a snapshot. */
const known = new WeakMap<Project, Imports>();

function* importsOf(project: Project): Asking<Imports> {
  const imports = known.get(project) ?? (yield* readImports(project));
  known.set(project, imports);
  return imports;
}

function* readImports(project: Project): Asking<Imports> {
  const byName = new Map<string, Expression[]>();
  const computed: SourceFile[] = [];
  for (const file of yield* project.program.getSourceFileNames.gen()) {
    if (/\.d\.[cm]?ts$|\.json$/.test(file) || file.includes('/node_modules/')) continue;
    const sourceFile = yield* project.program.getSourceFile.gen(file);
    if (!sourceFile) continue;
    if (/\brequire\(\s*[^\s'"`)]|\brequire\(\s*`[^`]*\$/.test(sourceFile.text)) computed.push(sourceFile);
    for (const specifier of sourceFile.imports as readonly (Expression & { text: string })[]) {
      const name = lastPart(specifier.text);
      byName.set(name, [...(byName.get(name) ?? []), specifier]);
    }
  }
  return { byName, computed };
}

/** The specifiers that lead to a file. */
function* specifiersOf(project: Project, file: string, byName: Imports['byName']): Asking<readonly Expression[]> {
  const stem = lastPart(file);
  const called = stem === 'index' ? [stem, path.basename(path.dirname(file)), '.', '..', ''] : [stem];
  const found: Expression[] = [];
  for (const specifier of called.flatMap((name) => byName.get(name) ?? [])) {
    const from = specifier.getSourceFile().fileName;
    const resolved = yield* project.program.getResolvedModuleFromModuleSpecifier.gen(specifier as never, from);
    if (resolved?.resolvedFileName === file) found.push(specifier);
  }
  return found;
}

function lastPart(specifier: string): string {
  return specifier.slice(specifier.lastIndexOf('/') + 1).replace(/\.[cm]?[jt]sx?$/, '');
}

function outermost(node: Expression): Expression {
  let at = node;
  while (isParenthesizedExpression(at.parent)) at = at.parent;
  return at;
}
