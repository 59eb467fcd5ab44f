import { type Duration, milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { windowOffset } from "./window_offset.ts";

/** Options of {@linkcode TumblingWindow}. */
export interface TumblingWindowOptions {
  /** Length of each window, whole milliseconds, at least 1 ms. */
  size: Duration;
  /**
   * Where one of the windows starts, counted from 1970-01-01T00:00Z; negative as a number only.
   * Default 0.
   */
  offset?: Duration;
}

const OPTIONS: OptionRule<TumblingWindowOptions> = {
  doing: "make tumbling windows",
  names: { size: true, offset: true },
  example: '{ size: "60s" }',
};

/**
 * Windows of one length that follow each other without gap or overlap.
 *
 * A window holds the times from its start up to, and without, its end. Windows before 1970 start
 * below 0.
 *
 * @example
 * ```ts
 * import { TumblingWindow } from "@waggle/stream";
 *
 * const minutes = new TumblingWindow({ size: "60s" });
 * console.log(minutes.startOf(90_000)); // 60000
 * ```
 */
export class TumblingWindow {
  /** Length of each window, ms. */
  readonly size: number;
  /** Start of the first window at or after 1970, ms, from 0 to below `size`. */
  readonly offset: number;

  /**
   * Windows of one length, side by side.
   *
   * @throws {TypeError | RangeError} when `size` or `offset` is no usable duration, or an option is
   *   not known.
   */
  constructor(options: TumblingWindowOptions) {
    const { size, offset = 0 } = knownOptions(options, OPTIONS);
    this.size = milliseconds(size, "window size", { least: 1 });
    this.offset = windowOffset(offset, this.size);
  }

  /** Start of the window that holds `time`, ms. */
  startOf(time: number): number {
    return Math.floor((time - this.offset) / this.size) * this.size + this.offset;
  }

  /** End of the window that holds `time`, ms. */
  endOf(time: number): number {
    return this.startOf(time) + this.size;
  }
}
