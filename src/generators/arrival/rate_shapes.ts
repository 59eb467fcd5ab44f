import { type Duration, milliseconds, spellDuration } from "../../runtime/duration.ts";
import { knownOptions, received } from "../../runtime/known_options.ts";
import type { RateCurve, RateModel } from "./arrivals.ts";

export const DAY = 86_400_000;
export const WEEK = 7 * DAY;
/** The begin of a Monday, ms since 1970. */
export const MONDAY = 4 * DAY;
/** Slots of a day in which a diurnal rate is constant: of five minutes. */
const DAY_SLOTS = 288;
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY,
};
const PATTERN = /^(\d+(?:\.\d+)?)\/(ms|s|m|h|d)$/;
const MOST_PER_MS = 1e6;
const LEAST_PER_MS = 1e-12;

/** Events by time: `"500/s"`, `"30/m"`, `"2/h"`, `"10/d"`, or a number of events a second. */
export type Rate = number | string;

/**
 * A rate as events a millisecond.
 *
 * @param rate What the user gave.
 * @param name Of the option, for the error message.
 * @param zero Whether it may be 0. Default `false`.
 * @throws {TypeError} when it is neither a number nor a text like `"500/s"`.
 * @throws {RangeError} when it is negative, or out of range.
 */
export function perMillisecond(rate: Rate, name: string, zero = false): number {
  const [, amount, unit] = typeof rate === "string" ? PATTERN.exec(rate) ?? [] : [];
  const perMs = typeof rate === "number"
    ? rate / UNITS.s
    : amount === undefined
    ? NaN
    : Number(amount) / UNITS[unit];
  if ((zero && perMs === 0) || (perMs >= LEAST_PER_MS && perMs <= MOST_PER_MS)) return perMs;
  if (Number.isNaN(perMs)) {
    throw new TypeError(
      `Cannot read ${name}: a rate is a number of events a second or a text like "500/s", "30/m", ` +
        `"2/h" or "10/d", received ${received(rate)}`,
    );
  }
  throw new RangeError(
    `Cannot use ${name}: a rate must be ${zero ? "0, or " : ""}from one event in 31 years to a ` +
      `thousand million a second, received ${received(rate)}`,
  );
}

/** A curve that is the same at all times. */
function level(perMs: number): RateCurve {
  return { period: DAY, offset: 0, rates: Float64Array.of(perMs) };
}

/**
 * Events at equal distances: the n-th comes n / rate after the first.
 *
 * @example
 * ```ts
 * import { constant } from "@waggle/stream";
 *
 * console.log(constant("100/s").gaps.kind); // even
 * ```
 * @throws {TypeError | RangeError} when the rate is none.
 */
export function constant(rate: Rate): RateModel {
  return { curve: level(perMillisecond(rate, "constant()")), gaps: { kind: "even" } };
}

/**
 * Events that come independently of each other (a homogeneous Poisson process): distances are
 * exponential with mean 1 / rate.
 *
 * @throws {TypeError | RangeError} when the rate is none.
 */
export function poisson(rate: Rate): RateModel {
  return { curve: level(perMillisecond(rate, "poisson()")), gaps: { kind: "gamma", shape: 1 } };
}

/** Options of {@linkcode diurnal}. */
export interface DiurnalOptions {
  /** The mean over a week. */
  rate: Rate;
  /** By how much of its mean a day's rate swings up and down, 0 to 1. Default 0.8. */
  amplitude?: number;
  /** The time of day (UTC) at which the rate is greatest. Default `"14h"`. */
  peak?: Duration;
  /** How busy the days are in relation to each other, seven from Monday on. Default all alike. */
  days?: readonly number[];
}

function dayFactors(days: readonly number[]): number[] {
  const total = Array.isArray(days) ? days.reduce((sum: number, each) => sum + each, 0) : NaN;
  if (days.length !== 7 || !days.every((each) => each >= 0) || !(total > 0 && total < Infinity)) {
    throw new RangeError(
      `Cannot use days: diurnal() takes seven numbers from 0, one of them above, for Monday to ` +
        `Sunday, received ${Array.isArray(days) ? `[${days.join(", ")}]` : received(days)}`,
    );
  }
  return days.map((each) => each * 7 / total);
}

