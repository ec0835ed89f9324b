// The timeline's page: a recording as it comes from the extension, drawn over time.
import './timeline.css';
import { fileName, timeText } from '../tracer/recording/span-text';
import { NONE } from '../tracer/recording/task-spans';
import { AXIS_HEIGHT, Chart, LANE_HEIGHT } from './chart';
import { sentenceOf, showDetails } from './details';
import { readToPage, type FromPage, type RecordingState, type ToPage } from './messages';
import { TimelineModel } from './model';
import { Navigation } from './navigation';
import { Overview, OVERVIEW_HEIGHT } from './overview';
import { Search } from './search';
import { onThemeChange, readTheme } from './theme';
import { Viewport } from './viewport';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  /** Lasts while the page is hidden, which is made anew then. */
  setState(state: PageState): void;
  getState(): PageState | undefined;
};

/** What the user looks at. */
interface PageState {
  /** Which recording: when it began. */
  startedAt: number;
  from: number;
  to: number;
  follows: boolean;
  scrollTop: number;
  /** The number of the selected task. */
  selected: number | undefined;
  query: string;
}

/** What was worked out is shown at most so much of the time. */
const MOST_BUSY = 0.1;
const LEAST_BETWEEN_MS = 200;
/** What is in sight is remembered so often at most. */
const REMEMBER_MS = 300;

const vscode = acquireVsCodeApi();
const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const chartElement = byId<HTMLDivElement>('chart');
const chartCanvas = byId<HTMLCanvasElement>('bars');
const overviewCanvas = byId<HTMLCanvasElement>('overview');
const space = byId<HTMLDivElement>('space');
const details = byId<HTMLElement>('details');
const searchInput = byId<HTMLInputElement>('search');
const tip = byId<HTMLDivElement>('tip');
const live = byId<HTMLDivElement>('live');
const stillness = matchMedia('(prefers-reduced-motion: reduce)');

const chartContext = chartCanvas.getContext('2d', { alpha: false })!;
const overviewContext = overviewCanvas.getContext('2d', { alpha: false })!;
const viewport = new Viewport();
const search = new Search();
const chart = new Chart(chartContext);

let model = new TimelineModel({ pid: 0, node: '', label: '', startedAt: 0 }, []);
let theme = readTheme();
let state: RecordingState = 'file';
let selected = NONE;
let hovered = NONE;
let width = 0;
let height = 0;
/** When the model was refreshed, on the page's own clock. */
let heardAt = 0;
let refreshTimer: number | undefined;
/** How long the last refresh took. Milliseconds. */
let cost = 0;
let isDrawn = true;
let isRestored = false;
let rememberTimer: number | undefined;

const overview = new Overview(overviewCanvas, overviewContext, () => ({ model, viewport, theme, width }), () => moved());

const navigation = new Navigation(chartElement, chartCanvas, {
  model: () => model,
  viewport,
  width: () => width,
  selected: () => selected,
  select,
  hover,
  openSelected,
  openBlock: (from) => vscode.postMessage({ type: 'openBlock', from }),
  moved,
  focusSearch: () => searchInput.focus(),
  nextMatch,
});

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const message = readToPage(data);
  if (message) receive(message);
});
byId('pause').addEventListener('click', () => vscode.postMessage({ type: 'pause', paused: state === 'recording' }));
byId('in').addEventListener('click', () => navigation.zoom(0.5));
byId('out').addEventListener('click', () => navigation.zoom(2));
byId('fit').addEventListener('click', () => navigation.fit());
byId('follow').addEventListener('click', () => navigation.follow(!viewport.follows));
byId('previous').addEventListener('click', () => nextMatch(-1));
byId('next').addEventListener('click', () => nextMatch(1));
searchInput.addEventListener('input', () => {
  search.run(model, searchInput.value);
  showFound();
  remember();
  draw();
});
searchInput.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') nextMatch(event.shiftKey ? -1 : 1);
  else if (event.key === 'Escape') {
    searchInput.value = '';
    search.run(model, '');
    showFound();
    draw();
    chartElement.focus();
  }
});
chartElement.addEventListener('scroll', draw);
new ResizeObserver(resize).observe(chartElement);
onThemeChange(() => {
  theme = readTheme();
  chart.reset();
  draw();
});
resize();
select(NONE);
vscode.postMessage({ type: 'ready' });

