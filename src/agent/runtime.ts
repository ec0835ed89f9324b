// `import { allTasks, nameTask } from 'asyncscope/runtime'`: what a program can ask and say itself. Without the agent
// both do nothing, so they can stay in the code.

import type { TaskDescription } from '../../runtime';

/** What the agent offers; kept under a symbol of this name. */
export interface Runtime {
  allTasks(): TaskDescription[];
  nameTask(name: string): boolean;
}

export const RUNTIME_KEY = 'asyncscope.runtime';

function runtime(): Runtime | undefined {
  return (globalThis as { [key: symbol]: Runtime | undefined })[Symbol.for(RUNTIME_KEY)];
}

/** Every async call of this thread that is pending; empty where nothing is tracked. */
export function allTasks(): TaskDescription[] {
  return runtime()?.allTasks() ?? [];
}

/** Names the async call that runs now, for whoever looks at the tasks; false where nothing is tracked. */
export function nameTask(name: string): boolean {
  return runtime()?.nameTask(String(name)) ?? false;
}
