import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import type { RateModel } from "./arrivals.ts";
import { perMillisecond, type Rate } from "./rate_shapes.ts";

/** Slots of a wave, or of a ramp, in each of which the rate is constant. */
const SLOTS = 1000;
const MOST_SLOTS = 1_000_000;

function checkedShare(value: number, name: string): number {
  if (typeof value === "number" && value > 0 && value < 1) return value;
  throw new RangeError(
    `Cannot use ${name}: it must be a number above 0 and below 1, received ${received(value)}`,
  );
}

/** Options of {@linkcode sine}. */
export interface SineOptions {
  /** The least rate. */
  low: Rate;
  /** The greatest rate. */
  high: Rate;
  /** How long it takes from one greatest rate to the next. */
  period: Duration;
}

/**
 * Events that come independently of each other, at a rate that swings between two:
 * `(low + high) / 2 − (high − low) / 2 · cos(2π t / period)`, constant within each thousandth of the
 * period. It is least at times that are multiples of the period since 1970.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function sine(options: SineOptions): RateModel {
  const { low, high, period } = knownOptions(options, {
    doing: "make a sine rate",
    names: { low: true, high: true, period: true },
    example: '{ low: "10/s", high: "100/s", period: "1m" }',
  });
  const [least, most] = [perMillisecond(low, "low", true), perMillisecond(high, "high")];
  const rates = Float64Array.from({ length: SLOTS }, (_, slot) => {
    const swing = Math.cos(2 * Math.PI * (slot + 0.5) / SLOTS);
    return (least + most) / 2 - (most - least) / 2 * swing;
  });
  const curve = { period: milliseconds(period, "period", { least: 1 }), offset: 0, rates };
  return { curve, gaps: { kind: "gamma", shape: 1 } };
}

/** Options of {@linkcode square}. */
export interface SquareOptions {
  /** The rate of the first part of each period. */
  high: Rate;
  /** The rate of the rest; may be 0. */
  low: Rate;
  /** How long it takes from one begin of the high rate to the next. */
  period: Duration;
  /** Which share of the period has the high rate, in thousandths. Default 0.5. */
  share?: number;
}

/**
 * Events that come independently of each other, at a rate that jumps between two: `high` for a share of
 * each period, which begins at multiples of it since 1970, then `low`.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function square(options: SquareOptions): RateModel {
  const { high, low, period, share = 0.5 } = knownOptions(options, {
    doing: "make a square rate",
    names: { high: true, low: true, period: true, share: true },
    example: '{ high: "100/s", low: "10/s", period: "1m" }',
  });
  const [most, least] = [perMillisecond(high, "high"), perMillisecond(low, "low", true)];
  const slots = Math.max(1, Math.round(checkedShare(share, "share") * SLOTS));
  const rates = new Float64Array(SLOTS).fill(least);
  rates.fill(most, 0, slots);
  const curve = { period: milliseconds(period, "period", { least: 1 }), offset: 0, rates };
  return { curve, gaps: { kind: "gamma", shape: 1 } };
}

/** Options of {@linkcode ramp}. */
export interface RampOptions {
  /** The rate at the first event; may be 0. */
  from: Rate;
  /** The rate at the end, which then lasts. */
  to: Rate;
  /** How long it takes from one to the other. */
  over: Duration;
}

/**
 * Events that come independently of each other, at a rate that goes evenly from one to another, and
 * stays there: `from + (to − from) · t / over`, constant within each thousandth of the way.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function ramp(options: RampOptions): RateModel {
  const { from, to, over } = knownOptions(options, {
    doing: "make a ramp",
    names: { from: true, to: true, over: true },
    example: '{ from: "10/s", to: "1000/s", over: "5m" }',
  });
  const [first, last] = [perMillisecond(from, "from", true), perMillisecond(to, "to")];
  const slot = milliseconds(over, "over", { least: 1 }) / SLOTS;
  const way = Float64Array.from(
    { length: SLOTS },
    (_, at) => first + (last - first) * (at + 0.5) / SLOTS,
  );
  const rates = Float64Array.from([...way, last]);
  const curve = { period: slot * rates.length, offset: 0, rates, once: true };
  return { curve, gaps: { kind: "gamma", shape: 1 } };
}

/** Options of {@linkcode varying}. */
export interface VaryingOptions {
  /** For how long the function is asked. */
  over: Duration;
  /** How long the rate is constant each time. Default: a thousandth of `over`. */
  step?: Duration;
  /**
   * Whether it begins again after that, each time at a multiple of `over` since 1970. Default false: it
   * begins with the first event, and its last rate stays.
   */
  repeats?: boolean;
}

/**
 * Events that come independently of each other, at a rate that is a function of time. The function is
 * asked at once, for the middle of each step.
 *
 * @param rate Events a second, or a text as `"30/m"`, so many milliseconds after the begin; may be 0,
 *   but not to the end.
 * @throws {TypeError | RangeError} when the function gives no rate, or an option is none that it can be.
 *
 * @example
 * ```ts
 * import { varying } from "@waggle/stream";
 *
 * const decay = varying((ms) => 1000 * Math.exp(-ms / 10_000) + 10, { over: "1m" });
 * console.log(decay.curve.rates.length); // 1000
 * ```
 */
export function varying(rate: (ms: number) => Rate, options: VaryingOptions): RateModel {
  const { over, step, repeats = false } = knownOptions(options, {
    doing: "make a varying rate",
    names: { over: true, step: true, repeats: true },
    example: '{ over: "1m" }',
  });
  if (typeof rate !== "function") {
    throw new TypeError(
      `Cannot make a varying rate: it takes a function of time, received ${received(rate)}`,
    );
  }
  if (typeof repeats !== "boolean") {
    throw new TypeError(`Cannot use repeats: it is true or false, received ${received(repeats)}`);
  }
  const length = milliseconds(over, "over", { least: 1 });
  const given = step === undefined ? length / SLOTS : milliseconds(step, "step", { least: 1 });
  const slots = Math.max(1, Math.round(length / given));
  if (slots > MOST_SLOTS) {
    throw new RangeError(
      `Cannot use step: there may be ${MOST_SLOTS} steps, ${slots} of them are in ${over}`,
    );
  }
  const slot = length / slots;
  const rates = Float64Array.from({ length: slots }, (_, at) => {
    const ms = (at + 0.5) * slot;
    return perMillisecond(rate(ms), `the rate at ${ms} ms`, true);
  });
  const isOver = repeats ? rates.every((each) => each === 0) : rates[slots - 1] === 0;
  if (isOver) {
    throw new RangeError(
      `Cannot make a varying rate: it is 0 at the end, so that nothing comes any more; end the stream ` +
        `by maxRecords or a signal, and let the last rate be above 0`,
    );
  }
  const curve = { period: length, offset: 0, rates, ...(!repeats && { once: true }) };
  return { curve, gaps: { kind: "gamma", shape: 1 } };
}
