// Keeps what a client was told last, so that the next answer has only what is different.
import type { TaskChanges, TaskData } from './protocol';

/** Of a task, by its slot: its id (0 for none), site and marks, place and what it waits for, which one that is. */
const WORDS = 4;

export class ToldTasks {
  private sequence = 0;
  private tasks = new Int32Array(0);
  private gone: number[] = [];
  /** The row of each group as text, by its id. */
  private groups = new Map<number, string>();
  private names = new Map<number, string>();
  private lost = 0;

  /** Begins an answer that follows the answer `since`, of a table with so many slots. True: what was told before does not count. */
  begin(since: number, slots: number): boolean {
    const whole = since === 0 || since !== this.sequence;
    this.sequence++; // an answer that is never sent is never followed, either
    this.gone = [];
    if (whole) {
      this.tasks = new Int32Array(0);
      this.groups.clear();
      this.names.clear();
      this.lost = 0;
    }
    if (this.tasks.length < slots * WORDS) {
      const { tasks } = this;
      this.tasks = new Int32Array(slots * WORDS);
      this.tasks.set(tasks);
    }
    return whole;
  }

  /** Whether the task in a slot was told as it is; it counts as told now. */
  knows(slot: number, id: number, site: number, at: number, marks: number, code: number, ref: number): boolean {
    const { tasks } = this;
    const place = slot * WORDS;
    const made = (site << 2) | marks;
    const waits = (at << 3) | code;
    const toldId = tasks[place]! >>> 0;
    if (toldId === id && tasks[place + 1] === made && tasks[place + 2] === waits && tasks[place + 3] === (ref | 0)) return true;
    if (toldId !== 0 && toldId !== id) this.gone.push(toldId);
    tasks[place] = id;
    tasks[place + 1] = made;
    tasks[place + 2] = waits;
    tasks[place + 3] = ref;
    return false;
  }

  /** There is no task in the slot. */
  omit(slot: number): void {
    const id = this.tasks[slot * WORDS]! >>> 0;
    if (id === 0) return;
    this.gone.push(id);
    this.tasks[slot * WORDS] = 0;
  }

  /** The answer; `data` has the tasks that are not known. */
  changes(data: TaskData, whole: boolean): TaskChanges {
    const { groups, names, lost, gone } = this;
    const texts = new Map(data.groups.map((group) => [group.id, JSON.stringify(group)]));
    this.groups = texts;
    this.names = new Map(data.names);
    this.lost = data.counts.lost;
    return {
      ...data,
      sequence: this.sequence,
      whole,
      gone,
      groups: data.groups.filter(({ id }) => texts.get(id) !== groups.get(id)),
      names: data.names.filter(([id, name]) => names.get(id) !== name),
      lost: data.lost.slice(Math.max(0, data.lost.length - (this.lost - lost))),
    };
  }
}
