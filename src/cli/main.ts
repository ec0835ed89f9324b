#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addCheck } from './check';
import { addCloseInspector } from './close-inspector';
import { addLsp } from './lsp';
import { addPs } from './ps';
import { addTree } from './tree';
import { addRules } from './rules';
import { version } from './version';

const program = new Command('asyncscope')
  .description('Finds what is wrong with async code before it runs, and shows what is pending while it runs.')
  .version(version)
  .showHelpAfterError('"asyncscope help [COMMAND]" lists what can be given.')
  .exitOverride();

addCheck(program);
addPs(program);
addTree(program);
addRules(program);
addLsp(program);
addCloseInspector(program);

// Who reads the output may stop early (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  process.stderr.write(`asyncscope: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
