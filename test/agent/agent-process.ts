// Runs programs with the agent in them, as `--require` brings it there.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { CONFIG_VARIABLE, type AgentConfig } from '../../src/agent/config';
import { parseAnswer, parseTaskData, TaskCode, AwaitsCode, type PollAnswer, type TaskData } from '../../src/agent/protocol';

export const agentPath = path.resolve('dist/agent.js');
export const agentFixtures = path.resolve('test/fixtures/agent');
export const secret = '0123456789abcdef0123456789abcdef';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The environment that puts the agent into a program that is run by `node`. */
export function withAgent(config: Partial<AgentConfig> = {}): NodeJS.ProcessEnv {
  const whole: AgentConfig = { version: 1, secret, ...config };
  return { ...process.env, NODE_OPTIONS: `--require ${JSON.stringify(agentPath)}`, [CONFIG_VARIABLE]: JSON.stringify(whole) };
}

/** Longer than any program of the tests runs: one that goes on for ever must not outlast its test. */
const longestMs = 100_000;

/** Runs a command to its end. */
export function runToEnd(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: longestMs, killSignal: 'SIGKILL' });
    const ended = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...ended }));
  });
}

/** What a poll's text says of tasks. */
export function tasksIn(answer: string): { answer: PollAnswer; tasks: TaskData } {
  const parsed = parseAnswer(answer);
  return { answer: parsed, tasks: parseTaskData(parsed.parts['tasks']) };
}

/** How many tasks there are by function, and how many wait for which. */
export function accountOf(data: TaskData): { pending: Record<string, number>; edges: Record<string, number> } {
  const { tasks, sites, groups } = data;
  const pending: Record<string, number> = {};
  const edges: Record<string, number> = {};
  const nameAt = (index: number) => (tasks.kind[index] === TaskCode.promise ? '(then)' : (sites[tasks.site[index]!]?.[3] ?? '?'));
  const indexOf = new Map(tasks.id.map((id, index) => [id, index]));
  for (let index = 0; index < tasks.id.length; index++) {
    const name = nameAt(index);
    pending[name] = (pending[name] ?? 0) + 1;
    const awaits = tasks.awaits[index];
    const ref = tasks.ref[index]!;
    for (const id of awaits === AwaitsCode.task ? [ref] : awaits === AwaitsCode.group ? groups[ref]!.tasks : []) {
      const edge = `${name} > ${nameAt(indexOf.get(id) ?? -1)}`;
      edges[edge] = (edges[edge] ?? 0) + 1;
    }
  }
  return { pending, edges };
}
