import {
  SyntaxKind,
  forEachNearest,
  isArrowFunction,
  isBinaryExpression,
  isBindingElement,
  isCallExpression,
  isClassDeclaration,
  isClassExpression,
  isClassStaticBlockDeclaration,
  isConstructorDeclaration,
  isDecorator,
  isExportAssignment,
  isExportSpecifier,
  isIdentifier,
  isImportClause,
  isImportSpecifier,
  isNewExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isPropertyDeclaration,
  isReturnStatement,
  isStringLiteral,
  isTaggedTemplateExpression,
  isTooDeep,
  isVariableDeclaration,
  kindSet,
  type CallExpression,
  type Decorator,
  type Expression,
  type NewExpression,
  type Node,
  type SourceFile,
  type TaggedTemplateExpression,
} from '../program';
import { extendedClass, type ClassNode } from '../syntax/classes';
import { invokedBy, skipOuterExpressions } from '../syntax/expressions';
import { isAsync, isFunctionNode, type FunctionNode } from '../syntax/functions';
import { callbackRun } from './callbacks';
import { choices, nameOf, reflected, unbound } from './callees';
import { declaredNames, passedTo, type Passed } from './declared-names';

/** What runs a callee: a call, `new`, or a tagged template. */
export type CallNode = CallExpression | NewExpression | TaggedTemplateExpression;

/** A function, a class (what `new` runs: its constructor and field initializers), or a file's top level. */
export interface FunctionFacts {
  /** `PATH#Class.method`: stays the same as long as names and order in the file do. */
  readonly key: string;
  readonly path: string;
  /** How messages name it: `load`, `Config.load`, `new Config`. */
  readonly label: string;
  readonly node: FunctionNode | ClassNode | SourceFile;
  readonly kind: 'module' | 'sync' | 'async' | 'generator';
  /** What it stands in. */
  readonly parent: FunctionFacts | undefined;
  /** Names by which it is called; `default` for a default export. */
  readonly names: readonly string[];
  /** The call that it is handed to as an argument. */
  readonly passed: Passed | undefined;
  readonly sites: Site[];
}

/** A place in a function's body where another function runs, or is handed over to be run. */
export interface Site {
  /** `call`: calls it; `inline`: a function written here that runs here at once; `reference`: a named one handed over. */
  readonly kind: 'call' | 'inline' | 'reference';
  /** The name that is called or handed over; of an inline one, that of the function which runs it. */
  readonly name: string;
  /** The node of that name, which the compiler is asked about. */
  readonly nameNode: Node;
  readonly node: Node;
  readonly within: FunctionFacts;
  /** The function written here (`inline`). */
  readonly inlined?: FunctionFacts;
  /** The call whose result is called: the name then is that of its callee, with `()`. */
  readonly result?: CallExpression;
  /** What a reference is handed to. */
  readonly passed?: Passed;
}

/** Another name for the same function. */
export interface Alias {
  /** With `()` at its end: the function that a call of the named one returns. */
  readonly from: string;
  readonly to: string;
  /** A node of one of the names, which the compiler is asked about. */
  readonly nameNode: Node;
  /** The call whose result gets the name. */
  readonly result: CallExpression | undefined;
  readonly path: string;
  /** Other files can call it by this name. */
  readonly exported: boolean;
}

/** What a file's syntax says about its functions and calls; no types. */
export interface FileFacts {
  readonly path: string;
  readonly sourceFile: SourceFile;
  /** The first is the top level. */
  readonly functions: readonly FunctionFacts[];
  readonly byKey: ReadonlyMap<string, FunctionFacts>;
  /** By the name that is called or handed over; inline ones are under ``. */
  readonly sites: ReadonlyMap<string, readonly Site[]>;
  /** By the name that gets another. */
  readonly aliases: ReadonlyMap<string, readonly Alias[]>;
  /** The facts of a function's or class's node, overload signatures included. */
  readonly byNode: ReadonlyMap<Node, FunctionFacts>;
}

const known = new WeakMap<SourceFile, FileFacts>();

