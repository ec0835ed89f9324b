// A recording as a file: compressed; one line of JSON, then the events as bytes.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { EVENT_BYTES, EventColumns, LAST_EVENT, RecordedEvent } from './events';
import { DEFAULT_LIMITS, Recording, type RecordedBlock, type RecordedGap, type RecordedProcess, type RecordedSite } from './recording';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** How the file's name ends. */
export const RECORDING_SUFFIX = '.asynctrace';
const FORMAT = 'asynctrace';
const VERSION = 1;
/** A larger one was not written by us. Bytes. */
const LARGEST = 256 * 1024 * 1024;

interface FileHeader {
  format: typeof FORMAT;
  version: typeof VERSION;
  process: RecordedProcess;
  now: number;
  since: number;
  forgotten: number;
  threads: string[];
  sites: RecordedSite[];
  names: [number, string][];
  blocks: RecordedBlock[];
  gaps: RecordedGap[];
  events: number;
}

/** The file's content: what the recording holds now. */
export async function writeRecording(recording: Recording): Promise<Uint8Array> {
  const events = new EventColumns();
  for (const columns of recording.columns()) events.append(columns);
  const { process, now, since, forgotten, threads, sites, names, blocks, gaps } = recording;
  const header: FileHeader = { format: FORMAT, version: VERSION, process, now, since, forgotten, threads, sites, names: [...names], blocks, gaps, events: events.count };
  return compress(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), events.toBytes()]), { level: 4 });
}

/** Rejects with an Error that says in one sentence what is wrong with the file. */
export async function readRecording(file: Uint8Array): Promise<Recording> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) throw new Error('This is no Asyncscope recording.');
  let bytes: Buffer;
  try {
    bytes = await expand(file, { maxOutputLength: LARGEST });
  } catch {
    throw new Error('The recording is damaged or was cut short: record again.');
  }
  const line = bytes.indexOf(0x0a);
  const header = readHeader(bytes.subarray(0, Math.max(0, line)).toString());
  const events = bytes.subarray(line + 1);
  if (events.length !== header.events * EVENT_BYTES) throw damaged();
  checkEvents(EventColumns.fromBytes(events), header);
  const { process, now, since, forgotten, threads, sites, names, blocks, gaps } = header;
  const recording = new Recording(process, { ms: Infinity, events: Math.max(DEFAULT_LIMITS.events, header.events) });
  recording.add({ now, since, threads, sites, names, blocks, gaps, events });
  recording.forgotten = forgotten;
  return recording;
}

function readHeader(text: string): FileHeader {
  let value: Partial<Record<keyof FileHeader, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    throw new Error('This is no Asyncscope recording.');
  }
  if (value?.format !== FORMAT) throw new Error('This is no Asyncscope recording.');
  if (value.version !== VERSION) throw new Error(`The recording is of format ${String(value.version)}, and this Asyncscope reads format ${VERSION}: use the one that wrote it.`);
  const { process, now, since, forgotten, threads, sites, names, blocks, gaps, events } = value;
  const isWhole =
    isRecord(process) &&
    [process['pid'], process['startedAt'], now, since, forgotten, events].every(isNumber) &&
    [process['node'], process['label']].every(isText) &&
    isList(threads, isText) &&
    isList(sites, isSite) &&
    isList(names, (name) => Array.isArray(name) && isNumber(name[0]) && isText(name[1])) &&
    isList(blocks, (block) => isRecord(block) && [block['thread'], block['from'], block['ms']].every(isNumber) && isText(block['name']) && isPlaceOrNothing(block['at'])) &&
    isList(gaps, (gap) => isRecord(gap) && [gap['from'], gap['to'], gap['dropped']].every(isNumber));
  if (!isWhole) throw damaged();
  return value as FileHeader;
}

function checkEvents({ count, kind, time, site, ref }: EventColumns, { sites, threads }: FileHeader): void {
  for (let at = 0; at < count; at++) {
    const isWhole =
      kind[at]! >= RecordedEvent.begin &&
      kind[at]! <= LAST_EVENT &&
      Number.isFinite(time[at]) &&
      site[at]! < Math.max(1, sites.length) &&
      (kind[at] !== RecordedEvent.begin || ref[at]! < threads.length);
    if (!isWhole) throw damaged();
  }
}

function isSite(value: unknown): boolean {
  return isRecord(value) && isText(value['name']) && isNumber(value['kind']) && isText(value['builtin']) && isPlaceOrNothing(value['place']) && isPlaceOrNothing(value['caller']);
}

function isPlaceOrNothing(value: unknown): boolean {
  return value === undefined || (isRecord(value) && isText(value['file']) && isNumber(value['line']) && isNumber(value['column']));
}

function isList(value: unknown, isElement: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isElement);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function damaged(): Error {
  return new Error('The recording is damaged: record again.');
}
