// Tells what keeps the event loop alive, and where it was made: timers, sockets, servers, watchers, child processes,
// worker threads, requests under way. A bundle of its own, which the agent requires where it is preloaded, and a client
// evaluates beside it. Node tells where handles are made by way of `async_hooks`, which only newer versions let leave
// promises out; in others handles are listed without their places.
import { createHook, type AsyncHook } from 'node:async_hooks';
import { readTime } from './clock';
import { CompiledScripts } from './compiled-scripts';
import { handleName } from './config';
import { HandleMark, HANDLES_PART, MOST_GROUPS, MOST_ROWS, type HandleData, type HandleGroup, type HandleRow, type HandleSiteRow } from './handle-protocol';
import { detailsOf, handleOf, keepsAlive, ownerOf, type Resource } from './handle-resource';
import { HandleSites, NO_SITE, type Frequency } from './handle-sites';
import { HandleTable, type NotedHandle } from './handle-table';
import type { AgentHandle } from './install';
import type { AgentPart } from './part';
import { SCRIPTS_PART } from './script-protocol';

/** What is over within this time costs no weak reference. */
const FLUSH_MS = 25;
/** Of so many immediates one may be noted. */
const IMMEDIATES_PER_LOOK = 16;
/** So many handles at most are noted at the same time. */
const NOTED_AT_ONCE = 32;

