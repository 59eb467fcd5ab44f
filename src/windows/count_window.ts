import { checkBoolean, knownOptions, type OptionRule, received } from "../runtime/known_options.ts";

/** The most rows of a count window. */
const MOST_ROWS = 1_000_000_000;

/** Options of {@linkcode CountWindow}. */
export interface CountWindowOptions {
  /** Rows of a window, from 1 to 1,000,000,000. */
  size: number;
  /** After how many rows of a key comes the next window, 1 to 1,000,000,000. Default `size`. */
  slide?: number;
  /**
   * Whether the end of the source gives a result of the rows that none has had, at most `size` of
   * each key. Default `false`: as in Flink, they are in no result.
   */
  partial?: boolean;
}

const OPTIONS: OptionRule<CountWindowOptions> = {
  doing: "make count windows",
  names: { size: true, slide: true, partial: true },
  example: "{ size: 100 }",
};

/**
 * Windows of so many rows of a key, in the order of the source.
 *
 * Every `slide` rows of a key come the last `size` of them; with a slide that is smaller than the
 * size, the first windows have fewer, as in Flink. `windowStart` and `windowEnd` span the event
 * times of the rows, the end behind the last. No row is late for them; which rows are together
 * depends on the order in which the source gives them.
 *
 * @example
 * ```ts
 * import { CountWindow } from "@waggle/stream";
 *
 * const lastHundred = new CountWindow({ size: 100, slide: 10 });
 * console.log(lastHundred.slide); // 10
 * ```
 */
export class CountWindow {
  /** Rows of a window. */
  readonly size: number;
  /** After how many rows of a key comes the next window. */
  readonly slide: number;
  /** Whether the end of the source gives a result of the rows that none has had. */
  readonly partial: boolean;

  /**
   * Windows by numbers of rows.
   *
   * @throws {TypeError} when `partial` is no boolean, or an option is not known.
   * @throws {RangeError} when `size` or `slide` is no whole number in its range.
   */
  constructor(options: CountWindowOptions) {
    const { size, slide = size, partial = false } = knownOptions(options, OPTIONS);
    checkRows("size", size);
    checkRows("slide", slide);
    checkBoolean("partial", partial, "make count windows");
    this.size = size;
    this.slide = slide;
    this.partial = partial;
  }
}

function checkRows(name: string, rows: number): void {
  if (Number.isInteger(rows) && rows >= 1 && rows <= MOST_ROWS) return;
  throw new RangeError(
    `Cannot make count windows: ${name} must be a whole number of rows from 1 to ${MOST_ROWS}, ` +
      `received ${received(rows)}`,
  );
}
