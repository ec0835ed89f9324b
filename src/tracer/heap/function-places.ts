import type { Place } from '../task';
import { onlyAwait, type CodeKind } from './await-scan';
import type { HeapFunction } from './functions';
import type { FunctionStart } from './graph';
import type { HeapTask } from './heap-tasks';
import type { Scripts } from './scripts';
import type { SourceText } from './source-text';

/** What the source of a function tells about all the tasks that run it. */
export interface FunctionPlace {
  defined: Place;
  /** The await, where the function has only one. */
  only?: Place;
  /** As they were written, where a source map says that a tool has renamed them. */
  ownName?: string;
  className?: string;
}

/** How far before the start of a function its name is looked for. */
const NAME_REACH = 1000;

/** Reads the functions of tasks once each, however many tasks run them. */
export class FunctionPlaces {
  readonly #known = new Map<HeapFunction, FunctionPlace>();

  constructor(private readonly scripts: Scripts) {}

  /** Reads all that the tasks run, so that `of` can answer, and gives them the names that these had before a bundler renamed them. */
  async read(tasks: readonly HeapTask[]): Promise<void> {
    const first = new Map<HeapFunction, HeapTask>();
    for (const task of tasks) if (!first.has(task.fn)) first.set(task.fn, task);
    await Promise.all([...first].map(async ([fn, task]) => this.#known.set(fn, await this.#read(task))));
    for (const task of tasks) {
      const { ownName, className } = this.of(task);
      if (ownName) task.ownName = ownName;
      if (className) task.className = className;
    }
  }

  of(task: HeapTask): FunctionPlace {
    const place = this.#known.get(task.fn);
    if (!place) throw new Error('the function has not been read');
    return place;
  }

  async #read(task: HeapTask): Promise<FunctionPlace> {
    const { fn } = task;
    const defined = await this.scripts.place(fn.url, fn);
    const place: FunctionPlace = { defined };
    const text = await this.scripts.text(fn.scriptId, fn.url);
    const start = text?.offset(fn.line, fn.column);
    if (!text || start === undefined) return place;
    if (task.kind !== 'promise') {
      const kind: CodeKind = task.isModule ? 'module' : task.kind;
      const offset = onlyAwait(text.text, start, kind);
      if (offset !== undefined) place.only = await this.scripts.place(fn.url, { scriptId: fn.scriptId, ...text.position(offset) });
    }
    if (!defined.generated) return place;
    const ownName = fn.name && (await this.#writtenName(fn.name, text, fn, fn.url));
    if (ownName) place.ownName = ownName;
    const className = task.className && fn.class?.start && (await this.#writtenName(task.className, text, fn.class.start, fn.url));
    if (className) place.className = className;
    return place;
  }

  /** The name that a source map gives to a function or class called `name` in what runs, which starts at `start`. */
  async #writtenName(name: string, text: SourceText, start: FunctionStart, url: string): Promise<string | undefined> {
    const end = text.offset(start.line, start.column);
    if (end === undefined) return undefined;
    const from = Math.max(0, end - NAME_REACH);
    // The name stands before a parameter list or arrow, but after `class` where V8 says that the class starts.
    const to = text.text.startsWith('class', end) ? end + 'class'.length + name.length + 1 : end;
    const pattern = new RegExp(`(?<![\\w$])${name.replace(/[$#]/g, '\\$&')}(?![\\w$])`, 'g');
    const at = [...text.text.slice(from, to).matchAll(pattern)].at(-1);
    return at && this.scripts.originalName(url, { scriptId: start.scriptId, ...text.position(from + at.index) });
  }
}
