import type { AwaitsResource } from '../task';
import type { AwaitGraph } from './await-graph';
import { ConnectionFinder } from './connections';
import type { FunctionTable } from './functions';
import { EdgeType, NodeType } from './graph';
import { SIDE_EVENTS, type Origin } from './origins';
import type { SuspendedCall } from './suspended';
import { ObjectReader, readString } from './values';

/** Names of native request objects as a reader knows what they do. */
const RESOURCE_NAMES: Record<string, string> = {
  GetAddrInfoReqWrap: 'DnsLookup',
  GetNameInfoReqWrap: 'DnsLookup',
  QueryReqWrap: 'DnsQuery',
  TCPConnectWrap: 'Connect',
  PipeConnectWrap: 'Connect',
  FSReqCallback: 'FileRequest',
  FSReqPromise: 'FileRequest',
  ReadFileJob: 'FileRequest',
  WriteFileJob: 'FileRequest',
  FSEvent: 'FileWatcher',
  StatWatcher: 'FileWatcher',
};
const HAS_ADDRESS = new Set(['Socket', 'TLSSocket', 'Server']);
const FILE_SCRIPT = /^node:(internal\/)?fs(\/|$)/;

/** Names what a promise waits for outside JavaScript, with the detail that tells one from another. */
export class ResourceDescriber {
  readonly #read: ObjectReader;
  readonly #connections: ConnectionFinder;
  /** Addresses of sockets and servers, by node, from the live process. */
  addresses: ReadonlyMap<number, string> = new Map();

  /** `now` is the time of the thread's timers (milliseconds since it started) when the snapshot was taken, where it is known. */
  constructor(
    private readonly awaits: AwaitGraph,
    private readonly functions: FunctionTable,
    private readonly now: number | undefined,
  ) {
    this.#read = new ObjectReader(awaits.graph, awaits.names);
    this.#connections = new ConnectionFinder(awaits, functions);
  }

