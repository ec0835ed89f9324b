import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Task, TaskCapture } from '../task';
import { FunctionPlaces } from './function-places';
import type { HeapGraph } from './graph';
import { HeapTasks, toTask } from './heap-tasks';
import { DiskScripts, Scripts } from './scripts';
import { SnapshotError } from './snapshot-layout';
import { SnapshotParser } from './snapshot-parser';

/** Reads the tasks of a `.heapsnapshot` file. Rejects with a one-sentence Error where it is no whole snapshot. */
export async function readSnapshotFile(file: string): Promise<TaskCapture> {
  const heap = new HeapTasks(await parseSnapshotFile(file));
  const places = new FunctionPlaces(new Scripts(new DiskScripts()));
  const tasks: Task[] = [];
  await places.read(heap.tasks);
  heap.link();
  heap.prove();
  for (const task of heap.tasks) {
    const { defined } = places.of(task);
    tasks.push(toTask(task, defined, task.kind === 'promise', defined));
  }
  const warnings = tasks.length
    ? ['A snapshot file does not tell at which await a task is suspended: the places are where the functions start. It has no locals either.']
    : [];
  return { tasks, warnings, inspect: () => Promise.resolve(undefined), inHeap: () => undefined, release: () => Promise.resolve() };
}

/** Reads a snapshot file in pieces. The error's sentence begins with the file's name. */
export async function parseSnapshotFile(file: string): Promise<HeapGraph> {
  try {
    if (!(await stat(file)).isFile()) throw new SnapshotError('is no file');
    const parser = new SnapshotParser();
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) parser.push(chunk as Buffer);
    return parser.finish();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SnapshotError) throw new SnapshotError(`${file} ${error.message}.`);
    if (code === 'ENOENT') throw new SnapshotError(`${file} does not exist.`);
    if (code === 'EACCES' || code === 'EPERM') throw new SnapshotError(`${file} cannot be read: permission denied.`);
    throw error;
  }
}