/** The mean of `1 + amplitude · cos(2π (t − peak) / day)` over a slot of the day. */
function swing(slot: number, amplitude: number, peak: number): number {
  const angle = (at: number) => 2 * Math.PI * (at / DAY_SLOTS - peak / DAY);
  const area = Math.sin(angle(slot + 1)) - Math.sin(angle(slot));
  return 1 + amplitude * area * DAY_SLOTS / (2 * Math.PI);
}

/**
 * Events that come independently of each other, at a rate that follows the time of day and the day of
 * the week (an inhomogeneous Poisson process):
 * `rate · days[weekday] / mean(days) · (1 + amplitude · cos(2π (time of day − peak) / 24 h))`,
 * constant within each five minutes. Days are those of UTC.
 *
 * @example
 * ```ts
 * import { diurnal } from "@waggle/stream";
 *
 * const busyOnWeekdays = diurnal({ rate: "50/s", peak: "15h", days: [1, 1, 1, 1, 1, 0.4, 0.3] });
 * console.log(busyOnWeekdays.curve.rates.length); // 2016
 * ```
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function diurnal(options: DiurnalOptions): RateModel {
  const { rate, amplitude = 0.8, peak = "14h", days = [1, 1, 1, 1, 1, 1, 1] } = knownOptions(
    options,
    {
      doing: "make a diurnal rate",
      names: { rate: true, amplitude: true, peak: true, days: true },
      example: '{ rate: "100/s" }',
    },
  );
  if (!(typeof amplitude === "number" && amplitude >= 0 && amplitude <= 1)) {
    throw new RangeError(
      `Cannot use amplitude: diurnal() takes a number from 0 to 1, received ${received(amplitude)}`,
    );
  }
  const at = milliseconds(peak, "peak");
  if (at > DAY) {
    throw new RangeError(
      `Cannot use peak: it is a time of day, at most "24h", received ${spellDuration(at)}`,
    );
  }
  const mean = perMillisecond(rate, "rate");
  const factors = dayFactors(days);
  const rates = Float64Array.from({ length: 7 * DAY_SLOTS }, (_, slot) => {
    const day = Math.floor(slot / DAY_SLOTS);
    return Math.max(0, mean * factors[day] * swing(slot % DAY_SLOTS, amplitude, at));
  });
  return { curve: { period: WEEK, offset: MONDAY, rates }, gaps: { kind: "gamma", shape: 1 } };
}

/** Options of {@linkcode bursts}. */
export interface BurstsOptions {
  /** The rate between bursts; may be 0. */
  base: Rate;
  /** The rate in a burst. */
  peak: Rate;
  /** How long it takes from the begin of a burst to that of the next, in the mean. */
  every: Duration;
  /** How long a burst lasts, in the mean. */
  length: Duration;
}

/**
 * Bursts (a Markov-modulated Poisson process of two states; Fischer and Meier-Hellstern, 1993): the
 * rate is `base` for an exponential time of mean `every − length`, then `peak` for one of mean
 * `length`, and so on.
 *
 * @example
 * ```ts
 * import { bursts } from "@waggle/stream";
 *
 * const rate = bursts({ base: "20/s", peak: "2000/s", every: "1m", length: "2s" });
 * console.log(rate.levels?.lengths); // Float64Array(2) [ 58000, 2000 ]
 * ```
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function bursts(options: BurstsOptions): RateModel {
  const { base, peak, every, length } = knownOptions(options, {
    doing: "make a rate of bursts",
    names: { base: true, peak: true, every: true, length: true },
    example: '{ base: "20/s", peak: "2000/s", every: "1m", length: "2s" }',
  });
  const high = perMillisecond(peak, "peak");
  const low = perMillisecond(base, "base", true);
  const lasts = milliseconds(length, "length", { least: 1 });
  const between = milliseconds(every, "every", { least: 1 }) - lasts;
  if (between < 1) {
    throw new RangeError(
      `Cannot use length: a burst must be shorter than what is from one to the next, ` +
        `${spellDuration(lasts + between)}, received ${spellDuration(lasts)}`,
    );
  }
  const levels = {
    factors: Float64Array.of(low / high, 1),
    lengths: Float64Array.of(between, lasts),
  };
  return { curve: level(high), levels, gaps: { kind: "gamma", shape: 1 } };
}
