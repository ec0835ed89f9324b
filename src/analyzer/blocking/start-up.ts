import { SyntaxKind, isAwaitExpression, isForOfStatement, isFunctionDeclaration, isMethodDeclaration, isVariableDeclaration, type Node } from '../program';
import { isFunctionNode } from '../syntax/functions';
import { servingPlaces } from './file-role';
import type { FunctionFacts, Site } from './facts';

/**
 * When code runs. `start`: while the program starts, before anything waits; `command`: later, in a function that the top
 * level starts and that nothing but the program's own steps can be waiting for; `any`: at any time.
 */
export type Phase = 'start' | 'command' | 'any';

/**
 * Tells when functions run. One belongs to the start of the program if all known calls of it do: they stand at the top
 * level of a file, or in another such function. What comes after a function's first `await`, or after the program
 * serves others, is later.
 */
export class Phases {
  private readonly known = new Map<string, Phase>();

  /**
   * `isCommand`: whether a file is run by hand, one thing after another. `reactionOf`: the call that a function is
   * handed to, if that runs it once when something is done. `isReaction`: whether that is what becomes of one that is
   * handed over by its name.
   */
  constructor(
    private readonly isCommand: (path: string) => boolean,
    private readonly callersOf: (key: string) => readonly Site[],
    private readonly reactionOf: (facts: FunctionFacts) => Node | undefined,
    private readonly isReaction: (reference: Site) => boolean,
  ) {}

  /** When a place in a function runs. */
  at(place: Node, within: FunctionFacts): Phase {
    const called = this.of(within);
    if (called === 'any') return this.isCommand(within.path) ? 'command' : 'any';
    const isFirst = within.kind === 'module' || !isAfterAwait(place, within.node);
    if (isFirst && called === 'start') return 'start';
    return mayServe(place, within) ? 'any' : 'command';
  }

  private of(facts: FunctionFacts): Phase {
    if (facts.kind === 'module') return 'start';
    const known = this.known.get(facts.key);
    if (known) return known;
    // What a recursive function calls of itself says nothing more: until it is worked out, it can be at any time.
    this.known.set(facts.key, 'any');
    const phases = this.callersOf(facts.key).map((call) => {
      if (call.kind !== 'reference') return this.at(call.node, call.within);
      return this.isReaction(call) ? this.later(call.node, call.within) : 'any';
    });
    const reaction = this.reactionOf(facts);
    if (reaction && facts.parent) phases.push(this.later(reaction, facts.parent));
    const phase = phases.length === 0 || phases.includes('any') ? 'any' : phases.includes('command') ? 'command' : 'start';
    this.known.set(facts.key, phase);
    return phase;
  }

  /** When something runs that waits for what is done at a place. */
  private later(place: Node, within: FunctionFacts): Phase {
    return this.at(place, within) === 'any' ? 'any' : 'command';
  }
}

/** Whether a function may be a step of a program's start, so that it is worth knowing who calls it though it does not block. */
export function mayStart({ node, names }: FunctionFacts): boolean {
  return names.length === 0 || isFunctionDeclaration(node) || isMethodDeclaration(node) || isVariableDeclaration(node.parent);
}

/** Whether the program may serve others by the time a place is reached, as far as its file tells. */
function mayServe(place: Node, { node }: FunctionFacts): boolean {
  return servingPlaces(node.getSourceFile()).some((serving) => serving < node.pos || serving > node.end || serving < place.pos);
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