  /** `through` are Node's own async functions on the way, the outermost first. Undefined where nothing is known. */
  describe(origin: Origin, through: readonly SuspendedCall[]): AwaitsResource | undefined {
    const fileOperation = this.#fileOperation(through);
    if (fileOperation !== undefined && (origin.kind !== 'object' || this.#isFileRequest(origin.node))) {
      return { resource: 'FileRequest', detail: fileOperation };
    }
    if (origin.kind === 'atomics') return { resource: 'Atomics.waitAsync', detail: '' };
    if (origin.kind === 'variable') return { resource: 'Resolver', detail: `kept in ${origin.name}` };
    if (origin.kind === 'holder') {
      const holder = this.functions.className(origin.node) ?? 'Object';
      return { resource: holder, detail: [this.#connectionDetail(origin.node), `kept in ${holder}.${origin.property}`].filter(Boolean).join(', ') };
    }
    if (origin.kind !== 'object') return undefined;
    const className = this.functions.className(origin.node) ?? 'Object';
    const isNative = !this.awaits.graph.functionStart(origin.node);
    const resource = RESOURCE_NAMES[className] ?? (isNative && /Job$/.test(className) ? 'CryptoJob' : className);
    const own = this.addresses.get(origin.node) ?? (resource === 'CryptoJob' ? className.replace(/Job$/, '') : this.#detail(className, origin.node));
    const known = own || this.#connectionDetail(origin.node);
    const { event } = origin;
    // That something is over is what one waits for who waits for a child process, and says little otherwise.
    const showsEvent = event !== undefined && !event.startsWith('<symbol') && !(known && SIDE_EVENTS.has(event));
    return { resource, detail: [known, showsEvent ? `"${event}"` : ''].filter(Boolean).join(' ') };
  }

  /** The node of the socket or server that an origin is, or works over; its address only the live process knows. -1 for none. */
  socketOf(origin: Origin): number {
    if (origin.kind !== 'object' && origin.kind !== 'holder') return -1;
    const { node } = origin;
    return [node, this.#connections.of(node)].find((one) => HAS_ADDRESS.has(this.functions.className(one) ?? '')) ?? -1;
  }

  /** Which connection a client works over; empty where it is none, or where that is not known. */
  #connectionDetail(client: number): string {
    const connection = this.#connections.of(client);
    return connection < 0 ? '' : (this.addresses.get(connection) ?? this.#detail(this.functions.className(connection)!, connection));
  }

  #isFileRequest(node: number): boolean {
    const name = this.functions.className(node) ?? '';
    return RESOURCE_NAMES[name] === 'FileRequest' || name === 'FileHandle';
  }

  #detail(className: string, node: number): string {
    const read = this.#read;
    switch (className) {
      case 'Timeout':
        return this.#dueTime(node);
      case 'ChildProcess': {
        const pid = read.number(node, 'pid');
        return [pid === undefined ? '' : `pid ${pid}`, read.string(node, 'spawnfile') ?? ''].filter(Boolean).join(' ');
      }
      case 'Worker': {
        const handle = read.property(node, '<symbol kHandle>');
        const thread = handle < 0 ? undefined : read.number(handle, 'threadId');
        return thread === undefined ? '' : `thread ${thread}`;
      }
      case 'Server':
        return serverAddress(read.string(node, '_pipeName') ?? read.string(node, '_connectionKey'));
      case 'Socket':
      case 'TLSSocket':
        return read.string(node, '_host') ?? read.string(node, 'path') ?? '';
      case 'ReadStream':
      case 'WriteStream': {
        const fd = read.number(node, 'fd');
        return read.string(node, 'path') ?? (fd === undefined ? '' : `fd ${fd}`);
      }
      case 'ClientRequest':
        return `${read.string(node, 'method') ?? ''} ${this.#hostHeader(node) ?? read.string(node, 'host') ?? ''}${read.string(node, '<symbol kPath>') ?? read.string(node, 'path') ?? ''}`.trim();
      case 'Request': // that of fetch
        return `${read.string(node, 'method') ?? ''} ${read.string(node, 'origin') ?? ''}${read.string(node, 'path') ?? ''}`.trim();
      case 'IncomingMessage':
        return `${read.string(node, 'method') ?? ''} ${read.string(node, 'url') ?? ''}`.trim();
      case 'ServerResponse': {
        const request = this.#read.property(node, 'req');
        return request < 0 ? '' : this.#detail('IncomingMessage', request);
      }
      case 'GetAddrInfoReqWrap':
      case 'QueryReqWrap':
        return read.string(node, 'hostname') ?? '';
      case 'TCPConnectWrap':
        return [read.string(node, 'address'), read.number(node, 'port')].filter((part) => part !== undefined).join(':');
      case 'PipeConnectWrap':
        return read.string(node, 'address') ?? '';
      case 'FSReqCallback':
        return this.#callbackName(node);
      case 'FileHandle': {
        const fd = read.number(node, '<symbol kFd>') ?? read.number(node, 'fd');
        return fd === undefined ? '' : `fd ${fd}`;
      }
      default:
        return '';
    }
  }

  /** The host with its port, as Node sends it: headers are kept as `{host: ['Host', 'localhost:8080']}`. */
  #hostHeader(request: number): string | undefined {
    const headers = this.#read.property(request, '<symbol kOutHeaders>');
    const header = headers < 0 ? -1 : this.#read.property(headers, 'host');
    return header < 0 ? undefined : this.#read.element(header, 1);
  }

  /** `10000 ms, due in 4.2 s`; what of it the snapshot tells. */
  #dueTime(timer: number): string {
    const after = this.#read.number(timer, '_idleTimeout');
    if (after === undefined) return '';
    const start = this.#read.number(timer, '_idleStart');
    if (start === undefined || this.now === undefined) return `${after} ms`;
    const due = Math.max(0, start + after - this.now);
    return `${after} ms, due in ${due < 1000 ? `${Math.round(due)} ms` : `${(due / 1000).toFixed(1)} s`}`;
  }

  /** What a callback-style file request will call: its name tells which operation it is (`readFileAfterOpen`). */
  #callbackName(request: number): string {
    const callback = this.#read.property(request, 'oncomplete');
    return callback < 0 ? '' : this.awaits.graph.name(callback);
  }

  /** `readFile /path`, from the arguments of `fs/promises` functions; undefined where none is on the way. */
  #fileOperation(through: readonly SuspendedCall[]): string | undefined {
    const { graph, names } = this.awaits;
    const calls = through.filter((call) => FILE_SCRIPT.test(this.functions.of(call.closure)?.url ?? ''));
    if (!calls.length) return undefined;
    const { firstEdge, edgeType, edgeTo } = graph.columns;
    let operation = (this.functions.of(calls[0]!.closure)?.name ?? '').replace(/^_/, '');
    let descriptor = '';
    for (const call of calls) {
      for (let edge = firstEdge[call.registers]!, end = firstEdge[call.registers + 1]!; edge < end; edge++) {
        if (edgeType[edge] !== EdgeType.internal && edgeType[edge] !== EdgeType.hidden) continue;
        const to = edgeTo[edge]!;
        const text = readString(graph, names, to);
        // A path; other strings among the registers are flags and encodings.
        if (text !== undefined && text !== '' && Number(graph.edgeName(edge)) === 0) return `${operation} ${text}`;
        // Methods of a FileHandle go through one function that is given the one to call.
        if (operation === 'fsCall' && graph.type(to) === NodeType.closure) operation = graph.name(to);
        if (!descriptor && this.functions.className(to) === 'FileHandle') descriptor = this.#detail('FileHandle', to);
      }
    }
    return `${operation} ${descriptor}`.trim();
  }
}

/** Node's key of a listening address, `4:127.0.0.1:8080`, as `127.0.0.1:8080`. */
function serverAddress(key: string | undefined): string {
  return key?.replace(/^(4|6|-1):/, '').replace(/:-1$/, '') ?? '';
}
