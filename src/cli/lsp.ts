import type { Command } from 'commander';

/** Registers `lsp`. The server's code is loaded only then. */
export function addLsp(program: Command): void {
  program
    .command('lsp')
    .description('speak the language server protocol with an editor')
    .option('--stdio', 'over standard input and output (the default)')
    .option('--socket <port>', 'over a TCP connection to this port')
    .option('--pipe <path>', 'over a named pipe or Unix socket')
    .option('--clientProcessId <pid>', 'end when this process ends')
    .action(async () => {
      const { serveProcess } = await import('../server/serve-process');
      serveProcess();
    });
}
