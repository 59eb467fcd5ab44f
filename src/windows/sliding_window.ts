import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { checkOverlap, type WindowBounds, windowOffset } from "./window_offset.ts";

/** Options of {@linkcode SlidingWindow}. */
export interface SlidingWindowOptions {
  /** Length of each window, whole milliseconds, at least 1 ms. */
  size: Duration;
  /**
   * From the start of one window to that of the next, whole milliseconds, at least 1 ms; a time is
   * in at most 1,000,000 windows.
   */
  slide: Duration;
  /**
   * Where one of the windows starts, counted from 1970-01-01T00:00Z; negative as a number only.
   * Default 0.
   */
  offset?: Duration;
}

const OPTIONS: OptionRule<SlidingWindowOptions> = {
  doing: "make sliding windows",
  names: { size: true, slide: true, offset: true },
  example: '{ size: "60s", slide: "5s" }',
};

/**
 * Windows of one length that start at equal distances, and overlap when that is less than their
 * length: also known as hopping windows.
 *
 * Where the slide is larger than the size there are gaps: a row between windows is in none, and is
 * counted as filtered. A row counts in those of its windows that had not closed when it came; it is
 * late when all had. Rows are aggregated once for each slice, whose length is the greatest common
 * divisor of size and slide, so the state is smaller the fewer slices a window has.
 *
 * @example
 * ```ts
 * import { SlidingWindow } from "@waggle/stream";
 *
 * const lastMinute = new SlidingWindow({ size: "60s", slide: "20s" });
 * console.log(lastMinute.windowsOf(90_000).map(({ start }) => start)); // [40000, 60000, 80000]
 * ```
 */
export class SlidingWindow {
  /** Length of each window, ms. */
  readonly size: number;
  /** From the start of one window to that of the next, ms. */
  readonly slide: number;
  /** Start of the first window at or after 1970, ms, from 0 to below `slide`. */
  readonly offset: number;

  /**
   * Windows of one length at equal distances.
   *
   * @throws {TypeError | RangeError} when an option is no usable duration or not known, or too
   *   many windows would hold one time.
   */
  constructor(options: SlidingWindowOptions) {
    const { size, slide, offset = 0 } = knownOptions(options, OPTIONS);
    this.size = milliseconds(size, "window size", { least: 1 });
    this.slide = milliseconds(slide, "window slide", { least: 1 });
    checkOverlap(this.size, this.slide, "slide");
    this.offset = windowOffset(offset, this.slide);
  }

  /** The windows that hold `time`, the earliest first; none in a gap. */
  windowsOf(time: number): WindowBounds[] {
    const last = Math.floor((time - this.offset) / this.slide) * this.slide + this.offset;
    const windows: WindowBounds[] = [];
    for (let start = last; start + this.size > time; start -= this.slide) {
      windows.unshift({ start, end: start + this.size });
    }
    return windows;
  }
}