/** The types of `async_hooks` that can keep the loop alive by themselves, and how often they are made. */
const frequencies = new Map<string, Frequency>([
  ['Timeout', 'timer'],
  ['Immediate', 'immediate'],
  ...['FSREQCALLBACK', 'FSREQPROMISE', 'FILEHANDLECLOSEREQ', 'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'QUERYWRAP', 'UDPSENDWRAP'].map((type) => [type, 'brief'] as const),
  ...['RANDOMBYTES', 'RANDOMPRIME', 'CHECKPRIME', 'PBKDF2', 'SCRYPT', 'ARGON2', 'HASH', 'SIGN', 'CIPHER', 'KEYGEN', 'KEYPAIRGEN', 'KEYEXPORT', 'DERIVEBITS'].map((type) => [`${type}REQUEST`, 'brief'] as const),
  ...['TCPSERVERWRAP', 'TCPWRAP', 'PIPESERVERWRAP', 'PIPEWRAP', 'TTYWRAP', 'UDPWRAP', 'FSEVENTWRAP', 'STATWATCHER', 'PROCESSWRAP', 'WORKER', 'MESSAGEPORT'].map((type) => [type, 'rare'] as const),
]);

/** What `process._getActiveHandles()` has, by its class. */
const TYPES: Record<string, string> = { TCP: 'TCPWRAP', Pipe: 'PIPEWRAP', TTY: 'TTYWRAP', UDP: 'UDPWRAP', FSEvent: 'FSEVENTWRAP', Process: 'PROCESSWRAP', StatWatcher: 'STATWATCHER', MessagePort: 'MESSAGEPORT' };

/** Node's own lists; they have been there in all versions, though not in its documentation. */
interface ActiveLists {
  _getActiveHandles?(): object[];
  _getActiveRequests?(): object[];
}

class Handles implements AgentPart {
  private readonly table = new HandleTable();
  private readonly sites = new HandleSites();
  private readonly hook: AsyncHook | undefined;
  /** How many have no certain place. */
  private unread = 0;
  private isFlushDue = false;
  private immediates = 0;
  private now = 0;
  private noted = 0;
  /** Of the newest answer. */
  toldSites: readonly HandleSiteRow[] = [];
  private readonly flushTimer: NodeJS.Timeout & Resource;

  constructor(private readonly letGo: () => void) {
    // One timer for good, made before anything is watched.
    this.flushTimer = setTimeout(() => this.onFlush(), FLUSH_MS).unref();
    if (!canLeaveOutPromises()) return;
    const init = (id: number, type: string, trigger: number, resource: Resource): void => {
      try {
        // These two come and go with each turn of the loop, often many.
        if (type === 'TickObject') {
          if (isPutOffAnswer(resource)) this.noteTick(id);
        } else if (type !== 'Immediate' || this.immediates++ % IMMEDIATES_PER_LOOK === 0) {
          const frequency = frequencies.get(type);
          if (frequency !== undefined) this.note(id, type, trigger, resource, frequency);
        }
      } catch {
        // At the end of the stack, say: nothing may get through to the program.
      }
    };
    this.hook = createHook({ init, trackPromises: false } as Parameters<typeof createHook>[0]).enable();
  }

  poll(): HandleData {
    const data: HandleData = { hasPlaces: this.hook !== undefined, sites: [], groups: [], unlisted: {}, dropped: 0, unread: this.unread };
    const now = readTime();
    this.flushTimer.refresh();
    const loopNow = this.flushTimer._idleStart ?? 0;
    const groups = new Map<string, HandleGroup & { oldest: number }>();
    const counts: Record<string, number> = {};
    const add = (resource: Resource, { id, type, site, marks, born }: NotedHandle): void => {
      if (!isKept(resource, type) || (type === 'MESSAGEPORT' && marks & HandleMark.ofChild)) return;
      counts[type] = (counts[type] ?? 0) + 1;
      const key = `${type} ${site} ${marks} ${type === 'Timeout' ? `${resource._idleTimeout} ${resource._repeat}` : ''}`;
      let group = groups.get(key);
      if (!group) groups.set(key, (group = { type, site, marks, count: 0, handles: [], oldest: Infinity }));
      group.count++;
      if (id > 0) group.oldest = Math.min(group.oldest, id);
      // The newest come first: the last ones stay.
      if (group.handles.length >= MOST_ROWS) group.handles.shift();
      group.handles.push({ id, ...(born >= 0 && { ageMs: Math.round(now - born) }), ...readDetails(resource, type, loopNow) });
    };
    const seen = new Set<object>();
    for (const [resource, note] of this.table.entries()) {
      if (seen.has(resource)) continue;
      seen.add(resource);
      seen.add(readOwner(resource));
      add(resource, note);
    }
    data.dropped = this.table.dropped;
    for (const [resource, type] of this.older(seen)) add(resource, { id: 0, type, site: NO_SITE, marks: 0, born: -1 });
    const sorted = [...groups.values()].sort((one, other) => one.oldest - other.oldest);
    data.groups = sorted.slice(0, MOST_GROUPS).map(({ oldest: _, ...group }) => ({ ...group, site: this.tellSite(group.site, data.sites), handles: group.handles.reverse() }));
    for (const { type, count } of sorted.slice(MOST_GROUPS)) data.unlisted[type] = (data.unlisted[type] ?? 0) + count;
    for (const type of ['Timeout', 'Immediate']) {
      const count = process.getActiveResourcesInfo().filter((each) => each === type).length - (counts[type] ?? 0);
      const likely = type === 'Immediate' ? this.tellSite(this.sites.guess(type), data.sites) : NO_SITE;
      if (count <= 0) continue;
      if (likely !== NO_SITE && data.groups.length < MOST_GROUPS) data.groups.push({ type, site: likely, marks: HandleMark.unsure, count, handles: [] });
      else data.unlisted[type] = (data.unlisted[type] ?? 0) + count;
    }
    this.toldSites = data.sites;
    return data;
  }

  remove(): void {
    this.hook?.disable();
    clearTimeout(this.flushTimer);
    this.letGo();
  }

  private note(id: number, type: string, trigger: number, resource: Resource, frequency: Frequency): void {
    // Node's own timers, of connections say, that never keep the loop alive; the program's are unref'd only afterwards.
    if (type === 'Timeout' && !resource.hasRef?.()) return;
    const { sites } = this;
    const born = this.clock();
    let site = sites.find(frequency, type === 'Timeout' ? (resource._idleTimeout ?? 0) : type, born);
    if (type === 'Immediate' && sites.isUnsure) return;
    if (sites.isUnsure) this.unread++;
    let marks = (sites.isUnsure && site !== NO_SITE ? HandleMark.unsure : 0) | (sites.isOfChild ? HandleMark.ofChild : 0);
    // Native code makes an accepted connection, and what follows from a request is made by Node's own code: nobody is on the stack.
    if (site === NO_SITE && !sites.isUnsure) {
      const server = type === 'TCPWRAP' || type === 'PIPEWRAP' ? sites.originSite('server', trigger) : undefined;
      if (server !== undefined) marks |= HandleMark.accepted;
      site = server ?? sites.originSite('request', trigger) ?? NO_SITE;
    }
    if (site !== NO_SITE && type.endsWith('SERVERWRAP')) sites.keepOrigin('server', id, site);
    if (site !== NO_SITE && !sites.isUnsure && type.includes('REQ')) sites.keepOrigin('request', id, site);
    this.table.add(resource, { id, type, site, marks, born });
  }

  /** Read once for a few dozen handles: it costs half of what a timer does. */
  private clock(): number {
    if (!this.isFlushDue) {
      this.isFlushDue = true;
      this.flushTimer.refresh();
      this.noted = 0;
    }
    if (this.noted++ % NOTED_AT_ONCE === 0) this.now = readTime();
    return this.now;
  }

  private onFlush(): void {
    this.isFlushDue = false;
    this.table.flushYoung();
  }

  /** What the callback makes is made where it was put off: a server that listens at an address, say. */
  private noteTick(id: number): void {
    const { sites } = this;
    const site = sites.find('brief', 'TickObject', this.clock());
    if (site !== NO_SITE && !sites.isUnsure) sites.keepOrigin('request', id, site);
  }

  /** What Node knows to be active, and was not seen being made. */
  private *older(seen: ReadonlySet<object>): Generator<[Resource, string]> {
    const lists = process as ActiveLists;
    for (const owner of lists._getActiveHandles?.() ?? []) {
      const handle = handleOf(owner);
      if (seen.has(owner) || handle === null) continue;
      const resource: Resource = handle ?? owner;
      const type = TYPES[resource.constructor.name] ?? resource.constructor.name;
      yield [resource, 'listen' in owner && (type === 'TCPWRAP' || type === 'PIPEWRAP') ? type.replace('WRAP', 'SERVERWRAP') : type];
    }
    for (const request of lists._getActiveRequests?.() ?? []) {
      const type = request.constructor.name.toUpperCase();
      if (!seen.has(request) && frequencies.has(type)) yield [request, type];
    }
  }

  /** The index among the sites of one answer. */
  private tellSite(site: number, told: HandleSiteRow[]): number {
    const row = this.sites.row(site);
    if (!row) return NO_SITE;
    const at = told.indexOf(row);
    return at >= 0 ? at : told.push(row) - 1;
  }
}

/** Node checks the type of an option that it knows. */
function canLeaveOutPromises(): boolean {
  try {
    createHook({ trackPromises: 'no' } as object);
    return false;
  } catch {
    return true;
  }
}

/** `process.nextTick(callback, null, answer)`: Node knew the answer at once, and calls back later nevertheless. */
function isPutOffAnswer({ args }: Resource): boolean {
  return args !== undefined && args.length > 1 && args[0] === null;
}

function isKept(resource: Resource, type: string): boolean {
  try {
    return keepsAlive(resource, type);
  } catch {
    return false;
  }
}

function readOwner(resource: Resource): object {
  try {
    return ownerOf(resource);
  } catch {
    return resource;
  }
}

function readDetails(resource: Resource, type: string, loopNow: number): Omit<HandleRow, 'id'> {
  try {
    return detailsOf(resource, type, loopNow);
  } catch {
    return {};
  }
}

/** For who requires or evaluates the bundle; `secret` is that of the agent. False where there is none. */
export function start(secret: string): boolean {
  const handle = (globalThis as Record<string, unknown>)[handleName(secret)] as AgentHandle | undefined;
  if (!handle?.parts) return false;
  if (!handle.parts.has(HANDLES_PART)) {
    const handles = new Handles(() => handle.parts.delete(HANDLES_PART));
    handle.parts.set(HANDLES_PART, handles);
    handle.parts.set(SCRIPTS_PART, new CompiledScripts(handle, () => handles.toldSites));
  }
  return true;
}
