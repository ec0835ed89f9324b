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

const PARAMETERS = String.raw`\((?:[^()]|\([^()]*\))*\)`;
/** What a compiler writes before the generator: `return __awaiter(this, void 0, void 0, function*`. */
const HELPER_CALL = String.raw`[\w$.]+\((?:(?:this|null|void 0|_this\d*)\s*,[^(){}]*)?function\s*\*\s*$`;
/** What stands before parentheses and is no name. */
const STATEMENTS = /^(?:function|if|for|while|switch|catch|with)$/;
const METHOD_AROUND = new RegExp(String.raw`(function\s+)?([\w$#]+)\s*${PARAMETERS}\s*\{\s*return\s+${HELPER_CALL}`);
const VARIABLE_AROUND = new RegExp(String.raw`()([\w$#]+)\s*[=:]\s*(?:(?:${PARAMETERS}|[\w$]+)\s*=>\s*|function\s*${PARAMETERS}\s*\{\s*return\s+)?${HELPER_CALL}`);

/** The name of the function that a compiler made a generator of, which starts at `start`, and where it stands. */
function nameAround(text: string, start: number): { name: string; offset: number; isMethod: boolean } | undefined {
  const from = Math.max(0, start - NAME_REACH);
  const before = text.slice(from, start);
  const method = METHOD_AROUND.exec(before);
  const found = method && !STATEMENTS.test(method[2]!) ? method : VARIABLE_AROUND.exec(before);
  // Babel's variable for a function expression has a name of its own.
  const name = found?.[2]?.replace(/^_(?=[A-Za-z])/, '');
  if (!found || !name || /^ref\d*$/.test(name)) return undefined;
  return { name, offset: from + found.index + (found[1]?.length ?? 0), isMethod: found === method && found[1] === undefined };
}

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
    if (task.isDriven) return { ...place, ...(!fn.name && (await this.#nameAround(task, text, start))) };
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

  /** The name of a function that a compiler made a generator of; with the class of its `this` where it is a method. */
  async #nameAround({ fn, receiver }: HeapTask, text: SourceText, start: number): Promise<Pick<FunctionPlace, 'ownName' | 'className'>> {
    const found = nameAround(text.text, start);
    if (!found) return {};
    const written = await this.scripts.originalName(fn.url, { scriptId: fn.scriptId, ...text.position(found.offset) });
    // What has renamed the method has renamed the class, too.
    const isRenamed = written !== undefined && written !== found.name;
    return { ownName: written ?? found.name, ...(found.isMethod && receiver !== undefined && !isRenamed && { className: receiver }) };
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
