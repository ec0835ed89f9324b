// Which inspector port a Node process was started with.

export interface InspectOptions {
  /** The port of --inspect, --inspect-brk or --inspect-port; 0: any free one. Node's default without them. */
  port: number;
  /** Started with --inspect or the like: its inspector is open from the start. */
  openAtStart: boolean;
}

const defaultPort = 9229;

/** Options of Node that take the next argument as their value, where it is not joined with `=`. */
const takesValue = /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--title|--inspect-port|--debug-port|-e|--eval|-p|--print)$/;

/** Reads a command line and a NODE_OPTIONS; the command line wins, as in Node. */
export function inspectOptions(argv: string[], nodeOptions: string): InspectOptions {
  const options: InspectOptions = { port: defaultPort, openAtStart: false };
  for (const option of [...nodeOptions.split(/\s+/), ...ownOptions(argv)]) {
    const match = /^--(inspect|inspect-brk|inspect-wait|inspect-port|debug-port)(?:=(.*))?$/.exec(option);
    if (!match) continue;
    const [, name, value] = match;
    if (name !== 'inspect-port' && name !== 'debug-port') options.openAtStart = true;
    const port = /^(?:.*:)?(\d+)$/.exec(value ?? '')?.[1];
    if (port !== undefined) options.port = Number(port);
  }
  return options;
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
