// What the agent says of handles, as readers of it have them.
import { HandleMark, parseHandleData, type HandleGroup, type HandleRow, type HandleSiteRow } from '../../agent/handle-protocol';
import type { Place } from '../task';
import { grouped } from '../task-text';
import type { SitePlaces } from './site-places';

export type HandleKind =
  | 'timer'
  | 'interval'
  | 'immediate'
  | 'server'
  | 'connection'
  | 'socket'
  | 'pipe'
  | 'terminal'
  | 'udp-socket'
  | 'file-watcher'
  | 'child-process'
  | 'worker-thread'
  | 'message-port'
  | 'file-request'
  | 'dns-request'
  | 'crypto-request'
  | 'other';

/** Handles and requests of one kind, made at one place, that keep the event loop of a thread alive. */
export interface KeepingAlive {
  kind: HandleKind;
  /** Node's name of the type: `Timeout`, `TCPSERVERWRAP`, … */
  resource: string;
  count: number;
  /** Where they were made, in the program's own code where that is on the stack; of accepted connections, where their server was. */
  at?: Place;
  /** False for a place that is only likely. */
  atIsExact?: boolean;
  /** In the package that the program's code had make it. */
  within?: Place;
  /** For the input, output or messages of a child process. */
  ofChild?: true;
  /** The oldest of them, twenty at most; none where only their number is known. */
  handles: HandleRow[];
}

export interface HandleReport {
  /** The oldest first; those that were made before they were watched last. */
  keepingAlive: KeepingAlive[];
  /** What could not be seen, a sentence each. */
  warnings: string[];
}

const KINDS: Record<string, HandleKind> = {
  Timeout: 'timer',
  Immediate: 'immediate',
  TCPSERVERWRAP: 'server',
  PIPESERVERWRAP: 'server',
  TCPWRAP: 'socket',
  PIPEWRAP: 'pipe',
  TTYWRAP: 'terminal',
  UDPWRAP: 'udp-socket',
  UDPSENDWRAP: 'udp-socket',
  FSEVENTWRAP: 'file-watcher',
  STATWATCHER: 'file-watcher',
  PROCESSWRAP: 'child-process',
  WORKER: 'worker-thread',
  MESSAGEPORT: 'message-port',
  FSREQCALLBACK: 'file-request',
  FSREQPROMISE: 'file-request',
  FILEHANDLECLOSEREQ: 'file-request',
  GETADDRINFOREQWRAP: 'dns-request',
  GETNAMEINFOREQWRAP: 'dns-request',
  QUERYWRAP: 'dns-request',
};

interface FoundPlace {
  at: Place;
  within?: Place;
}

/** Reads the part `handles` of one thread's answers. */
export class HandleReader {
  private readonly found = new Map<string, Promise<FoundPlace>>();

  /** `places` follows source maps. */
  constructor(private readonly places: SitePlaces) {}

  /** Rejects with a one-sentence Error where the part is damaged. */
  async read(part: unknown): Promise<HandleReport> {
    const { hasPlaces, sites, groups, unlisted, dropped, unread } = parseHandleData(part);
    const found = await Promise.all(sites.map((site) => this.find(site)));
    const keepingAlive = groups.flatMap((group) => keeping(group, found[group.site]));
    for (const [resource, count] of Object.entries(unlisted)) keepingAlive.push({ kind: kindOf(resource, false), resource, count, handles: [] });
    const warnings: string[] = [];
    if (!hasPlaces && keepingAlive.length > 0) warnings.push('This version of Node does not tell where timers, sockets and other handles are made: newer ones do (Node 26, and the later ones of Node 24).');
    if (dropped > 0) warnings.push(`${grouped(dropped)} handles were not noted, since more than 65,536 were there.`);
    if (unread > 0 && keepingAlive.some(({ at, atIsExact, handles }) => handles.length > 0 && (!at || atIsExact === false))) {
      warnings.push(`The places of up to ${grouped(unread)} handles are likely or unknown, since the program made them too fast.`);
    }
    return { keepingAlive, warnings };
  }

  private find(site: HandleSiteRow): Promise<FoundPlace> {
    const key = site.join(' ');
    let found = this.found.get(key);
    if (!found) this.found.set(key, (found = this.follow(site)));
    return found;
  }

  private async follow([file, line, column, callerFile, callerLine, callerColumn]: HandleSiteRow): Promise<FoundPlace> {
    const made = await this.places.place(file, line, column);
    return callerLine > 0 ? { at: await this.places.place(callerFile, callerLine, callerColumn), within: made } : { at: made };
  }
}

function keeping({ type, marks, count, handles }: HandleGroup, place: FoundPlace | undefined): KeepingAlive[] {
  const kind = marks & HandleMark.accepted ? 'connection' : kindOf(type, handles.some(({ repeats }) => repeats));
  const group: KeepingAlive = {
    kind,
    resource: type,
    count,
    ...place,
    ...(place && { atIsExact: (marks & HandleMark.unsure) === 0 }),
    ...(kind === 'pipe' && marks & HandleMark.ofChild && { ofChild: true as const }),
    handles,
  };
  // Without a place only the details tell one from another.
  return place || handles.length < count ? [group] : handles.map((row) => ({ ...group, count: 1, handles: [row] }));
}

function kindOf(type: string, repeats: boolean): HandleKind {
  if (repeats) return 'interval';
  return KINDS[type] ?? (type.endsWith('REQUEST') ? 'crypto-request' : 'other');
}
