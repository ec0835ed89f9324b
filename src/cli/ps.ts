import type { Command } from 'commander';
import { addLook } from './look-command';
import { taskTable } from './task-table';

/** Registers `ps`. */
export function addPs(program: Command): void {
  addLook(program.command('ps').description('list the pending tasks of a running Node process, those that are alike in one row'), taskTable);
}