/** The facts of a file, read once for each version of its text. */
export function fileFacts(sourceFile: SourceFile): FileFacts {
  let facts = known.get(sourceFile);
  if (!facts) known.set(sourceFile, (facts = new Reader(sourceFile).facts));
  return facts;
}

/** What {@link Reader} reacts to: functions, classes, what calls, and what gives a function another name. */
const factKinds = kindSet([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.ClassExpression,
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.TaggedTemplateExpression,
  SyntaxKind.ImportSpecifier,
  SyntaxKind.ImportClause,
  SyntaxKind.ExportSpecifier,
  SyntaxKind.ExportAssignment,
  SyntaxKind.BindingElement,
  SyntaxKind.VariableDeclaration,
  SyntaxKind.PropertyAssignment,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.BinaryExpression,
  SyntaxKind.Decorator,
]);

class Reader {
  private readonly functions: FunctionFacts[] = [];
  private readonly byKey = new Map<string, FunctionFacts>();
  private readonly sites = new Map<string, Site[]>();
  private readonly aliases = new Map<string, Alias[]>();
  private readonly byNode = new Map<Node, FunctionFacts>();
  private readonly keys = new Map<string, number>();
  /** Overload signatures, until the function with the body is seen. */
  private readonly overloads: { node: FunctionNode; parent: FunctionFacts }[] = [];
  readonly facts: FileFacts;

  constructor(private readonly sourceFile: SourceFile) {
    const path: string = sourceFile.fileName;
    const top = this.add({ key: `${path}#`, label: 'the top level', node: sourceFile, kind: 'module', parent: undefined, names: [], passed: undefined });
    // What is nested too deeply to be walked calls nothing, as far as this is told.
    if (!isTooDeep(sourceFile)) this.visitBelow(sourceFile, top);
    for (const { node, parent } of this.overloads) {
      const name = declaredNames(node)[0];
      const whole = this.functions.find((one) => one.parent === parent && name !== undefined && one.names[0] === name);
      if (whole) this.byNode.set(node, whole);
    }
    const { functions, byKey, sites, aliases, byNode } = this;
    this.facts = { path, sourceFile, functions, byKey, sites, aliases, byNode };
  }

  private add(found: Omit<FunctionFacts, 'path' | 'sites'>): FunctionFacts {
    const count = (this.keys.get(found.key) ?? 0) + 1;
    this.keys.set(found.key, count);
    const key = count > 1 ? `${found.key}~${count}` : found.key;
    const facts: FunctionFacts = { ...found, key, path: this.sourceFile.fileName, sites: [] };
    this.functions.push(facts);
    this.byKey.set(key, facts);
    this.byNode.set(found.node, facts);
    return facts;
  }

  private addSite(site: Site): void {
    const named = this.sites.get(site.name);
    if (named) named.push(site);
    else this.sites.set(site.name, [site]);
    site.within.sites.push(site);
  }

  private visit(node: Node, within: FunctionFacts): void {
    if (isFunctionNode(node)) this.visitFunction(node, within);
    else if (isClassDeclaration(node) || isClassExpression(node)) this.visitClass(node, within);
    else if (isDecorator(node)) this.visitBelow(node, definerOf(node, within));
    else {
      if (isCallExpression(node) || isNewExpression(node) || isTaggedTemplateExpression(node)) this.visitCall(node, within);
      else this.visitAlias(node);
      this.visitBelow(node, within);
    }
  }

  /** Visits what a node holds; other nodes than those of the kinds that `visit` reacts to are passed over. */
  private visitBelow(node: Node, within: FunctionFacts): void {
    forEachNearest(node, factKinds, (child) => this.visit(child, within));
  }

