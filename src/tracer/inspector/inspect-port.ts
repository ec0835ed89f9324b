// Which inspector port a Node process was started with.

const defaultPort = 9229;

/** Options of Node that take the next argument as their value, where it is not joined with `=`. */
const takesValue = /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--title|--inspect-port|--debug-port|-e|--eval|-p|--print)$/;

/**
 * The port of --inspect, --inspect-brk or --inspect-port, Node's default without them; 0 means any free one. The command line
 * wins over NODE_OPTIONS, as in Node.
 */
export function inspectPort(argv: string[], nodeOptions: string): number {
  let port = defaultPort;
  for (const option of [...nodeOptions.split(/\s+/), ...ownOptions(argv)]) {
    const match = /^--(?:inspect|inspect-brk|inspect-wait|inspect-port|debug-port)=(?:.*:)?(\d+)$/.exec(option);
    if (match) port = Number(match[1]);
  }
  return port;
}

/** Node's own options: what stands before the script. */
function ownOptions(argv: string[]): string[] {
  const options: string[] = [];
  for (let index = 1; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (!argument.startsWith('-') || argument === '--') break;
    const value = takesValue.test(argument) ? argv[++index] : undefined;
    options.push(value === undefined ? argument : `${argument}=${value}`);
  }
  return options;
}
