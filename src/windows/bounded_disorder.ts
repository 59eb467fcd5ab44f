import { type Duration, milliseconds, spellDuration } from "../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { type WatermarkGenerator, WatermarkStrategy } from "./watermark_strategy.ts";

/** Options of {@linkcode BoundedDisorder}. */
export interface BoundedDisorderOptions {
  /** By how much a row may be older than the newest before it without being late. */
  maxDisorder: Duration;
}

const OPTIONS: OptionRule<BoundedDisorderOptions> = {
  doing: "make watermarks",
  names: { maxDisorder: true },
  example: '{ maxDisorder: "5s" }',
};

/**
 * The watermark is the greatest time so far less a bound, after every row. `maxDisorder` of
 * `timestamps()` is short for it.
 *
 * @example
 * ```ts
 * import { BoundedDisorder, count, from, TumblingWindow } from "@waggle/stream";
 *
 * const perSecond = from([{ at: 0 }, { at: 1_500 }, { at: 900 }], { workers: 1 })
 *   .timestamps("at", { watermarks: new BoundedDisorder({ maxDisorder: "600ms" }) })
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ n: count() });
 * for await (const { windowStart, n } of perSecond) console.log(windowStart, n); // 0 2, 1000 1
 * ```
 */
export class BoundedDisorder extends WatermarkStrategy {
  /** By how much the watermark lags behind the greatest time, ms. */
  override readonly bound: number;

  /**
   * Watermarks at a bound behind the greatest time.
   *
   * @throws {TypeError | RangeError} when `maxDisorder` is no usable duration, or an option is not
   *   known.
   */
  constructor(options: BoundedDisorderOptions) {
    super();
    const { maxDisorder } = knownOptions(options, OPTIONS);
    this.bound = milliseconds(maxDisorder, "maxDisorder");
  }

  /** What the watermark is, in words. */
  override describe(): string {
    return `the greatest time so far${this.bound > 0 ? ` less ${spellDuration(this.bound)}` : ""}`;
  }

  /** A generator for one source partition. */
  override create(): WatermarkGenerator {
    const { bound } = this;
    return { onEvent: (time) => time - bound };
  }
}

/** For times that never go back within a partition: the watermark is the greatest time so far. */
export class MonotonousTimestamps extends BoundedDisorder {
  /** Watermarks at the greatest time. */
  constructor() {
    super({ maxDisorder: 0 });
  }
}
