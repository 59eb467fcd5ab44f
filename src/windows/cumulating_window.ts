import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { checkOverlap, type WindowBounds, windowOffset } from "./window_offset.ts";

/** Options of {@linkcode CumulatingWindow}. */
export interface CumulatingWindowOptions {
  /** Length of the longest window, whole milliseconds, a multiple of `step`. */
  size: Duration;
  /** By how much each window is longer than the one before, whole milliseconds, at least 1 ms. */
  step: Duration;
  /**
   * Where windows start, counted from 1970-01-01T00:00Z; negative as a number only. Default 0.
   */
  offset?: Duration;
}

const OPTIONS: OptionRule<CumulatingWindowOptions> = {
  doing: "make cumulating windows",
  names: { size: true, step: true, offset: true },
  example: '{ size: "1d", step: "1h" }',
};

/**
 * Windows that grow from one start by a step at a time up to their size, then start anew: what a
 * day has come to so far, hour by hour.
 *
 * From each start come windows of one step, two steps, and so on. A row counts in those of its
 * windows that had not closed when it came; it is late when all had.
 *
 * @example
 * ```ts
 * import { CumulatingWindow } from "@waggle/stream";
 *
 * const soFar = new CumulatingWindow({ size: "60s", step: "20s" });
 * console.log(soFar.windowsOf(90_000).map(({ end }) => end)); // [100000, 120000]
 * ```
 */
export class CumulatingWindow {
  /** Length of the longest window, ms. */
  readonly size: number;
  /** By how much each window is longer than the one before, ms. */
  readonly step: number;
  /** The first start at or after 1970, ms, from 0 to below `size`. */
  readonly offset: number;

  /**
   * Windows that grow.
   *
   * @throws {TypeError | RangeError} when an option is no usable duration or not known, `size` is no multiple of
   *   `step`, or too many windows would hold one time.
   */
  constructor(options: CumulatingWindowOptions) {
    const { size, step, offset = 0 } = knownOptions(options, OPTIONS);
    this.size = milliseconds(size, "window size", { least: 1 });
    this.step = milliseconds(step, "window step", { least: 1 });
    if (this.size % this.step !== 0) {
      throw new RangeError(
        `Cannot make cumulating windows: their size must be a multiple of the step, received ` +
          `${this.size} ms and ${this.step} ms`,
      );
    }
    checkOverlap(this.size, this.step, "step");
    this.offset = windowOffset(offset, this.size);
  }

  /** The windows that hold `time`, the shortest first. */
  windowsOf(time: number): WindowBounds[] {
    const start = Math.floor((time - this.offset) / this.size) * this.size + this.offset;
    const windows: WindowBounds[] = [];
    let end = start + this.step * (Math.floor((time - start) / this.step) + 1);
    for (; end <= start + this.size; end += this.step) windows.push({ start, end });
    return windows;
  }
}
