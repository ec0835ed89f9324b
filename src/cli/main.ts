#!/usr/bin/env node
import { Command } from 'commander';
import { addCheck } from './check';

const program = new Command('asyncscope')
  .description('Finds what is wrong with async code before it runs, and shows what is pending while it runs.')
  .showHelpAfterError();

addCheck(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`asyncscope: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
