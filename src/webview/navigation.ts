// Mouse and keyboard of the chart: moves through the time and from task to task.
import { NONE } from '../tracer/recording/task-spans';
import { AXIS_HEIGHT, LANE_HEIGHT } from './chart';
import type { TimelineModel } from './model';
import type { Viewport } from './viewport';

export interface NavigationTarget {
  model(): TimelineModel;
  readonly viewport: Viewport;
  width(): number;
  selected(): number;
  select(row: number): void;
  /** The mouse is over a task, or over NONE; in the window's coordinates. */
  hover(row: number, x: number, y: number): void;
  openSelected(): void;
  openBlock(from: number): void;
  moved(): void;
  focusSearch(): void;
  nextMatch(step: -1 | 1): void;
}

/** A wheel's turn by so many pixels shows twice as much. */
const PIXELS_PER_DOUBLING = 200;
/** A thin bar is hit from so many pixels away. */
const REACH = 3;
const KEY_STEP = 0.1;

export class Navigation {
  private drag: { x: number; y: number; from: number; top: number; moved: boolean } | undefined;

  constructor(
    private readonly element: HTMLElement,
    canvas: HTMLCanvasElement,
    private readonly target: NavigationTarget,
  ) {
    element.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
    element.addEventListener('keydown', (event) => this.onKey(event));
    canvas.addEventListener('pointerdown', (event) => this.onDown(event, canvas));
    canvas.addEventListener('pointermove', (event) => this.onMove(event));
    canvas.addEventListener('pointerup', (event) => this.onUp(event));
    canvas.addEventListener('pointercancel', () => (this.drag = undefined));
    canvas.addEventListener('pointerleave', () => target.hover(NONE, 0, 0));
    canvas.addEventListener('dblclick', () => target.openSelected());
  }

  zoom(factor: number, around?: number): void {
    const { viewport } = this.target;
    const model = this.target.model();
    // While it follows the present, the present stays where it is.
    const { follows } = viewport;
    viewport.zoom(factor, around ?? (follows ? viewport.to : this.middle(model)), model.since, model.now);
    viewport.follows = follows && around === undefined;
    this.target.moved();
  }

  /** That of the selected task where it is in sight. */
  private middle(model: TimelineModel): number {
    const { viewport } = this.target;
    const row = this.target.selected();
    const middle = row === NONE ? NaN : (model.spans.start[row]! + model.end(row)) / 2;
    return middle > viewport.from && middle < viewport.to ? middle : (viewport.from + viewport.to) / 2;
  }

  fit(): void {
    const model = this.target.model();
    this.target.viewport.fit(model.since, model.now);
    this.target.moved();
  }

  follow(follows: boolean): void {
    this.target.viewport.follows = follows;
    this.target.viewport.follow(this.target.model().now);
    this.target.moved();
  }

  /** Scrolls and moves until a task is in sight. */
  reveal(row: number): void {
    const model = this.target.model();
    if (row === NONE || !model.isShown(row)) return;
    const top = model.lanes.lane[row]! * LANE_HEIGHT;
    const high = this.element.clientHeight - AXIS_HEIGHT - LANE_HEIGHT;
    if (top < this.element.scrollTop || top > this.element.scrollTop + high) this.element.scrollTop = top - high / 2;
    const { viewport } = this.target;
    const start = model.spans.start[row]!;
    const end = model.end(row);
    const width = viewport.to - viewport.from;
    viewport.follows = false;
    const isThin = end - start < viewport.scale(this.target.width()) * 2;
    if (end < viewport.from || start > viewport.to) viewport.show(Math.min(start, end - width / 2) - width / 4, Math.min(start, end - width / 2) + (width * 3) / 4, model.since, model.now);
    if (isThin && end > start) {
      const wide = (end - start) * 20;
      viewport.show(start - wide / 2, end + wide / 2, model.since, model.now);
    }
    this.target.moved();
  }

