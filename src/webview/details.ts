// The pane that tells of the task that is selected.
import { fileName, timeText } from '../tracer/recording/span-text';
import { NONE } from '../tracer/recording/task-spans';
import type { Place } from '../tracer/task';
import type { TimelineModel } from './model';

/** So many of a task's waits are listed, the newest first. */
const MOST_WAITS = 50;

export interface DetailActions {
  select(row: number): void;
  openSite(site: number, caller: boolean): void;
}

/** What a screen reader is told of a task, in one sentence. */
export function sentenceOf(model: TimelineModel, row: number): string {
  const { spans, text } = model;
  const parts = [text.name(row), `${text.state(row)}, ${timeText(model.end(row) - spans.start[row]!)}`];
  const wait = spans.lastWait[row]!;
  if (wait !== NONE && spans.end[row] === Infinity) parts.push(`waits for ${text.awaited(wait)}`);
  const place = text.destination(row);
  if (place) parts.push(`line ${place.line} of ${fileName(place.file)}`);
  if (spans.parent[row] !== NONE) parts.push(`awaited by ${text.name(spans.parent[row]!)}`);
  return `${parts.join('; ')}.`;
}

export function showDetails(pane: HTMLElement, model: TimelineModel, row: number, actions: DetailActions): void {
  pane.replaceChildren();
  if (row === NONE) {
    pane.append(element('p', 'hint', 'Select a bar to see what it waited for. Enter or a double click opens its source.'));
    return;
  }
  const { spans, text } = model;
  const title = element('h2', '', text.name(row));
  const facts = element('dl', 'facts');
  const fact = (name: string, ...values: (Node | string)[]): void => {
    const value = element('dd', '');
    value.append(...values);
    facts.append(element('dt', '', name), value);
  };
  const total = model.end(row) - spans.start[row]!;
  const doubt = text.doubt(row);
  fact('State', text.state(row) + (doubt ? ` (${doubt})` : ''));
  fact('Time', `${timeText(total)}, from ${timeText(Math.max(0, spans.start[row]!))}${spans.start[row]! < 0 ? ' (before the recording)' : ''}`);
  if (!model.isGroup(row)) {
    const waiting = model.waiting(row);
    fact('Waited', `${timeText(waiting)} in ${spans.waitCount[row]} ${spans.waitCount[row] === 1 ? 'await' : 'awaits'}; ran ${timeText(Math.max(0, total - waiting))}`);
  }
  const place = text.place(row);
  if (place) fact(model.isGroup(row) ? 'At' : 'Function', link(place, () => actions.openSite(spans.site[row]!, false)));
  const caller = text.caller(row);
  if (caller) fact('Called at', link(caller, () => actions.openSite(spans.site[row]!, true)));
  const parent = spans.parent[row]!;
  if (parent !== NONE) fact('Awaited by', button(text.name(parent), () => actions.select(parent)));
  pane.append(title, facts);
  if (spans.waitCount[row]! > 0) pane.append(waitsOf(model, row, actions));
}

function waitsOf(model: TimelineModel, row: number, actions: DetailActions): HTMLElement {
  const { spans, text, waits } = model;
  const list = element('ol', 'waits');
  const last = Math.min(waits.first[row + 1]!, waits.waits.length);
  const first = Math.max(waits.first[row]!, last - MOST_WAITS);
  for (let at = last - 1; at >= first; at--) {
    const wait = waits.waits[at]!;
    const { from, to, site, ref } = spans.waits;
    const item = element('li', '');
    const awaited = spans.row(ref[wait]!);
    const name = text.awaited(wait);
    item.append(`${timeText(Math.min(to[wait]!, model.end(row)) - from[wait]!)} for `, isTask(model, wait) && awaited !== NONE ? button(name, () => actions.select(awaited)) : name);
    const place = text.site(site[wait]!).place;
    if (place) item.append(' at ', link(place, () => actions.openSite(site[wait]!, false)));
    list.append(item);
  }
  if (spans.waitCount[row]! > last - first) list.append(element('li', 'hint', `… and ${(spans.waitCount[row]! - (last - first)).toLocaleString()} before`));
  return list;
}

function isTask({ spans }: TimelineModel, wait: number): boolean {
  return spans.waits.code[wait] === 1 || spans.waits.code[wait] === 2;
}

function link(place: Place, open: () => void): HTMLElement {
  const made = button(`${fileName(place.file)}:${place.line}`, open);
  made.title = `${place.file}:${place.line}:${place.column}`;
  return made;
}

function button(text: string, click: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.className = 'link';
  made.textContent = text;
  made.addEventListener('click', click);
  return made;
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
