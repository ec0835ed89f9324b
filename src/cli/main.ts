import { Command, CommanderError } from 'commander';
import { version } from './version';

const program = new Command('asyncscope')
  .description('Finds what is wrong with async code before it runs, and shows what is pending while it runs.')
  .version(version)
  .showHelpAfterError('"asyncscope help [COMMAND]" lists what can be given.')
  .exitOverride();

/** Only the command that is asked for is loaded; for the help, all. In the order of the help. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  check: async () => (await import('./code-commands')).addCheck,
  ps: async () => (await import('./ps')).addPs,
  tree: async () => (await import('./tree')).addTree,
  run: async () => (await import('./run')).addRun,
  rules: async () => (await import('./code-commands')).addRules,
  lsp: async () => (await import('./code-commands')).addLsp,
  'close-inspector': async () => (await import('./close-inspector')).addCloseInspector,
};

async function main(wanted = ''): Promise<void> {
  const load = Object.hasOwn(commands, wanted) ? [wanted] : Object.keys(commands);
  for (const name of load) (await commands[name]?.())?.(program);
  await program.parseAsync();
}

// Who reads the output may stop early (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

main(process.argv[2]).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  process.stderr.write(`asyncscope: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