  private onWheel(event: WheelEvent): void {
    const model = this.target.model();
    const { viewport } = this.target;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(2 ** (event.deltaY / PIXELS_PER_DOUBLING), viewport.time(event.offsetX, this.target.width()));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      viewport.pan((event.deltaX || event.deltaY) * viewport.scale(this.target.width()), model.since, model.now);
      this.target.moved();
    }
  }

  private onDown(event: PointerEvent, canvas: HTMLCanvasElement): void {
    if (event.button !== 0) return;
    this.element.focus();
    canvas.setPointerCapture(event.pointerId);
    this.drag = { x: event.offsetX, y: event.offsetY, from: this.target.viewport.from, top: this.element.scrollTop, moved: false };
  }

  private onMove(event: PointerEvent): void {
    const { drag } = this;
    if (!drag) return this.target.hover(this.rowAt(event), event.clientX, event.clientY);
    const [x, y] = [event.offsetX - drag.x, event.offsetY - drag.y];
    if (!drag.moved && Math.abs(x) + Math.abs(y) < 4) return;
    drag.moved = true;
    const { viewport } = this.target;
    const model = this.target.model();
    viewport.pan(drag.from - x * viewport.scale(this.target.width()) - viewport.from, model.since, model.now);
    this.element.scrollTop = drag.top - y;
    this.target.hover(NONE, 0, 0);
    this.target.moved();
  }

  private onUp(event: PointerEvent): void {
    const { drag } = this;
    this.drag = undefined;
    if (!drag || drag.moved) return;
    const { viewport } = this.target;
    const time = viewport.time(event.offsetX, this.target.width());
    if (event.offsetY < AXIS_HEIGHT) {
      const block = this.target.model().recording.blocks.find(({ from, ms }) => from <= time && time <= from + ms);
      if (block) this.target.openBlock(block.from);
      return;
    }
    const row = this.rowAt(event);
    // Who looks at one task does not want it to move away.
    if (row !== NONE) viewport.follows = false;
    this.target.select(row);
  }

  private rowAt({ offsetX, offsetY }: MouseEvent): number {
    if (offsetY < AXIS_HEIGHT) return NONE;
    const { viewport } = this.target;
    const lane = Math.floor((offsetY - AXIS_HEIGHT + this.element.scrollTop) / LANE_HEIGHT);
    const width = this.target.width();
    return this.target.model().at(lane, viewport.time(offsetX, width), viewport.scale(width) * REACH);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.altKey || !this.isHandled(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** As in the performance panel of Chrome: W and S zoom, A and D move; arrows go from task to task. */
  private isHandled({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
    const { target } = this;
    const { viewport } = target;
    const model = target.model();
    if (ctrlKey || metaKey) {
      if (key !== 'f') return false;
      target.focusSearch();
      return true;
    }
    const pan = (share: number): void => {
      viewport.pan(share * (viewport.to - viewport.from), model.since, model.now);
      target.moved();
    };
    switch (key) {
      case 'w': case 'W': case '+': case '=':
        this.zoom(1 / 1.5);
        return true;
      case 's': case 'S': case '-':
        this.zoom(1.5);
        return true;
      case 'a': case 'A':
        pan(-KEY_STEP);
        return true;
      case 'd': case 'D':
        pan(KEY_STEP);
        return true;
      case '0':
        this.fit();
        return true;
      case 'Home':
        viewport.show(model.since, model.since + viewport.to - viewport.from, model.since, model.now);
        target.moved();
        return true;
      case 'End':
        viewport.show(model.now - viewport.to + viewport.from, model.now, model.since, model.now);
        target.moved();
        return true;
      case 'f': case 'F':
        this.follow(!viewport.follows);
        return true;
      case '/':
        target.focusSearch();
        return true;
      case 'n': case 'N':
        target.nextMatch(shiftKey ? -1 : 1);
        return true;
      case 'Enter':
        target.openSelected();
        return true;
      case 'Escape':
        target.select(NONE);
        return true;
      case 'ArrowLeft': case 'ArrowRight': case 'ArrowUp': case 'ArrowDown':
        this.step(key);
        return true;
      default:
        return false;
    }
  }

  private step(key: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'): void {
    const { target } = this;
    const model = target.model();
    const row = target.selected();
    const next = row === NONE ? this.firstInSight() : this.beside(model, row, key);
    if (next === NONE) return;
    target.select(next);
    this.reveal(next);
  }

  private beside(model: TimelineModel, row: number, key: string): number {
    if (key === 'ArrowLeft') return model.neighbour(row, -1);
    if (key === 'ArrowRight') return model.neighbour(row, 1);
    const lane = model.lanes.lane[row]!;
    const { viewport } = this.target;
    const middle = (Math.max(model.spans.start[row]!, viewport.from) + Math.min(model.end(row), viewport.to)) / 2;
    const step = key === 'ArrowUp' ? -1 : 1;
    // The nearest lane on which something stands at that time.
    for (let at = lane + step; at >= 0 && at < model.lanes.count; at += step) {
      const found = model.at(at, middle, (viewport.to - viewport.from) / 20);
      if (found !== NONE) return found;
    }
    return NONE;
  }

  private firstInSight(): number {
    const model = this.target.model();
    const { viewport } = this.target;
    for (let lane = Math.floor(this.element.scrollTop / LANE_HEIGHT); lane < model.lanes.count; lane++) {
      const row = model.at(lane, (viewport.from + viewport.to) / 2, (viewport.to - viewport.from) / 2);
      if (row !== NONE) return row;
    }
    return NONE;
  }
}
