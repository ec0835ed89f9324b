// Draws the tasks as bars over time. Only what is in sight is looked at, and what is thinner than a pixel is one bar.
import { NONE, SpanState } from '../tracer/recording/task-spans';
import { CUT } from '../tracer/recording/events';
import { timeText } from '../tracer/recording/span-text';
import type { TimelineModel } from './model';
import type { Search } from './search';
import type { Theme } from './theme';
import { tickText, ticks, type Viewport } from './viewport';

export const LANE_HEIGHT = 20;
export const AXIS_HEIGHT = 22;
const BAR_HEIGHT = 16;
/** Bars with less room have no text. */
const LEAST_TEXT = 22;
const TEXT_INSET = 5;
const TICKS_APART = 90;

export interface ChartState {
  model: TimelineModel;
  viewport: Viewport;
  theme: Theme;
  search: Search;
  /** Rows, or NONE. */
  selected: number;
  hovered: number;
  /** In CSS pixels. */
  width: number;
  height: number;
  scrollTop: number;
}

export class Chart {
  private readonly widths = new Map<string, number>();
  private readonly colors = new Map<string, string>();
  private state!: ChartState;

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Forgets what was worked out for another theme. */
  reset(): void {
    this.widths.clear();
    this.colors.clear();
  }

  draw(state: ChartState): void {
    this.state = state;
    const { context, state: { width, height, theme } } = this;
    context.globalAlpha = 1;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    context.font = theme.font;
    context.textBaseline = 'middle';
    this.drawGrid();
    context.save();
    context.beginPath();
    context.rect(0, AXIS_HEIGHT, width, height - AXIS_HEIGHT);
    context.clip();
    this.drawGaps();
    this.drawLanes();
    this.drawMatches();
    this.drawSelection();
    context.restore();
    this.drawAxis();
    this.drawBlocks();
  }

  /** Where the lane begins. */
  private top(lane: number): number {
    return AXIS_HEIGHT + lane * LANE_HEIGHT - this.state.scrollTop;
  }

  private x(time: number): number {
    return this.state.viewport.x(time, this.state.width);
  }

  private drawGrid(): void {
    const { context, state: { viewport, width, height, theme, model } } = this;
    context.fillStyle = theme.grid;
    context.globalAlpha = 0.6;
    for (const time of ticks(viewport.from, viewport.to, viewport.scale(width) * TICKS_APART).times) context.fillRect(Math.round(this.x(time)), AXIS_HEIGHT, 1, height);
    for (const [thread, lane] of model.lanes.threads.entries()) {
      if (thread > 0) context.fillRect(0, this.top(lane) - 1, width, 1);
    }
    context.globalAlpha = 1;
    context.fillStyle = theme.grid;
    const end = Math.round(this.x(model.now));
    if (end < width) context.fillRect(end, AXIS_HEIGHT, 1, height);
  }

  private drawAxis(): void {
    const { context, state: { viewport, width, theme } } = this;
    context.fillStyle = theme.grid;
    context.fillRect(0, AXIS_HEIGHT - 1, width, 1);
    const { step, times } = ticks(viewport.from, viewport.to, viewport.scale(width) * TICKS_APART);
    context.fillStyle = theme.faint;
    for (const time of times) context.fillText(tickText(time, step), Math.round(this.x(time)) + 4, AXIS_HEIGHT / 2);
  }

  /** Where not everything was recorded. */
  private drawGaps(): void {
    const { context, state: { model, theme, width, height } } = this;
    for (const { from, to, dropped } of model.recording.gaps) {
      const left = this.x(from);
      const right = Math.max(left + 2, this.x(to));
      if (right < 0 || left > width) continue;
      context.save();
      context.beginPath();
      context.rect(left, AXIS_HEIGHT, right - left, height);
      context.clip();
      context.strokeStyle = theme.faint;
      context.globalAlpha = 0.35;
      context.beginPath();
      for (let x = Math.max(left, 0) - height; x < Math.min(right, width); x += 10) {
        context.moveTo(x, AXIS_HEIGHT + height);
        context.lineTo(x + height, AXIS_HEIGHT);
      }
      context.stroke();
      context.globalAlpha = 1;
      context.fillStyle = theme.faint;
      const text = dropped > 0 ? `${dropped.toLocaleString()} events lost` : 'not recorded';
      if (right - left > this.widthOf(text) + 8) context.fillText(text, Math.max(left, 0) + 4, height - 12);
      context.restore();
    }
  }

