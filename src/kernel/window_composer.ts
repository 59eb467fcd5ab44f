import type { SharedShape } from "./shared_shape.ts";
import type { WindowShape } from "./window_shape.ts";

/** The slices of open windows, in the order of their starts and then of the windows they skip. */
export interface OpenSlices {
  /** Slices. */
  readonly count: number;
  /** Whether any of them skips windows. */
  readonly hasBelated: boolean;
  /** Start of a slice, ms. */
  start(index: number): number;
  /** Which windows a slice skips; see {@linkcode SharedShape}. */
  skipped(index: number): number;
  /** How many slices start before a time. */
  rank(start: number): number;
  /** Forgets the first slices. */
  drop(count: number): void;
}

/**
 * Two stacks for each key, of one kind of windows: the front, of which the first slices can be taken
 * away, and the back.
 */
export interface SliceStacks {
  /** The first slice from an index on that is in no stack of this kind, or how many there are. */
  nextWaiting(index: number): number;
  /** Empties the stacks. */
  clear(): void;
  /** Puts a slice into the front. */
  stack(index: number): void;
  /** Puts a slice into the back. */
  add(index: number): void;
  /**
   * Adds a slice to the result of a window, past the stacks; how many keys that has. For windows
   * that share no slice with another one of their kind.
   */
  collect(index: number, end: number): number;
  /** Takes slices out of the front, from one index up to, and without, another. */
  leave(from: number, to: number): void;
  /** Makes a result of each key in the stacks; how many. */
  put(end: number): number;
}

/** What a {@linkcode WindowComposer} works with. */
export interface ComposerParts {
  readonly shape: SharedShape;
  /** Which of its kinds. */
  readonly kind: number;
  readonly slices: OpenSlices;
  readonly stacks: SliceStacks;
}

/**
 * Closes windows of one kind, in the order of their ends.
 *
 * Slices are only put in until the first window with them closes: what comes for a slice after that
 * is too late for that window, and so is in a slice of its own that skips it.
 */
export class WindowComposer {
  readonly #shared: SharedShape;
  readonly #shape: WindowShape;
  readonly #slices: OpenSlices;
  readonly #stacks: SliceStacks;
  /** Windows that end at or before this have closed, ms. */
  #closed = -Infinity;
  /** Slices that start before this are or were in the front, the others are in the back, ms. */
  #pivot = -Infinity;
  /** All slices that start before this and skip nothing are in a stack, ms. */
  #reached = -Infinity;
  /** Slices that start before this have left the front, ms. */
  #left = -Infinity;

  /** Windows of a kind over slices. */
  constructor({ shape, kind, slices, stacks }: ComposerParts) {
    this.#shared = shape;
    this.#shape = shape.kinds[kind];
    this.#slices = slices;
    this.#stacks = stacks;
  }

  /** Watermark up to which windows have closed, ms. */
  get closed(): number {
    return this.#closed;
  }

  /** Slices that start before this are in no window of this kind that is open, ms. */
  get needed(): number {
    if (this.#closed === -Infinity) return -Infinity;
    return this.#shape.startOf(this.#shape.endAfter(this.#closed));
  }

  /** Begins anew with slices that are in no stack. */
  reset(closed = -Infinity): void {
    this.#closed = closed;
    this.#pivot = this.#reached = this.#left = -Infinity;
    this.#stacks.clear();
  }

  /** End of the next window that has rows, ms; `Infinity` when there is none. */
  next(): number {
    const { count } = this.#slices;
    let next = Infinity;
    for (let index = this.#rank(this.needed); index < count; index++) {
      const start = this.#slices.start(index);
      // What starts later is in no earlier window.
      if (this.#shape.endAfter(start) >= next) break;
      const skipped = this.#slices.skipped(index);
      const closed = Math.max(this.#closed, this.#shared.closedBy(start, skipped));
      next = Math.min(next, this.#shape.nextEnd(start, closed));
      if (skipped === 0 && next < Infinity) break;
    }
    return next;
  }

  #rank(start: number): number {
    if (start === -Infinity) return 0;
    return start === Infinity ? this.#slices.count : this.#slices.rank(start);
  }

  /** Closes the window with an end, which must be the next; how many results it has. */
  closeNext(end: number): number {
    const start = this.#shape.startOf(end);
    const groups = this.#shape.isApart ? this.#collectAll(start, end) : this.#putAll(start, end);
    this.pass(end);
    return groups;
  }

  /** Says that all windows that end at or before a watermark have closed. */
  pass(watermark: number): void {
    this.#closed = Math.max(this.#closed, watermark);
    if (this.#shape.isApart) return;
    const { needed } = this;
    this.#stacks.leave(this.#rank(this.#left), this.#rank(needed));
    this.#left = needed;
  }

  /** No other window of this kind has any of the slices: nothing is ever taken out again. */
  #collectAll(start: number, end: number): number {
    let groups = 0;
    const after = this.#rank(end);
    for (let index = this.#rank(start); index < after; index++) {
      if (this.#isOpenAt(index, end)) groups = this.#stacks.collect(index, end);
    }
    return groups;
  }

  #putAll(start: number, end: number): number {
    if (start >= this.#pivot) this.#stackAll(start, end);
    else this.#takeWaiting(start, end);
    this.#reached = end;
    return this.#stacks.put(end);
  }

  /** The front has no slice left that the window needs: all of its slices become the front. */
  #stackAll(start: number, end: number): void {
    this.#stacks.clear();
    this.#pivot = end;
    for (let index = this.#rank(end) - 1; index >= this.#rank(start); index--) {
      if (this.#isOpenAt(index, end)) this.#stacks.stack(index);
    }
  }

  #takeWaiting(from: number, end: number): void {
    const stacks = this.#stacks;
    const { count, hasBelated } = this.#slices;
    const first = this.#rank(hasBelated ? from : Math.max(from, this.#reached));
    for (let at = stacks.nextWaiting(first); at < count; at = stacks.nextWaiting(at + 1)) {
      const start = this.#slices.start(at);
      if (start >= end) return;
      if (!this.#isOpenAt(at, end)) continue;
      if (start < this.#pivot) stacks.stack(at);
      else stacks.add(at);
    }
  }

  /** Whether the rows of a slice are not too late for the window with an end. */
  #isOpenAt(index: number, end: number): boolean {
    const skipped = this.#slices.skipped(index);
    return skipped === 0 || this.#shared.closedBy(this.#slices.start(index), skipped) < end;
  }
}
