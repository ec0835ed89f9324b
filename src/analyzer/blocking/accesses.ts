import { SyntaxKind, forEachNearest, isBinaryExpression, isCallExpression, isNewExpression, isPropertyAccessExpression, isTooDeep, kindSet, type Node } from '../program';
import type { FileFacts, FunctionFacts, Site } from './facts';

const accessed = new WeakMap<FileFacts, ReadonlyMap<string, readonly Site[]>>();

/** The places where properties are read other than to call them, by name: they run getters. Looked for when first asked. */
export function accessSites(facts: FileFacts): ReadonlyMap<string, readonly Site[]> {
  let found = accessed.get(facts);
  if (!found) accessed.set(facts, (found = readAccesses(facts)));
  return found;
}

function readAccesses(facts: FileFacts): Map<string, Site[]> {
  const found = new Map<string, Site[]>();
  const kinds = kindSet([SyntaxKind.PropertyAccessExpression, ...[...facts.byNode.keys()].map((node) => node.kind)]);
  const visit = (node: Node, within: FunctionFacts): void => {
    if (isPropertyAccessExpression(node) && !isCalledOrAssigned(node)) {
      const site: Site = { kind: 'call', name: node.name.text, nameNode: node.name, node, within };
      const named = found.get(site.name);
      if (named) named.push(site);
      else found.set(site.name, [site]);
    }
    const inner = facts.byNode.get(node) ?? within;
    forEachNearest(node, kinds, (child) => visit(child, inner));
  };
  const [top] = facts.functions;
  if (top && !isTooDeep(facts.sourceFile)) visit(facts.sourceFile, top);
  return found;
}

function isCalledOrAssigned(node: Node): boolean {
  const { parent } = node;
  if (isCallExpression(parent) || isNewExpression(parent)) return parent.expression === node;
  return isBinaryExpression(parent) && parent.left === node && parent.operatorToken.kind === SyntaxKind.EqualsToken;
}