  /** Where the event loop was blocked: nothing else could run there. */
  private drawBlocks(): void {
    const { context, state: { model, theme, width, height } } = this;
    for (const { from, ms, name } of model.recording.blocks) {
      const left = this.x(from);
      const wide = Math.max(1.5, this.x(from + ms) - left);
      if (left + wide < 0 || left > width) continue;
      context.fillStyle = theme.blocked;
      context.globalAlpha = 0.13;
      context.fillRect(left, AXIS_HEIGHT, wide, height);
      context.globalAlpha = 1;
      context.fillRect(left, 0, wide, AXIS_HEIGHT - 1);
      if (theme.isHighContrast) {
        context.strokeStyle = theme.blocked;
        context.strokeRect(left + 0.5, AXIS_HEIGHT, Math.max(1, wide - 1), height);
      }
      context.fillStyle = theme.background;
      const from_ = Math.max(left, 0) + 4;
      this.fillText(`blocked ${timeText(ms)}${name ? ` by ${name}` : ''}`, from_, AXIS_HEIGHT / 2, Math.min(left + wide, width) - from_ - 2);
    }
  }

  private drawLanes(): void {
    const { state: { model: { lanes, recording }, height, scrollTop, theme }, context } = this;
    const last = Math.min(lanes.count - 1, Math.floor((scrollTop + height) / LANE_HEIGHT));
    for (let lane = Math.max(0, Math.floor(scrollTop / LANE_HEIGHT)); lane <= last; lane++) this.drawLane(lane);
    if (recording.threads.length < 2) return;
    context.globalAlpha = 1;
    context.fillStyle = theme.faint;
    context.textAlign = 'right';
    for (const [thread, lane] of lanes.threads.entries()) {
      // One whose tasks have all been forgotten has no lane.
      if (lane < (lanes.threads[thread + 1] ?? lanes.count)) context.fillText(recording.threads[thread] ?? '', this.state.width - 6, this.top(lane) + LANE_HEIGHT / 2);
    }
    context.textAlign = 'left';
  }

  private drawLane(lane: number): void {
    const { model, viewport, width } = this.state;
    const { order, first } = model.lanes;
    const { start } = model.spans;
    const end = first[lane + 1]!;
    // Bars that are thinner than a pixel, and stand side by side.
    let runFrom = 0;
    let runTo = -1;
    let runCount = 0;
    const flush = (): void => {
      if (runCount > 0) this.drawRun(lane, runFrom, runTo, runCount);
      runCount = 0;
    };
    for (let at = model.firstAfter(lane, viewport.from); at < end; ) {
      const row = order[at]!;
      const left = this.x(start[row]!);
      if (left > width) break;
      const right = this.x(model.end(row));
      if (right - left >= 1.5) {
        flush();
        this.drawBar(row, lane, left, right);
        at++;
        continue;
      }
      const pixel = Math.floor(left);
      let next = Math.max(at + 1, model.firstAfter(lane, viewport.time(pixel + 1, width)));
      // The last of these may be a wide one that only begins here.
      while (next > at + 1 && this.x(model.end(order[next - 1]!)) - this.x(start[order[next - 1]!]!) >= 1.5) next--;
      if (runCount === 0 || pixel > runTo + 1) {
        flush();
        runFrom = pixel;
      }
      runTo = pixel + 1;
      runCount += next - at;
      at = next;
    }
    flush();
  }

  /** Several bars as one. */
  private drawRun(lane: number, left: number, right: number, count: number): void {
    const { context, state: { theme } } = this;
    const top = this.top(lane) + 2;
    context.fillStyle = theme.group;
    context.globalAlpha = theme.isHighContrast ? 0.9 : 0.55;
    context.fillRect(left, top, Math.max(1, right - left), BAR_HEIGHT);
    context.globalAlpha = 1;
    if (count < 2 || right - left < LEAST_TEXT) return;
    context.fillStyle = theme.background;
    this.fillText(`×${count.toLocaleString()}`, left + TEXT_INSET, top + BAR_HEIGHT / 2, right - left - TEXT_INSET);
  }

  private drawBar(row: number, lane: number, left: number, right: number): void {
    const { context, state: { model, theme, width, hovered } } = this;
    const top = this.top(lane) + 2;
    const from = Math.max(left, -4);
    const to = Math.min(right, width + 4);
    const wide = to - from;
    const state = model.spans.state[row]!;
    const isGroup = model.isGroup(row);
    const color = isGroup ? theme.group : this.color(model.text.name(row));
    const shape = (): void => {
      context.beginPath();
      context.roundRect(from, top, wide, BAR_HEIGHT, wide > 6 ? 2 : 0);
    };
    context.fillStyle = color;
    context.globalAlpha = isGroup ? 0.12 : row === hovered ? 0.45 : 0.3;
    if (theme.isHighContrast) context.globalAlpha = 0.12;
    shape();
    context.fill();
    if (!isGroup && wide >= 2) this.drawRunning(row, top, color);
    context.globalAlpha = 1;
    if (isGroup || theme.isHighContrast || state === SpanState.lost) {
      context.strokeStyle = state === SpanState.lost ? theme.blocked : color;
      context.setLineDash(isGroup ? [4, 3] : []);
      context.beginPath();
      context.roundRect(from + 0.5, top + 0.5, Math.max(0, wide - 1), BAR_HEIGHT - 1, wide > 6 ? 2 : 0);
      context.stroke();
      context.setLineDash([]);
    }
    if (state === SpanState.lost && right <= width) {
      context.fillStyle = theme.blocked;
      context.fillRect(right - 3, top, 3, BAR_HEIGHT);
    }
    const textFrom = Math.max(left, 0) + TEXT_INSET;
    const room = Math.min(right, width) - textFrom - 3;
    if (room < LEAST_TEXT) return;
    context.fillStyle = theme.foreground;
    this.fillText(model.text.name(row), textFrom, top + BAR_HEIGHT / 2 + 0.5, room);
  }

