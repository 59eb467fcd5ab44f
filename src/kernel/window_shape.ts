import type { WindowExtent } from "./window_types.ts";

/** All windows that hold a time have closed. */
export const ALL_CLOSED = -1;
/** No window holds a time. */
export const BETWEEN = -2;

/** The greatest number that divides both. */
export function greatestDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** What is left of a value by a divisor, from 0 to below that. */
export function remainder(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/**
 * Where windows lie, and the slices that they are put together from.
 *
 * A slice is as long as the greatest common divisor of a window's length and the distances between
 * starts and between ends, so that every window is whole slices, and all times of a slice are in
 * the same windows.
 */
export class WindowShape {
  /** Length of a slice, ms. */
  readonly slice: number;
  /** Start of one of the slices, from 0 to below their length, ms. */
  readonly sliceOffset: number;
  /** Length of a window, ms; of growing ones that of the last. */
  readonly size: number;
  /** Start of one of the windows, ms. */
  readonly offset: number;
  /** From one start to the next, ms. */
  readonly slide: number;
  /** From one end to the next, ms. */
  readonly step: number;
  /** Whether windows lie side by side, a slice each. */
  readonly isPlain: boolean;
  /** Whether each time is in one window at most. */
  readonly isApart: boolean;

  /** Windows as an extent says. */
  constructor({ size, offset, slide = size, step }: WindowExtent) {
    this.size = size;
    this.offset = offset;
    this.slide = slide;
    this.step = step ?? slide;
    this.slice = greatestDivisor(greatestDivisor(size, slide), this.step);
    this.sliceOffset = remainder(offset, this.slice);
    this.isPlain = slide === size && this.step === size;
    this.isApart = slide >= size && this.step === slide;
  }

  /** Start of the slice that holds a time, ms. */
  sliceOf(time: number): number {
    return Math.floor((time - this.sliceOffset) / this.slice) * this.slice + this.sliceOffset;
  }

  /** The least end of a window after a time, ms. */
  endAfter(time: number): number {
    const end = this.offset + this.size;
    return (Math.floor((time - end) / this.step) + 1) * this.step + end;
  }

  /** End of the last window that holds a time, ms; not above the time when there is none. */
  lastEnd(time: number): number {
    const end = this.offset + this.size;
    return Math.floor((time - this.offset) / this.slide) * this.slide + end;
  }

  /** The least end after a watermark of a window that holds a time, ms; `Infinity`: none. */
  nextEnd(time: number, watermark: number): number {
    const start = this.sliceOf(time);
    const skipped = this.skippedBy(start, watermark);
    return skipped < 0 ? Infinity : this.endAfter(start) + skipped * this.step;
  }

  /** The last of the ends that {@linkcode WindowShape.skippedBy} tells of, ms. */
  closedOf(start: number, skipped: number): number {
    if (skipped === ALL_CLOSED) return this.lastEnd(start);
    return this.endAfter(start) + (skipped - 1) * this.step;
  }

  /** Start of the window with an end, ms. */
  startOf(end: number): number {
    if (this.step === this.slide) return end - this.size;
    return Math.floor((end - this.step - this.offset) / this.slide) * this.slide + this.offset;
  }

  /**
   * How many of the windows that hold the slice from `start` have an end at or before the
   * watermark; {@linkcode ALL_CLOSED} or {@linkcode BETWEEN}.
   */
  skippedBy(start: number, watermark: number): number {
    const last = this.lastEnd(start);
    if (start >= last) return BETWEEN;
    if (last <= watermark) return ALL_CLOSED;
    const first = this.endAfter(start);
    return first > watermark ? 0 : (this.endAfter(watermark) - first) / this.step;
  }
}
