import { SyntaxKind, isAwaitExpression, isForOfStatement, type Node } from '../program';
import { isFunctionNode } from '../syntax/functions';
import type { FunctionFacts, Site } from './facts';

/** The sites that are known to call a function, by its key. */
type Callers = (key: string) => readonly Site[];

/**
 * Whether a site runs while the program starts, before anything waits: it comes before the first `await` of a function
 * that is only ever called at the top level of a file, or from another that is.
 */
export function isStartUp(site: Site, within: FunctionFacts, callers: Callers, seen = new Set<string>()): boolean {
  if (within.kind === 'module') return true;
  if (seen.has(within.key)) return false;
  seen.add(within.key);
  if (within.kind === 'async' && isAfterAwait(site.node, within.node)) return false;
  const calls = callers(within.key);
  return calls.length > 0 && calls.every((call) => call.kind !== 'reference' && isStartUp(call, call.within, callers, seen));
}

/** Whether an `await` of the same function may have run before a node is reached. */
function isAfterAwait(node: Node, owner: Node): boolean {
  let before = node.getStart();
  // In a loop whatever comes after it comes before it too, the next time round.
  for (let at = node; at !== owner && at.parent; at = at.parent) if (isLoop(at)) before = Math.max(before, at.end);
  let found = false;
  const visit = (at: Node): void => {
    if (found || at.pos >= before || (isFunctionNode(at) && at !== owner)) return;
    if ((isAwaitExpression(at) && at.end <= before) || (isForOfStatement(at) && at.awaitModifier)) found = true;
    else at.forEachChild(visit);
  };
  visit(owner);
  return found;
}

function isLoop(node: Node): boolean {
  return (
    node.kind === SyntaxKind.ForStatement ||
    node.kind === SyntaxKind.ForOfStatement ||
    node.kind === SyntaxKind.ForInStatement ||
    node.kind === SyntaxKind.WhileStatement ||
    node.kind === SyntaxKind.DoStatement
  );
}
