// Reads what the agents of a program and its children left behind when they ended.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAnswer, parseExitReport, parseResources, parseTaskData, type EndReason } from '../agent/protocol';
import { HANDLES_PART } from '../agent/handle-protocol';
import { parseScripts, SCRIPTS_PART, type ScriptText } from '../agent/script-protocol';
import { readRecorderData, type RecorderData } from '../agent/recorder-protocol';
import { liveTasks, lostTasks, trackingWarnings, type LostTask } from '../tracer/live/live-tasks';
import { HandleReader, type HandleReport } from '../tracer/live/handles';
import { BlockedLoopReader, type BlockedReport } from '../tracer/live/blocked-loop';
import { SitePlaces } from '../tracer/live/site-places';
import type { TaskReport } from '../tracer/task';

/** What was pending when one process or worker thread ended. */
export interface EndedThread extends TaskReport {
  command: string[];
  reason: EndReason;
  /** Its exit code; null where a signal ended it. */
  exitCode: number | null;
  /** What kept the event loop alive until then, by kind: `Timeout`, `TCPServerWrap`, … */
  resources: Record<string, number>;
  /** The same one by one, with the places where they were made. */
  handles?: HandleReport;
  /** The newest calls that were collected while pending, and how many there were. */
  lost: LostTask[];
  lostCount: number;
  /** What blocked its event loop; absent where that was not watched. */
  blocked?: BlockedReport;
  /** What happened to its tasks; absent where that was not recorded. */
  recorder?: RecorderData;
  /** Those of its scripts that are not as on disk; absent where nothing was recorded. */
  scripts?: ScriptText[];
}

export interface EndedProgram {
  /** The first process first. */
  threads: EndedThread[];
  /** Ids of processes that were killed before they could tell. */
  killed: number[];
  /** Ids of processes that have not ended. */
  running: number[];
  /** Worker threads that ended without telling, by the process: a signal ends them with it, `terminate()` at any time. */
  silentWorkers: Map<number, number[]>;
  /** Reports that could not be read, a sentence each. */
  damaged: string[];
}

/** How often it is looked whether children have ended. */
const LOOK_MS = 20;

/** Resolves when the processes that a program started have ended as well, in `patienceMs` milliseconds at most. */
export async function childrenEnded(folder: string, patienceMs: number, abort: AbortSignal): Promise<void> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end && !abort.aborted && (await readdir(folder)).some((name) => isAlive(name))) await delay(LOOK_MS);
}

/** `name`: of the file that says that a process has begun. */
function isAlive(name: string): boolean {
  const [, pid] = /^(\d+)-0\.running$/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

export async function readExitReports(folder: string): Promise<EndedProgram> {
  const program: EndedProgram = { threads: [], killed: [], running: [], silentWorkers: new Map(), damaged: [] };
  for (const name of (await readdir(folder)).sort(byNumber)) {
    const [, pid, thread, type] = /^(\d+)-(\d+)\.(json|running)$/.exec(name) ?? [];
    if (type === 'running' && thread === '0') program[isAlive(name) ? 'running' : 'killed'].push(Number(pid));
    else if (type === 'running') program.silentWorkers.set(Number(pid), [...(program.silentWorkers.get(Number(pid)) ?? []), Number(thread)]);
    if (type !== 'json') continue;
    try {
      program.threads.push(await readThread(path.join(folder, name)));
    } catch (error) {
      program.damaged.push(`What process ${pid} left behind cannot be read: ${(error as Error).message}`);
    }
  }
  return program;
}

async function readThread(file: string): Promise<EndedThread> {
  const { command, reason, code, answer } = parseExitReport(await readFile(file, 'utf8'));
  const { pid, thread, node, parts } = parseAnswer(answer);
  const data = parseTaskData(parts['tasks']);
  const places = new SitePlaces();
  const scripts = parseScripts(parts[SCRIPTS_PART]);
  places.addScripts(scripts);
  await places.add(data.firstSite, data.sites);
  const tasks = liveTasks(data, places);
  return {
    version: 1,
    target: { pid, node, source: 'live' },
    threads: [{ id: String(thread), name: thread === 0 ? 'main' : `worker ${thread}`, tasks }],
    warnings: trackingWarnings(data),
    command,
    reason,
    exitCode: code,
    resources: parseResources(parts['resources']),
    ...(parts[HANDLES_PART] !== undefined && { handles: await new HandleReader(places).read(parts[HANDLES_PART]) }),
    lost: lostTasks(data, places),
    lostCount: data.counts.lost,
    ...(parts['recorder'] !== undefined && { recorder: readRecorderData(parts['recorder']), scripts }),
    ...(parts['blocked'] !== undefined && { blocked: await new BlockedLoopReader(() => Promise.resolve(scripts)).read(parts['blocked']) }),
  };
}

/** Processes in the order of their ids, as numbers. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
