import { NodeFlags, type VariableDeclarationList } from '../program';

/** `using`, not `await using`. */
export function isUsing(list: VariableDeclarationList): boolean {
  return kindOf(list) === Number(NodeFlags.Using);
}

/** `await using`. */
export function isAwaitUsing(list: VariableDeclarationList): boolean {
  return kindOf(list) === Number(NodeFlags.AwaitUsing);
}

function kindOf(list: VariableDeclarationList): number {
  return list.flags & NodeFlags.BlockScoped;
}