  /** The times in which a task did not wait are filled. */
  private drawRunning(row: number, top: number, color: string): void {
    const { context, state: { model, viewport, width, theme } } = this;
    const { first, waits } = model.waits;
    const { from, to } = model.spans.waits;
    const last = first[row + 1]!;
    context.fillStyle = color;
    context.globalAlpha = theme.isHighContrast ? 0.7 : 0.75;
    let low = first[row]!;
    for (let high = last; low < high; ) {
      const middle = (low + high) >>> 1;
      if (to[waits[middle]!]! >= viewport.from) high = middle;
      else low = middle + 1;
    }
    // Of its waits before that time nothing is known any more.
    const begun = model.spans.mark[row]! & CUT ? Math.max(model.since, model.spans.start[row]!) : model.spans.start[row]!;
    let since = low === first[row] ? begun : to[waits[low - 1]!]!;
    if (since >= model.end(row)) return;
    let drawn = -1;
    for (let at = low; at <= last; ) {
      const until = at < last ? from[waits[at]!]! : model.end(row);
      const left = Math.max(this.x(since), -1);
      const right = Math.min(this.x(until), width + 1);
      if (right >= 0 && right > drawn) context.fillRect(Math.max(left, drawn), top, Math.max(1, right - Math.max(left, drawn)), BAR_HEIGHT);
      drawn = Math.max(drawn, left + 1, right);
      if (at === last || left > width) return;
      // What ends within the pixel that is filled already shows nothing more.
      const shown = viewport.time(drawn, width);
      for (since = to[waits[at]!]!, at++; at < last && from[waits[at]!]! < shown; at++) since = to[waits[at]!]!;
      if (since >= model.end(row)) return;
    }
  }

  private drawMatches(): void {
    const { context, state: { model, search, theme, width, height, scrollTop, viewport } } = this;
    context.strokeStyle = theme.match;
    context.lineWidth = 1.5;
    const { lane } = model.lanes;
    const top = Math.floor(scrollTop / LANE_HEIGHT);
    const bottom = Math.ceil((scrollTop + height) / LANE_HEIGHT);
    for (const row of search.rows) {
      if (model.spans.start[row]! > viewport.to) break;
      if (lane[row]! < top || lane[row]! > bottom || model.end(row) < viewport.from) continue;
      const left = Math.max(-4, this.x(model.spans.start[row]!));
      const right = Math.min(width + 4, this.x(model.end(row)));
      context.strokeRect(left, this.top(lane[row]!) + 1.5, Math.max(2, right - left), BAR_HEIGHT + 1);
    }
    context.lineWidth = 1;
  }

  private drawSelection(): void {
    const { context, state: { model, selected, theme, width } } = this;
    if (selected === NONE || !model.isShown(selected)) return;
    const left = Math.max(-4, this.x(model.spans.start[selected]!));
    const right = Math.min(width + 4, this.x(model.end(selected)));
    context.strokeStyle = theme.selection;
    context.lineWidth = 2;
    context.strokeRect(left, this.top(model.lanes.lane[selected]!) + 1, Math.max(3, right - left), BAR_HEIGHT + 2);
    context.lineWidth = 1;
  }

  /** Tasks of one function have one colour. */
  private color(name: string): string {
    let color = this.colors.get(name);
    if (color === undefined) {
      let hash = 0;
      for (const letter of name) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
      const { bars } = this.state.theme;
      this.colors.set(name, (color = bars[(hash >>> 0) % bars.length]!));
    }
    return color;
  }

  /** Writes as much of a text as there is room for. */
  private fillText(text: string, x: number, y: number, room: number): void {
    if (room <= 0) return;
    const width = this.widthOf(text);
    if (width <= room) return this.context.fillText(text, x, y);
    let letters = Math.floor((room / width) * text.length);
    while (letters >= 2 && this.widthOf(`${text.slice(0, letters)}…`) > room) letters--;
    if (letters >= 2) this.context.fillText(`${text.slice(0, letters)}…`, x, y);
  }

  private widthOf(text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 10_000) this.widths.clear();
      this.widths.set(text, (width = this.context.measureText(text).width));
    }
    return width;
  }
}
