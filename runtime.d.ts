/** A pending async call, where it is suspended. */
export interface TaskDescription {
  id: number;
  /** The function's name, with its class where that is known. */
  name: string;
  /** What nameTask called it. */
  label?: string;
  /** The script and place of the await as they run, not as a source map has them; lines and columns from 1. */
  file: string;
  line: number;
  column: number;
  /** Milliseconds since the call. */
  ageMs: number;
}

/** Every async call of this thread that is pending; empty where nothing is tracked. */
export declare function allTasks(): TaskDescription[];

/** Names the async call that runs now, for whoever looks at the tasks; false where nothing is tracked. */
export declare function nameTask(name: string): boolean;
