import { SyntaxKind, forEachNearest, isBinaryExpression, isCallExpression, isGetAccessorDeclaration, isNewExpression, isPropertyAccessExpression, isSetAccessorDeclaration, isTooDeep, kindSet, type Node } from '../program';
import { isAssignmentOperator } from '../syntax/promises';
import type { FileFacts, FunctionFacts, Site } from './facts';

/** Mark the names of accessors, which run where a property is read or written. */
const getterMark = 'get:';
const setterMark = 'set:';

/** What stands before a function's name where it is an accessor. */
export function accessMark(node: Node): string {
  return isGetAccessorDeclaration(node) ? getterMark : isSetAccessorDeclaration(node) ? setterMark : '';
}

/** The sites of a file that say a name, which may have the mark of an accessor. */
export function sitesNamed(facts: FileFacts, name: string): readonly Site[] {
  const isRead = name.startsWith(getterMark);
  if (!isRead && !name.startsWith(setterMark)) return facts.sites.get(name) ?? [];
  const { read, written } = accessSites(facts);
  const sites = (isRead ? read : written).get(name.slice(getterMark.length)) ?? [];
  for (const site of sites) if (!site.within.sites.includes(site)) site.within.sites.push(site);
  return sites;
}

type Sites = ReadonlyMap<string, readonly Site[]>;

/** The places where properties are read other than to call them, which runs getters, and written, which runs setters; by name. */
interface Accesses {
  readonly read: Sites;
  readonly written: Sites;
}

const accessed = new WeakMap<FileFacts, Accesses>();

/** A file's accesses, looked for when first asked. */
function accessSites(facts: FileFacts): Accesses {
  let found = accessed.get(facts);
  if (!found) accessed.set(facts, (found = readAccesses(facts)));
  return found;
}

function readAccesses(facts: FileFacts): Accesses {
  const read = new Map<string, Site[]>();
  const written = new Map<string, Site[]>();
  const kinds = kindSet([SyntaxKind.PropertyAccessExpression, ...[...facts.byNode.keys()].map((node) => node.kind)]);
  const visit = (node: Node, within: FunctionFacts): void => {
    if (isPropertyAccessExpression(node) && !isCalled(node)) {
      const site: Site = { kind: 'call', name: node.name.text, nameNode: node.name, node, within };
      const found = isWritten(node) ? written : read;
      const named = found.get(site.name);
      if (named) named.push(site);
      else found.set(site.name, [site]);
    }
    const inner = facts.byNode.get(node) ?? within;
    forEachNearest(node, kinds, (child) => visit(child, inner));
  };
  const [top] = facts.functions;
  if (top && !isTooDeep(facts.sourceFile)) visit(facts.sourceFile, top);
  return { read, written };
}

function isCalled(node: Node): boolean {
  const { parent } = node;
  return (isCallExpression(parent) || isNewExpression(parent)) && parent.expression === node;
}

/** Whether a property is assigned; one that is read as well, by `+=`, counts as that. */
export function isWritten(access: Node): boolean {
  const { parent } = access;
  return isBinaryExpression(parent) && parent.left === access && isAssignmentOperator(parent.operatorToken.kind);
}
