import { SyntaxKind, isConditionalExpression, isIfStatement, type Node } from '../program';
import { isFunctionNode } from '../syntax/functions';
import type { Site } from './facts';

const chosen = /\b\w*(?:sync|Sync|callback|Callback)\w*\b|\b(?:cb|done)\b/;

/**
 * Whether a function does what a site does only for callers who ask for it: `if (options.sync) …`, `if (!callback) …`.
 * Which form a caller gets is not followed.
 */
export function isGuarded(site: Site): boolean {
  for (let at: Node = site.node; at.parent && !isFunctionNode(at.parent); at = at.parent) {
    const { parent } = at;
    const condition = isIfStatement(parent) ? parent.expression : isConditionalExpression(parent) ? parent.condition : undefined;
    if (condition && condition !== at && chosen.test(condition.getText())) return true;
    if (parent.kind === SyntaxKind.SourceFile) return false;
  }
  return false;
}
