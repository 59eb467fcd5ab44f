import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { WindowBounds } from "./window_offset.ts";

/** Options of {@linkcode TrailingWindow}. */
export interface TrailingWindowOptions {
  /** How far a window goes back from its last row, whole milliseconds; 0 for that time alone. */
  duration: Duration;
}

const OPTIONS: OptionRule<TrailingWindowOptions> = {
  doing: "make trailing windows",
  names: { duration: true },
  example: '{ duration: "5m" }',
};

/**
 * For each time at which a key has rows, the rows of the key from `duration` before it up to it,
 * both included: windows that the data decides, so that none is missed between two slides.
 *
 * A window's `windowEnd` is the millisecond after its last time. It gives its result when the
 * watermark has passed that time, so rows that come in disorder are in the right windows. A row for
 * whose time it is too late still counts in the windows of later times, and is late when those that
 * would hold it are closed.
 *
 * @example
 * ```ts
 * import { TrailingWindow } from "@waggle/stream";
 *
 * const lastFive = new TrailingWindow({ duration: "5m" });
 * console.log(lastFive.windowOf(400_000)); // { start: 100000, end: 400001 }
 * ```
 */
export class TrailingWindow {
  /** How far a window goes back from its last row, ms. */
  readonly duration: number;

  /**
   * Windows that end with a row.
   *
   * @throws {TypeError | RangeError} when `duration` is no usable duration, or an option is not
   *   known.
   */
  constructor(options: TrailingWindowOptions) {
    const { duration } = knownOptions(options, OPTIONS);
    this.duration = milliseconds(duration, "window duration");
  }

  /** The window that ends with a row at `time`. */
  windowOf(time: number): WindowBounds {
    return { start: time - this.duration, end: time + 1 };
  }
}
