// Which line of the timeline each task stands on: below who waits for it, and beside nothing of the same time. Runs in
// the page as well as in Node.
import { NONE, SpanState, type TaskSpans } from './task-spans';

export interface Lanes {
  count: number;
  /** The first lane of each thread. */
  threads: number[];
  /** By row of the spans; NONE for what is not drawn. */
  lane: Int32Array;
  /** How many awaiters stand above it, by row. */
  depth: Uint16Array;
  /** The rows of lane `n` are `order[first[n]]` up to `order[first[n + 1]]`, by their start. */
  first: Uint32Array;
  order: Uint32Array;
  /** The first lane of each tree of tasks: a line is drawn above it. 1 or 0, by lane. */
  opens: Uint8Array;
}

/** `now`: when what has not ended ends for now. Milliseconds since the recording began, like all times. */
export function layOut(spans: TaskSpans, now: number, threadCount: number): Lanes {
  const { count } = spans;
  const order = byStart(spans);
  const { firstChild, nextSibling } = children(spans, order);
  const lane = new Int32Array(count).fill(NONE);
  const depth = new Uint16Array(count);
  const height = new Int32Array(count).fill(1);
  const until = new Float64Array(count);
  // A parent's number is smaller, and so is its row, except of groups: hence an order by depth.
  for (const row of bottomUp(spans, order, firstChild, nextSibling, depth)) {
    until[row] = Math.min(spans.end[row]!, now);
    const free = new FreeLanes();
    for (let child = firstChild[row]!; child !== NONE; child = nextSibling[child]!) {
      lane[child] = 1 + free.take(spans.start[child]!, until[child]!, height[child]!);
      if (until[child]! > until[row]) until[row] = until[child]!;
    }
    height[row] = 1 + free.count;
  }
  // Each thread has lanes of its own.
  const roots = order.filter((row) => spans.parent[row] === NONE && spans.state[row] !== SpanState.mistake);
  const threads: number[] = [];
  let lanes = 0;
  const opens = new Set<number>();
  for (let thread = 0; thread < threadCount; thread++) {
    const free = new FreeLanes();
    threads.push(lanes);
    for (const row of roots) {
      if (spans.thread[row] !== thread) continue;
      lane[row] = lanes + free.take(spans.start[row]!, until[row]!, height[row]!);
      opens.add(lane[row]);
    }
    lanes += free.count;
  }
  // What children have is their distance from the parent.
  for (const row of topDown(spans, order, firstChild, nextSibling)) {
    const parent = spans.parent[row]!;
    if (parent !== NONE) lane[row] = lane[parent] === NONE ? NONE : lane[parent]! + lane[row]!;
  }
  return { count: lanes, threads, lane, depth, ...byLane(order, lane, lanes), opens: Uint8Array.from({ length: lanes }, (_, index) => (opens.has(index) ? 1 : 0)) };
}

/** Rows by their start, and those of one start as they came up. */
function byStart({ count, start }: TaskSpans): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  let isSorted = true;
  for (let row = 1; row < count && isSorted; row++) isSorted = start[row]! >= start[row - 1]!;
  return isSorted ? order : order.sort((one, other) => start[one]! - start[other]! || one - other);
}

function children({ count, parent, state }: TaskSpans, order: Uint32Array): { firstChild: Int32Array; nextSibling: Int32Array } {
  const firstChild = new Int32Array(count).fill(NONE);
  const nextSibling = new Int32Array(count).fill(NONE);
  for (let at = count - 1; at >= 0; at--) {
    const row = order[at]!;
    const above = parent[row]!;
    if (above === NONE || state[row] === SpanState.mistake) continue;
    nextSibling[row] = firstChild[above]!;
    firstChild[above] = row;
  }
  return { firstChild, nextSibling };
}

function topDown({ count, parent }: TaskSpans, order: Uint32Array, firstChild: Int32Array, nextSibling: Int32Array): Uint32Array {
  const rows = new Uint32Array(count);
  let end = 0;
  for (const row of order) if (parent[row] === NONE) rows[end++] = row;
  for (let at = 0; at < end; at++) for (let child = firstChild[rows[at]!]!; child !== NONE; child = nextSibling[child]!) rows[end++] = child;
  return rows.subarray(0, end);
}

function bottomUp(spans: TaskSpans, order: Uint32Array, firstChild: Int32Array, nextSibling: Int32Array, depth: Uint16Array): Uint32Array {
  const rows = topDown(spans, order, firstChild, nextSibling);
  for (const row of rows) if (spans.parent[row] !== NONE) depth[row] = depth[spans.parent[row]!]! + 1;
  return rows.reverse();
}

function byLane(order: Uint32Array, lane: Int32Array, count: number): { first: Uint32Array; order: Uint32Array } {
  const first = new Uint32Array(count + 1);
  for (const row of order) if (lane[row] !== NONE) first[lane[row]! + 1]!++;
  for (let at = 1; at <= count; at++) first[at]! += first[at - 1]!;
  const sorted = new Uint32Array(first[count]!);
  const next = first.slice();
  for (const row of order) if (lane[row] !== NONE) sorted[next[lane[row]!]!++] = row;
  return { first, order: sorted };
}

/** Hands out the lowest lanes that are free; who asks must ask in the order of the starts. */
class FreeLanes {
  count = 0;
  /** Of a heap-shaped tree over the lanes: when the lane that is free soonest becomes free. */
  private soonest = new Float64Array(2).fill(-Infinity);
  private width = 1;

  /** The first of `height` lanes in a row that are free from `from` on; they are taken until `to`. */
  take(from: number, to: number, height: number): number {
    let lane = this.free(0, from);
    for (let run = 1; run < height; ) {
      const next = this.free(lane + run, from);
      if (next === lane + run) run++;
      else {
        lane = next;
        run = 1;
      }
    }
    for (let at = lane; at < lane + height; at++) this.occupy(at, to);
    this.count = Math.max(this.count, lane + height);
    return lane;
  }

  /** The first lane from `lane` on that is free at that time; lanes beyond the tree are. */
  private free(lane: number, time: number): number {
    if (lane >= this.count) return lane;
    let node = lane + this.width;
    if (this.soonest[node]! <= time) return lane;
    // Up to where a tree to the right has one, and down to its first.
    for (;;) {
      if (node === 1) return this.count;
      if (node % 2 === 0 && this.soonest[node + 1]! <= time) {
        node++;
        break;
      }
      node >>= 1;
    }
    while (node < this.width) node = this.soonest[node * 2]! <= time ? node * 2 : node * 2 + 1;
    return Math.min(node - this.width, this.count);
  }

  private occupy(lane: number, to: number): void {
    while (lane >= this.width) this.widen();
    let node = lane + this.width;
    this.soonest[node] = to;
    for (node >>= 1; node >= 1; node >>= 1) this.soonest[node] = Math.min(this.soonest[node * 2]!, this.soonest[node * 2 + 1]!);
  }

  private widen(): void {
    const lanes = this.soonest.slice(this.width);
    this.width *= 2;
    this.soonest = new Float64Array(this.width * 2).fill(-Infinity);
    this.soonest.set(lanes, this.width);
    for (let node = this.width - 1; node >= 1; node--) this.soonest[node] = Math.min(this.soonest[node * 2]!, this.soonest[node * 2 + 1]!);
  }
}