function receive(message: ToPage): void {
  switch (message.type) {
    case 'open':
      model = new TimelineModel(message.process, message.batches);
      viewport.follows = message.state === 'recording';
      if (viewport.follows) viewport.follow(model.now);
      else viewport.fit(model.since, model.now);
      setState(message.state, message.reason);
      refresh();
      restore();
      return;
    case 'add':
      model.add(message.batch);
      // The more there is, the more seldom it is worked out.
      refreshTimer ??= window.setTimeout(refresh, Math.max(LEAST_BETWEEN_MS, cost / MOST_BUSY));
      return;
    case 'state':
      setState(message.state, message.reason);
  }
}

function setState(next: RecordingState, reason = ''): void {
  state = next;
  const pause = byId<HTMLButtonElement>('pause');
  pause.hidden = state === 'file' || state === 'ended';
  pause.textContent = state === 'paused' ? 'Resume' : 'Pause';
  pause.setAttribute('aria-label', state === 'paused' ? 'Go on recording' : 'Pause the recording');
  byId('follow').hidden = pause.hidden;
  if (state !== 'recording') viewport.follows = false;
  const told: Record<RecordingState, string> = {
    recording: 'Recording',
    paused: 'Paused',
    ended: 'Ended',
    file: `Recorded ${new Date(model.recording.process.startedAt).toLocaleString()}`,
  };
  byId('state').textContent = told[state];
  byId('state').title = reason;
  live.textContent = `${told[state]}. ${reason}`;
  moved();
}

/** Shows what was in sight before the page was hidden. */
function restore(): void {
  const before = vscode.getState();
  isRestored = true;
  if (before?.startedAt !== model.recording.process.startedAt) return;
  viewport.show(before.from, before.to, model.since, model.now);
  viewport.follows = before.follows && state === 'recording';
  chartElement.scrollTop = before.scrollTop;
  searchInput.value = before.query;
  search.run(model, before.query);
  showFound();
  if (before.selected !== undefined) select(model.spans.row(before.selected));
  moved();
}

function remember(): void {
  if (!isRestored) return;
  const { from, to, follows } = viewport;
  const number = selected === NONE ? undefined : model.spans.number[selected];
  vscode.setState({ startedAt: model.recording.process.startedAt, from, to, follows, scrollTop: chartElement.scrollTop, selected: number, query: search.query });
}

/** Works out and shows what has come since the last time. */
function refresh(): void {
  window.clearTimeout(refreshTimer);
  refreshTimer = undefined;
  const began = performance.now();
  const number = selected === NONE ? undefined : model.spans.number[selected];
  model.refresh();
  heardAt = performance.now();
  selected = number === undefined ? NONE : model.spans.row(number);
  hovered = NONE;
  overview.refresh();
  if (search.query) search.run(model);
  showFound();
  const { label, pid, node } = model.recording.process;
  const tasks = model.taskCount;
  const blocks = model.recording.blocks.length;
  const facts = [label.includes(String(pid)) ? label : `${label} (pid ${pid})`, `Node ${node}`, `${tasks.toLocaleString()} ${tasks === 1 ? 'task' : 'tasks'}, at most ${overview.peak.toLocaleString()} at once`];
  if (blocks > 0) facts.push(`event loop blocked ${blocks.toLocaleString()}×`);
  byId('process').textContent = facts.join(' · ');
  byId('process').title = facts.join(' · ');
  // What lasts grows longer; what ended is told once.
  if (selected !== NONE && !details.contains(document.activeElement)) showDetails(details, model, selected, actions);
  cost = performance.now() - began;
  makeSpace();
  moved();
}

