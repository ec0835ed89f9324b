import process from 'node:process';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './server';

const transports = ['--stdio', '--node-ipc', '--socket', '--pipe'];

/** Serves the editor that started this process: over what its arguments name, standard input and output unless given. */
export function serveProcess(): void {
  const named = process.argv.some((argument) => transports.some((name) => argument === name || argument.startsWith(`${name}=`)));
  if (!named) process.argv.push('--stdio');
  serve(createConnection(ProposedFeatures.all));
}