  private visitFunction(node: FunctionNode, within: FunctionFacts): void {
    if (!node.body) {
      this.overloads.push({ node, parent: within });
      return;
    }
    const names = namesOf(node, within);
    const name = names[0] ?? '()';
    const passed = passedTo(node);
    const facts = this.add({
      key: within.kind === 'module' ? `${within.key}${name}` : `${within.key}.${name}`,
      label: labelOf(node, names, within),
      node,
      kind: isAsync(node) ? 'async' : 'asteriskToken' in node && node.asteriskToken ? 'generator' : 'sync',
      parent: within,
      names,
      passed,
    });
    const run = callbackRun(node, passed);
    const mayRun = passed?.property === undefined && facts.kind === 'sync' && passed && isCallExpression(passed.call);
    if (run || mayRun) this.addSite({ kind: 'inline', name: '', nameNode: run?.name ?? node, node, within, inlined: facts });
    this.visitBelow(node, facts);
  }

  private visitClass(node: ClassNode, within: FunctionFacts): void {
    const names = declaredNames(node);
    const name = names[0] ?? 'class';
    const facts = this.add({
      key: within.kind === 'module' ? `${within.key}${name}` : `${within.key}.${name}`,
      label: `new ${names.find((one) => one !== 'default') ?? 'class'}`,
      node,
      kind: 'sync',
      parent: within,
      names,
      passed: undefined,
    });
    const base = extendedClass(node);
    const constructed = node.members.find((member) => isConstructorDeclaration(member) && member.body);
    // Without a constructor of its own, a class runs that of its base.
    if (base && !constructed) this.addCall(base, base, facts);
    for (const child of [...(node.modifiers ?? []), ...(node.heritageClauses ?? [])]) this.visit(child, within);
    for (const member of node.members) {
      if (isConstructorDeclaration(member)) {
        this.byNode.set(member, facts);
        this.visitBelow(member, facts);
      } else if (isPropertyDeclaration(member)) {
        const isStatic = member.modifiers?.some((modifier) => modifier.kind === SyntaxKind.StaticKeyword);
        this.visitAlias(member);
        for (const modifier of member.modifiers ?? []) this.visit(modifier, within);
        if (member.initializer) this.visit(member.initializer, isStatic ? within : facts);
      } else this.visit(member, isClassStaticBlockDeclaration(member) ? within : facts);
    }
  }

  private visitCall(node: CallNode, within: FunctionFacts): void {
    const callee = skipOuterExpressions(isTaggedTemplateExpression(node) ? node.tag : node.expression);
    if (callee.kind === SyntaxKind.SuperKeyword) {
      const base = isClassDeclaration(within.node) || isClassExpression(within.node) ? extendedClass(within.node) : undefined;
      if (base) this.addCall(base, node, within);
    } else {
      for (const choice of choices(callee)) this.addCall(choice, node, within);
      const invoked = (isCallExpression(node) ? reflected(node) : undefined) ?? invokedBy(callee);
      if (invoked) this.addCall(invoked, node, within);
      this.addResultCall(callee, node, within);
    }
    if (isTaggedTemplateExpression(node)) return;
    node.arguments?.forEach((argument, index) => {
      const value = unbound(argument);
      const nameNode = nameOf(value);
      if (!nameNode) return;
      const passed = { call: node, index, property: undefined };
      this.addSite({ kind: 'reference', name: nameNode.text, nameNode, node: argument, within, passed });
    });
  }

  private addCall(callee: Expression, node: Node, within: FunctionFacts): void {
    const nameNode = nameOf(callee);
    if (nameNode) this.addSite({ kind: 'call', name: nameNode.text, nameNode, node, within });
  }

  /** `f()()` runs what a call of `f` returns, `f.bind(…)()` runs `f`. */
  private addResultCall(callee: Expression, node: Node, within: FunctionFacts): void {
    if (!isCallExpression(callee)) return;
    const target = unbound(callee);
    const maker = target === callee ? nameOf(callee.expression) : undefined;
    if (target !== callee) this.addCall(target, node, within);
    else if (maker) this.addSite({ kind: 'call', name: `${maker.text}()`, nameNode: maker, node, within, result: callee });
  }