/** The chart can be scrolled as far as there are lanes; the canvas itself takes a part of that. */
function makeSpace(): void {
  space.style.height = `${Math.max(0, AXIS_HEIGHT + (model.lanes.count + 1) * LANE_HEIGHT - height)}px`;
}

const actions = {
  select: (row: number) => {
    select(row);
    navigation.reveal(row);
  },
  openSite: (site: number, caller: boolean) => vscode.postMessage({ type: 'openSite', site, caller }),
};

function select(row: number): void {
  selected = row;
  showDetails(details, model, row, actions);
  live.textContent = row === NONE ? '' : sentenceOf(model, row);
  remember();
  moved();
}

function openSelected(): void {
  if (selected === NONE) return;
  const { spans, text } = model;
  const wait = spans.lastWait[selected]!;
  const at = wait !== NONE && text.site(spans.waits.site[wait]!).place ? spans.waits.site[wait]! : spans.site[selected]!;
  vscode.postMessage({ type: 'openSite', site: at, caller: false });
}

function hover(row: number, x: number, y: number): void {
  if (row !== hovered) {
    hovered = row;
    draw();
  }
  tip.hidden = row === NONE;
  if (row === NONE) return;
  const { spans, text } = model;
  const wait = spans.lastWait[row]!;
  const place = text.destination(row);
  const lines = [`${text.name(row)} · ${timeText(model.end(row) - spans.start[row]!)} · ${text.state(row)}`];
  if (wait !== NONE) lines.push(`${spans.end[row] === Infinity ? 'waits' : 'waited last'} for ${text.awaited(wait)}`);
  if (place) lines.push(`${fileName(place.file)}:${place.line}`);
  tip.textContent = lines.join('\n');
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(x + 12, window.innerWidth - box.width - 4))}px`;
  tip.style.top = `${y + 16 + box.height > window.innerHeight ? y - box.height - 8 : y + 16}px`;
}

function nextMatch(step: -1 | 1): void {
  const row = search.next(selected, step);
  if (row !== NONE) actions.select(row);
  showFound();
}

function showFound(): void {
  const found = search.rows.length;
  const at = search.rows.indexOf(selected);
  byId('found').textContent = search.query === '' ? '' : found === 0 ? 'no match' : at < 0 ? `${found.toLocaleString()} found` : `${(at + 1).toLocaleString()} of ${found.toLocaleString()}`;
  for (const id of ['previous', 'next']) byId<HTMLButtonElement>(id).disabled = found === 0;
}

/** Another part is shown. */
function moved(): void {
  byId('follow').setAttribute('aria-pressed', String(viewport.follows));
  draw();
}

function resize(): void {
  width = chartElement.clientWidth;
  height = chartElement.clientHeight;
  fitCanvas(chartCanvas, chartContext, width, height);
  fitCanvas(overviewCanvas, overviewContext, width, OVERVIEW_HEIGHT);
  overview.refresh();
  makeSpace();
  draw();
}

function fitCanvas(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, wide: number, high: number): void {
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(high * ratio);
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** With the next frame; again and again while the present moves on. */
function draw(): void {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    const moves = viewport.follows && !stillness.matches;
    // Between two batches the present moves on at the pace of the clock, a little behind what is known.
    if (viewport.follows) viewport.follow(moves && heardAt > 0 ? Math.min(model.now, model.now - LEAST_BETWEEN_MS + (performance.now() - heardAt)) : model.now);
    chart.draw({ model, viewport, theme, search, selected, hovered, width, height, scrollTop: chartElement.scrollTop });
    overview.draw();
    rememberTimer ??= window.setTimeout(() => {
      rememberTimer = undefined;
      remember();
    }, REMEMBER_MS);
    if (moves && state === 'recording') draw();
  });
}
