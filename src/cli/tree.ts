import type { Command } from 'commander';
import { addLook } from './look-command';
import { taskTree } from './task-tree';

/** Registers `tree`. */
export function addTree(program: Command): void {
  addLook(program.command('tree').description('show which pending task of a running Node process waits for which'), taskTree);
}
