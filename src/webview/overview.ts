// The strip above the chart: how many tasks were pending over the whole time, where the loop was blocked, and which part is shown.
import type { TimelineModel } from './model';
import type { Theme } from './theme';
import type { Viewport } from './viewport';

export const OVERVIEW_HEIGHT = 40;
/** Pixels beside an edge of the shown part in which a drag moves that edge. */
const EDGE = 5;

export class Overview {
  private pending: Uint32Array = new Uint32Array();
  private most = 1;
  private dragged: 'from' | 'to' | 'all' | undefined;
  private dragOffset = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
    private readonly parts: () => { model: TimelineModel; viewport: Viewport; theme: Theme; width: number },
    private readonly changed: () => void,
  ) {
    canvas.addEventListener('pointerdown', (event) => this.begin(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', () => (this.dragged = undefined));
    canvas.addEventListener('pointercancel', () => (this.dragged = undefined));
  }

  /** Counts anew; the model has changed. */
  refresh(): void {
    const { model, width } = this.parts();
    this.pending = model.pending(model.since, model.now, Math.max(1, Math.floor(width / 2)));
    this.most = this.pending.reduce((most, count) => Math.max(most, count), 1);
  }

  /** The most tasks that were pending at one time. */
  get peak(): number {
    return this.most;
  }

  draw(): void {
    const { context } = this;
    const { model, viewport, theme, width } = this.parts();
    context.globalAlpha = 1;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, OVERVIEW_HEIGHT);
    const part = width / this.pending.length;
    context.fillStyle = theme.bars[0]!;
    context.globalAlpha = 0.6;
    context.beginPath();
    context.moveTo(0, OVERVIEW_HEIGHT);
    for (const [index, count] of this.pending.entries()) {
      const y = OVERVIEW_HEIGHT - (count / this.most) * (OVERVIEW_HEIGHT - 4);
      context.lineTo(index * part, y);
      context.lineTo((index + 1) * part, y);
    }
    context.lineTo(width, OVERVIEW_HEIGHT);
    context.fill();
    context.fillStyle = theme.blocked;
    context.globalAlpha = 0.9;
    for (const { from, ms } of model.recording.blocks) context.fillRect(this.x(from), 0, Math.max(1.5, this.x(from + ms) - this.x(from)), 5);
    const left = this.x(viewport.from);
    const right = this.x(viewport.to);
    context.fillStyle = theme.background;
    context.globalAlpha = 0.65;
    context.fillRect(0, 0, Math.max(0, left), OVERVIEW_HEIGHT);
    context.fillRect(right, 0, Math.max(0, width - right), OVERVIEW_HEIGHT);
    context.globalAlpha = 1;
    context.strokeStyle = theme.selection;
    context.strokeRect(Math.max(0, left) + 0.5, 0.5, Math.max(2, Math.min(right, width) - Math.max(0, left) - 1), OVERVIEW_HEIGHT - 1);
  }

  private x(time: number): number {
    const { model, width } = this.parts();
    return ((time - model.since) / Math.max(1, model.now - model.since)) * width;
  }

  private time(x: number): number {
    const { model, width } = this.parts();
    return model.since + (x / width) * Math.max(1, model.now - model.since);
  }

  private begin(event: PointerEvent): void {
    const { viewport } = this.parts();
    this.canvas.setPointerCapture(event.pointerId);
    const [left, right] = [this.x(viewport.from), this.x(viewport.to)];
    if (Math.abs(event.offsetX - left) <= EDGE) this.dragged = 'from';
    else if (Math.abs(event.offsetX - right) <= EDGE) this.dragged = 'to';
    else this.dragged = 'all';
    const inside = event.offsetX > left && event.offsetX < right;
    this.dragOffset = inside ? this.time(event.offsetX) - viewport.from : (viewport.to - viewport.from) / 2;
    this.move(event);
  }

  private move(event: PointerEvent): void {
    const { model, viewport } = this.parts();
    if (!this.dragged) return;
    const time = this.time(event.offsetX);
    const width = viewport.to - viewport.from;
    if (this.dragged === 'from') viewport.show(Math.min(time, viewport.to), viewport.to, model.since, model.now);
    else if (this.dragged === 'to') viewport.show(viewport.from, Math.max(time, viewport.from), model.since, model.now);
    else viewport.show(time - this.dragOffset, time - this.dragOffset + width, model.since, model.now);
    this.changed();
  }
}