  /** Notes where a function gets another name: imports, exports, destructuring, constants and properties that hold it. */
  private visitAlias(node: Node): void {
    if (isImportSpecifier(node)) this.alias(node.propertyName?.text ?? node.name.text, node.name, false);
    else if (isImportClause(node) && node.name) this.alias('default', node.name, false);
    else if (isExportSpecifier(node)) this.alias(node.propertyName?.text ?? node.name.text, node.name, true);
    else if (isExportAssignment(node)) this.aliasOf(node.expression, 'default', true);
    else if (isBindingElement(node) && node.name && isIdentifier(node.name) && node.propertyName && isIdentifier(node.propertyName)) {
      this.alias(node.propertyName.text, node.name, false);
    } else if (isVariableDeclaration(node) && node.initializer && isIdentifier(node.name)) {
      if (isRequire(node.initializer)) this.alias('default', node.name, false);
      else this.aliasOf(node.initializer, node.name.text, true);
    } else if ((isPropertyAssignment(node) || isPropertyDeclaration(node)) && node.initializer && isIdentifier(node.name)) {
      this.aliasOf(node.initializer, node.name.text, true);
    } else if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.EqualsToken && isPropertyAccessExpression(node.left)) {
      const isModule = isIdentifier(node.left.expression) && node.left.expression.text === 'module' && node.left.name.text === 'exports';
      this.aliasOf(node.right, isModule ? 'default' : node.left.name.text, true);
    }
  }

  private aliasOf(value: Expression, to: string, exported: boolean): void {
    const target = unbound(value);
    const from = nameOf(target);
    if (from) this.addAlias({ from: from.text, to, nameNode: from, result: undefined, exported });
    else if (isCallExpression(target)) {
      const callee = nameOf(target.expression);
      if (callee) this.addAlias({ from: `${callee.text}()`, to, nameNode: callee, result: target, exported });
    }
  }

  private alias(from: string, name: Node & { text: string }, exported: boolean): void {
    this.addAlias({ from, to: name.text, nameNode: name, result: undefined, exported });
  }

  private addAlias(alias: Omit<Alias, 'path'>): void {
    if (alias.from === alias.to) return;
    const found = { ...alias, path: this.sourceFile.fileName };
    const named = this.aliases.get(alias.from);
    if (named) named.push(found);
    else this.aliases.set(alias.from, [found]);
  }
}

/** A function's own names; where another function returns it, that one's with `()`. */
function namesOf(node: FunctionNode, within: FunctionFacts): string[] {
  const names = declaredNames(node);
  if (names.length > 0 || within.kind !== 'sync' || !isReturned(node)) return names;
  return within.names.filter((name) => name !== 'default').map((name) => `${name}()`);
}

function isReturned({ parent }: Node): boolean {
  return isReturnStatement(parent) || isArrowFunction(parent);
}

/** How messages name a function: `load`, and `Config.load` where it is a member of what has a name. */
function labelOf(node: FunctionNode, names: readonly string[], within: FunctionFacts): string {
  const name = names.find((one) => one !== 'default');
  if (name === undefined) return names.length > 0 ? 'the default export' : 'an anonymous function';
  const owner = within.label.replace(/^new /, '');
  const isNamed = owner !== 'class' && !owner.includes(' ');
  return isMember(node) && isNamed ? `${owner}.${name}` : name;
}

/** What runs a decorator: not the method that it stands at, but what defines the class. */
function definerOf(decorator: Decorator, within: FunctionFacts): FunctionFacts {
  let owner: Node = decorator.parent;
  while (!isClassDeclaration(owner) && !isClassExpression(owner) && owner.parent) owner = owner.parent;
  let at = within;
  while (at.parent && at.node.pos >= owner.pos) at = at.parent;
  return at;
}

function isMember(node: FunctionNode): boolean {
  return node.kind === SyntaxKind.MethodDeclaration || node.kind === SyntaxKind.GetAccessor || node.kind === SyntaxKind.SetAccessor || isPropertyDeclaration(node.parent);
}

function isRequire(node: Expression): boolean {
  return isCallExpression(node) && isIdentifier(node.expression) && node.expression.text === 'require' && node.arguments[0] !== undefined && isStringLiteral(node.arguments[0]);
}
