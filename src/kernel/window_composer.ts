import type { WindowShape } from "./window_shape.ts";

/**
 * Groups of results from which on windows are left for the next call, and windows: one with a
 * single group takes a thousand bytes all the same.
 */
const ENOUGH_GROUPS = 65_536;
const ENOUGH_WINDOWS = 1024;

/**
 * The slices of open windows, in the order of their starts and then of the windows they skip, and
 * two stacks for each key: the front, of which the first slices can be taken away, and the back.
 */
export interface SliceStacks {
  /** Slices. */
  readonly count: number;
  /** Whether any of them skips windows. */
  readonly hasBelated: boolean;
  /** Start of a slice, ms. */
  start(index: number): number;
  /** How many of its first windows a slice skips. */
  skipped(index: number): number;
  /** How many slices start before a time. */
  rank(start: number): number;
  /** The first slice from an index on that is in no stack, or `count`. */
  nextWaiting(index: number): number;
  /** Empties the stacks. */
  clear(): void;
  /** Puts a slice into the front. */
  stack(index: number): void;
  /** Puts a slice into the back. */
  add(index: number): void;
  /** Forgets the first slices, and takes them out of the front. */
  drop(count: number): void;
  /** Makes a result of each key in the stacks; how many. */
  put(end: number): number;
}

/**
 * Closes windows that overlap, in the order of their ends.
 *
 * Slices are only put in until the first window with them closes: what comes for a slice after that
 * is too late for that window, and so is in a slice of its own that skips it.
 */
export class WindowComposer {
  readonly #shape: WindowShape;
  readonly #stacks: SliceStacks;
  /** Windows that end at or before this have closed, ms. */
  #closed = -Infinity;
  /** Slices that start before this are or were in the front, the others are in the back, ms. */
  #pivot = -Infinity;
  /** All slices that start before this and skip nothing are in a stack, ms. */
  #reached = -Infinity;

  /** Windows of a shape over slices. */
  constructor(shape: WindowShape, stacks: SliceStacks) {
    this.#shape = shape;
    this.#stacks = stacks;
  }

  /** Watermark up to which windows have closed, ms. */
  get closed(): number {
    return this.#closed;
  }

  /** Begins anew with slices that are in no stack. */
  reset(closed = -Infinity): void {
    this.#closed = closed;
    this.#pivot = this.#reached = -Infinity;
    this.#stacks.clear();
  }

  /** End of the next window that has rows, ms; `Infinity` when there is none. */
  next(): number {
    const { count } = this.#stacks;
    let next = Infinity;
    for (let index = 0; index < count; index++) {
      const start = this.#stacks.start(index);
      const first = this.#shape.endAfter(start);
      // What starts later is in no earlier window.
      if (first >= next) break;
      const skipped = this.#stacks.skipped(index);
      next = Math.min(next, this.#openFrom(first + skipped * this.#shape.step));
      if (skipped === 0) break;
    }
    return next;
  }

  #openFrom(end: number): number {
    return end > this.#closed ? end : this.#shape.endAfter(this.#closed);
  }

  /** Closes windows that end at or before a watermark: all of them, unless they are too many. */
  close(watermark: number): void {
    let [groups, windows] = [0, 0];
    for (let end = this.next(); end <= watermark && end < Infinity; end = this.next()) {
      groups += this.#closeOne(end);
      if (groups < ENOUGH_GROUPS && ++windows < ENOUGH_WINDOWS) continue;
      if (this.next() <= watermark) return;
      break;
    }
    this.#closed = Math.max(this.#closed, watermark);
    this.#dropPassed();
  }

  #closeOne(end: number): number {
    if (end <= this.#closed) throw damagedTime(end);
    const start = this.#shape.startOf(end);
    if (start >= this.#pivot) this.#stackAll(end);
    else this.#takeWaiting(end);
    this.#reached = end;
    const groups = this.#stacks.put(end);
    this.#closed = end;
    this.#dropPassed();
    return groups;
  }

  /** The front has no slice left that the window needs: all of its slices become the front. */
  #stackAll(end: number): void {
    this.#stacks.clear();
    this.#pivot = end;
    for (let index = this.#stacks.rank(end) - 1; index >= 0; index--) {
      if (this.#isOpenAt(index, end)) this.#stacks.stack(index);
    }
  }

  #takeWaiting(end: number): void {
    const stacks = this.#stacks;
    const first = stacks.hasBelated ? 0 : stacks.rank(this.#reached);
    for (let at = stacks.nextWaiting(first); at < stacks.count; at = stacks.nextWaiting(at + 1)) {
      const start = stacks.start(at);
      if (start >= end) return;
      if (!this.#isOpenAt(at, end)) continue;
      if (start < this.#pivot) stacks.stack(at);
      else stacks.add(at);
    }
  }

  /** Whether the rows of a slice are not too late for the window with an end. */
  #isOpenAt(index: number, end: number): boolean {
    const skipped = this.#stacks.skipped(index);
    if (skipped === 0) return true;
    return this.#shape.endAfter(this.#stacks.start(index)) + skipped * this.#shape.step <= end;
  }

  /** Drops the slices of which all windows have closed. */
  #dropPassed(): void {
    const { count } = this.#stacks;
    let passed = 0;
    while (passed < count && this.#isPassed(passed)) passed++;
    if (passed > 0) this.#stacks.drop(passed);
    if (this.#stacks.count === 0) this.reset();
  }

  #isPassed(index: number): boolean {
    return this.#shape.lastEnd(this.#stacks.start(index)) <= this.#closed;
  }
}

/** No row has such a time: it came with a delta whose bytes were changed. */
function damagedTime(end: number): RangeError {
  return new RangeError(
    `Cannot close windows: one would end at ${end}, which is no time; a delta or snapshot that was ` +
      "folded into the windows is damaged",
  );
}
