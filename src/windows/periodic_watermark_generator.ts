import { type Duration, milliseconds, spellDuration } from "../runtime/duration.ts";
import { checkWhole, knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import { type WatermarkGenerator, WatermarkStrategy } from "./watermark_strategy.ts";

/** Options of {@linkcode PeriodicWatermarkGenerator}. */
export interface PeriodicWatermarkOptions {
  /** How far time goes on from one watermark to the next, at least 1 ms. Default: none. */
  interval?: Duration;
  /** By how much the watermark lags behind the greatest time. Default 0. */
  maxDisorder?: Duration;
  /**
   * Which time the interval is of: `"event"` (default), that of the rows, so that a fast replay
   * gives the same watermarks; or `"wall"`, that of the clock, which does not.
   */
  clock?: "event" | "wall";
  /** Also a watermark after so many rows of a partition, at least 1. Default: none. */
  everyRecords?: number;
}

const OPTIONS: OptionRule<PeriodicWatermarkOptions> = {
  doing: "make periodic watermarks",
  names: { interval: true, maxDisorder: true, clock: true, everyRecords: true },
  example: '{ interval: "1s" }',
};

/**
 * The greatest time so far less a bound, as {@linkcode BoundedDisorder}, but only now and then:
 * when time has gone on by an interval, or after so many rows. Fewer rows are late by that, and
 * windows leave later.
 *
 * @example
 * ```ts
 * import { PeriodicWatermarkGenerator } from "@waggle/stream";
 *
 * const { onEvent } = new PeriodicWatermarkGenerator({ interval: "10s" }).create();
 * console.log([5_000, 14_000, 15_000].map((time) => onEvent(time, undefined)));
 * // [5000, undefined, 15000]
 * ```
 */
export class PeriodicWatermarkGenerator extends WatermarkStrategy {
  /** Milliseconds between watermarks, where they go by the wall clock. */
  override readonly interval: number | undefined;
  /** `NaN`, which nothing reaches: there is none. */
  readonly #eventInterval: number;
  readonly #everyRecords: number;
  readonly #bound: number;

  /**
   * Watermarks at intervals; `interval`, `everyRecords` or both are given.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or both are missing.
   */
  constructor(options: PeriodicWatermarkOptions) {
    super();
    const { interval, maxDisorder = 0, clock = "event", everyRecords } = knownOptions(
      options,
      OPTIONS,
    );
    checkOptions(options);
    const ms = interval === undefined
      ? undefined
      : milliseconds(interval, "watermark interval", { least: 1 });
    this.interval = clock === "wall" ? ms : undefined;
    this.#eventInterval = clock === "event" && ms !== undefined ? ms : NaN;
    this.#everyRecords = everyRecords ?? Infinity;
    this.#bound = milliseconds(maxDisorder, "maxDisorder");
  }

  /** What the watermark is, in words. */
  override describe(): string {
    const less = this.#bound > 0 ? ` less ${spellDuration(this.#bound)}` : "";
    const event = this.#eventInterval;
    const when = [
      ...(this.interval === undefined ? [] : [`${spellDuration(this.interval)} of the wall clock`]),
      ...(Number.isNaN(event) ? [] : [`${spellDuration(event)} of event time`]),
      ...(this.#everyRecords < Infinity
        ? [this.#everyRecords === 1 ? "row" : `${this.#everyRecords} rows`]
        : []),
    ];
    return `the greatest time so far${less}, every ${when.join(" or ")}`;
  }

  /** A generator for one source partition. */
  override create(): WatermarkGenerator {
    const interval = this.#eventInterval;
    const everyRecords = this.#everyRecords;
    const bound = this.#bound;
    let [greatest, told, records] = [-Infinity, -Infinity, 0];
    const tell = () => {
      told = greatest;
      records = 0;
      return greatest - bound;
    };
    const onEvent = (time: number) => {
      if (time > greatest) greatest = time;
      records++;
      return greatest - told >= interval || records >= everyRecords ? tell() : undefined;
    };
    return { onEvent, onPeriodic: tell };
  }
}

function checkOptions({ interval, clock = "event", everyRecords }: PeriodicWatermarkOptions): void {
  if (clock !== "event" && clock !== "wall") {
    throw new TypeError(
      `Cannot make periodic watermarks: clock must be "event" or "wall", received ` +
        received(clock),
    );
  }
  if (interval === undefined && (everyRecords === undefined || clock === "wall")) {
    throw new TypeError(
      clock === "wall"
        ? `Cannot make periodic watermarks by the wall clock: interval is missing; give one such as "200ms"`
        : `Cannot make periodic watermarks: give interval, everyRecords, or both`,
    );
  }
  if (everyRecords === undefined) return;
  checkWhole("everyRecords", everyRecords, { doing: "make periodic watermarks" });
}
