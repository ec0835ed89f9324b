import { captureTasks } from '../../../src/tracer/heap/capture';
import { nodeBinary, type NodeMajor } from '../../host/provision';
import type { FoundTask } from './expectation';
import { TargetProcess } from './target-process';

/** Runs a program until it is ready, and gives its tasks, without their locals. */
export async function tasksOf(program: string, major: NodeMajor): Promise<FoundTask[]> {
  const target = await TargetProcess.start({ node: await nodeBinary(major), args: [program] });
  try {
    const capture = await captureTasks(target.attachment.session, { inspectMs: 20_000 });
    const byId = new Map(capture.tasks.map((task) => [task.id, task]));
    return capture.tasks.map((task) => ({ task, capture, nameOf: (id) => byId.get(id)?.name ?? id, locals: [] }));
  } finally {
    await target.stop();
  }
}
